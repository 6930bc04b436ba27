"""Reads what the suite tells of its documents, and doubts it."""

from decimal import Decimal

from .adjudication import SubmittedClaim, SubmittedLine
from .client import FeedError
from .clinic import Encounter
from .stories import GATED

INVOICED = "posted"


def is_settled(encounter: Encounter, document: dict | None, answered: bool) -> bool:
    """Whether an encounter is billed, waits for a person, or has a case.

    ``answered``: the answers that some encounters waited for were sent, so that their
    cases do not count as an end any more.
    """
    if not document:
        return False
    waits = answered and encounter.kind in GATED
    if not waits and any(case["state"] != "resolved" for case in document["cases"]):
        return True
    if encounter.client:  # no claim: it waits for the monthly invoice
        return document["encounter"]["state"] == "ready"
    claims = document["claims"]
    return bool(claims) and all(
        claim["invoice_state"] == INVOICED or claim["approval"] for claim in claims
    )


def submitted_claim(encounter: Encounter, charges, claim: dict) -> SubmittedClaim:
    """The claim as its payer gets it; refused where it says anything else."""
    said = {line["code"]: line for line in claim["lines"]}
    want = {charge.code: charge.amount for charge in charges}
    have = {code: Decimal(line["charge"]) for code, line in said.items()}
    if have != want or len(claim["lines"]) != len(want):
        raise FeedError(
            f"encounter {encounter.number}, claim {claim['control_number']} version "
            f"{claim['version']}: lines {have} where {want} was charged"
        )
    if claim["payer"] != encounter.payers[0]:
        raise FeedError(
            f"encounter {encounter.number}: the claim goes to {claim['payer']}, but "
            f"{encounter.payers[0]} pays first"
        )
    lines = tuple(
        SubmittedLine(
            said[charge.code]["line_control_number"],
            charge.code,
            charge.amount,
            charge.units,
            charge.modifiers,
        )
        for charge in charges
    )
    return SubmittedClaim(
        claim["control_number"],
        encounter.payers,
        encounter.facility,
        encounter.service_date,
        lines,
    )
