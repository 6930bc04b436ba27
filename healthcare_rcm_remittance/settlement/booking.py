"""From the actions on a claim to journal lines and to amounts by claim line."""

from collections.abc import Mapping
from decimal import Decimal

from ..x12.model import Claim
from . import actions as kinds
from . import purposes
from .allocation import allocate
from .facts import ClaimFacts, LegFacts, LineFacts
from .outcome import LineAction, PlanLine

ZERO = Decimal(0)


def credit_of(claim: Claim, actions: tuple[LineAction, ...]) -> Decimal:
    """What the decision takes off the payer's receivable."""
    return claim.paid + sum((item.posted for item in actions), ZERO)


def moved_by(actions: tuple[LineAction, ...]) -> dict[int, Decimal]:
    """{next payer: amount that moves on to it}"""
    moved = {}
    for item in actions:
        if item.action == kinds.NEXT_PAYER:
            moved[item.next_payer_id] = (
                moved.get(item.next_payer_id, ZERO) + item.posted
            )
    return moved


def entry_lines(
    claim: Claim, facts: ClaimFacts, payer_id: int, actions: tuple[LineAction, ...]
) -> tuple[PlanLine, ...]:
    """Journal lines of the claim without its cash side."""
    totals = {}
    for item in actions:
        effect = kinds.EFFECTS.get(item.action)
        if not effect or item.action == kinds.NEXT_PAYER:
            continue
        totals[effect.purpose] = totals.get(effect.purpose, ZERO) + item.posted
    entries = [(purposes.RECEIVABLE_PAYER, -credit_of(claim, actions), payer_id)]
    entries += [
        (purpose, amount, None if purpose == purposes.PATIENT_UNBILLED else payer_id)
        for purpose, amount in sorted(totals.items())
    ]
    entries += [
        (purposes.RECEIVABLE_PAYER, amount, next_payer)
        for next_payer, amount in sorted(moved_by(actions).items())
    ]
    return tuple(
        PlanLine(purpose, amount, payer, facts.id, claim.index)
        for purpose, amount, payer in entries
        if amount
    )


def amounts_by_line(
    claim: Claim,
    leg: LegFacts,
    matches: Mapping[int, LineFacts],
    actions: tuple[LineAction, ...],
) -> tuple[tuple[int | None, str, Decimal], ...]:
    """(claim line, kind, amount); claim-level ones are spread over the lines."""
    totals = {}

    def add(line_id, kind, amount):
        if amount:
            key = (line_id, kind)
            totals[key] = totals.get(key, ZERO) + amount

    services = claim.services
    line_ids = [_line_id(matches, service.index) for service in services]
    for service, line_id in zip(services, line_ids, strict=True):
        add(line_id, "paid", service.paid)
    weights = [service.charge for service in services]
    if not services:
        add(None, "paid", claim.paid)
    for item in actions:
        effect = kinds.EFFECTS.get(item.action)
        if item.service_index is not None or not services:
            if effect:
                add(item.line_id, effect.kind, effect.sign * item.posted)
            continue
        # CLP04 is the lines' payments less the claim-level adjustments.
        parts = allocate(item.amount, weights)
        for line_id, part in zip(line_ids, parts, strict=True):
            add(line_id, "paid", -part)
        if effect:
            parts = allocate(item.posted, weights)
            for line_id, part in zip(line_ids, parts, strict=True):
                add(line_id, effect.kind, effect.sign * part)
    if leg.sequence > 1:
        _use_up_moved(totals)
    return tuple(
        (line_id, kind, amount)
        for (line_id, kind), amount in sorted(totals.items(), key=str)
        if amount
    )


def _use_up_moved(totals):
    """A later payer settles what earlier ones moved on to it."""
    settled = {}
    for (line_id, kind), amount in totals.items():
        signed = -amount if kind == "incentive" else amount
        settled[line_id] = settled.get(line_id, ZERO) + signed
    for line_id, amount in settled.items():
        key = (line_id, "moved_next")
        totals[key] = totals.get(key, ZERO) - amount


def _line_id(matches, service_index):
    line = matches.get(service_index)
    return line.id if line else None
