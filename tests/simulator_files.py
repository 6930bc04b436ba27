"""Builds what the feeder would have sent, without a server."""

import json
from pathlib import Path

from .simulator import scenario, stories, world
from .simulator.adjudication import SubmittedClaim, SubmittedLine

# Stories that a payer gets a claim of without an answer or a person in between.
BILLED = (
    "clean",
    *stories.CHANGED,
    *stories.CHANGED_AFTER_PAYMENT,
    *stories.VOIDED,
    *stories.VOIDED_AFTER_PAYMENT,
    *stories.GATED,
    *stories.TWINS,
    "lab_payer",
    "coded_later",
    "stay",
    "working_aged",
    "taxed_insured",
)


def submitted_claims(encounters):
    """Claims of every insured encounter that is billed, numbered C00001…"""
    return {
        f"C{position:05d}": (
            encounter,
            _claim(f"C{position:05d}", encounter, encounter.charges_billed),
        )
        for position, encounter in enumerate(encounters, start=1)
        if not encounter.self_pay and encounter.kind in BILLED
    }


def _claim(number, encounter, charges):
    lines = tuple(
        SubmittedLine(f"L{index}", item.code, item.amount, item.units)
        for index, item in enumerate(charges, start=1)
    )
    return SubmittedClaim(
        number, encounter.payers, encounter.facility, encounter.service_date, lines
    )


def write_sent(folder: Path, knobs, encounters, today):
    """Write ``events.jsonl`` and the 835s; returns (claims, files)."""
    claims = submitted_claims(encounters)
    first = scenario.first_files(knobs, _as_decided(claims, ()), today)
    revised = [
        claim
        for claim, (encounter, _old) in zip(
            _as_decided(claims, stories.CHANGED_AFTER_PAYMENT),
            _kept(claims),
            strict=True,
        )
        if encounter.kind in stories.CHANGED_AFTER_PAYMENT
    ]
    voided = _numbers(claims, stories.VOIDED_AFTER_PAYMENT)
    later = scenario.later_files(knobs, first, revised, today, frozenset(voided))
    events = _events(knobs, encounters, claims)
    lines = [json.dumps(event, default=str) + "\n" for event in events]
    (folder / "events.jsonl").write_text("".join(lines + lines[:5]))
    (folder / "remittances").mkdir()
    for position, file in enumerate(first + later):
        name = f"{position:03d}-{file.name}"
        (folder / "remittances" / name).write_bytes(file.content)
    return claims, first + later


def _kept(claims):
    """Those a payer decides on: not voided before it could."""
    return [pair for pair in claims.values() if pair[0].kind not in stories.VOIDED]


def _as_decided(claims, late):
    """The versions that payers decide on; ``late``: kinds that changed after that."""
    changed = stories.CHANGED + late
    return [
        _claim(claim.control_number, encounter, encounter.due_charges)
        if encounter.kind in changed
        else claim
        for encounter, claim in _kept(claims)
    ]


def _numbers(claims, kinds):
    return [number for number, (item, _claim) in claims.items() if item.kind in kinds]


def _events(knobs, encounters, claims):
    """Events and deeds in the order in which the feeder sends them."""
    seed = knobs.seed
    yield _deed("tax_agreed", code=world.TAXED, percent=world.TAX_PERCENT)
    yield _deed(
        "client_agreed",
        client=world.CLIENT,
        prices=world.CLIENT_PRICES,
        percent=world.CLIENT_PERCENT,
    )
    yield from stories.first_wave(encounters, seed)
    for encounter in encounters:
        if encounter.package:
            price = encounter.package
            yield _deed("package_sold", encounter=encounter.number, price=price)
    yield from stories.second_wave(encounters, seed)
    yield from stories.third_wave(encounters)
    yield from _submissions(claims, "")
    changed = stories.CHANGED + stories.CHANGED_AFTER_PAYMENT
    changed += stories.CHANGED_SELF_PAY
    for encounter in encounters:
        if encounter.kind in changed:
            yield from stories.change_events(encounter)
    for number in _numbers(claims, stories.VOIDED + stories.VOIDED_AFTER_PAYMENT):
        yield _deed("claim_voided", control_number=number)
    yield from _submissions(claims, "-2", changed)
    yield _deed("clients_invoiced", client=world.CLIENT, until="2026-10-31")
    yield _deed(
        "contract_billed",
        client=world.CLIENT,
        price=world.CONTRACT_PRICE,
        months=world.CONTRACT_MONTHS,
    )


def _submissions(claims, mark, kinds=None):
    for number, (encounter, _claim) in claims.items():
        if kinds is None or encounter.kind in kinds:
            yield {
                "id": f"submitted-{number}{mark}",
                "type": "claim.submitted",
                "data": {"control_number": number, "encounter": encounter.number},
            }


def _deed(kind, **data):
    name = "-".join(["deed", kind, *map(str, data.values())])
    return {"id": name, "type": f"person.{kind}", "data": data}
