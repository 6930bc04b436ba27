"""What the payer allowed against what the contract says (posting rule 3.11)."""

from collections.abc import Mapping
from decimal import Decimal

from ..x12.model import Claim
from . import actions as kinds
from .facts import ClaimFacts, LineFacts
from .outcome import LineAction, Variance

ZERO = Decimal(0)


def find_variances(
    claim: Claim,
    facts: ClaimFacts,
    matches: Mapping[int, LineFacts],
    actions: tuple[LineAction, ...],
) -> tuple[Variance, ...]:
    """Differences beyond the tolerance: by line, or of the claim as a whole when the
    payer decided at claim level. What is denied or undecided is not compared."""
    at_claim_level = any(
        item.service_index is None
        and (item.action in kinds.REDUCES_ALLOWED or item.action in kinds.UNDECIDED)
        for item in actions
    )
    if at_claim_level or not claim.services:
        return _of_claim(claim, facts, actions)
    return _of_lines(claim, facts, matches, actions)


def _of_lines(claim, facts, matches, actions):
    allowed, undecided = {}, set()
    for service in claim.services:
        line_id = matches[service.index].id
        allowed[line_id] = allowed.get(line_id, ZERO) + service.charge
    for item in actions:
        if item.action in kinds.UNDECIDED:
            undecided.add(item.line_id)
        elif item.action in kinds.REDUCES_ALLOWED and item.line_id:
            allowed[item.line_id] -= item.amount
    return tuple(
        Variance(line.id, line.expected, allowed[line.id])
        for line in facts.lines
        if line.id in allowed
        and line.id not in undecided
        and line.expected is not None
        and abs(line.expected - allowed[line.id]) > facts.tolerance
    )


def _of_claim(claim, facts, actions):
    undecided = any(item.action in kinds.UNDECIDED for item in actions)
    if facts.expected is None or undecided:
        return ()
    taken = (i.amount for i in actions if i.action in kinds.REDUCES_ALLOWED)
    allowed = claim.charge - sum(taken, ZERO)
    if abs(facts.expected - allowed) <= facts.tolerance:
        return ()
    return (Variance(None, facts.expected, allowed),)
