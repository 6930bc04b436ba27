"""What a payer decided before the books began here: kept, never posted.

A claim that was taken over stands in the opening with what payers had done to it until
then. The file of that time says the same in the payer's own lines and codes; where the
two agree to the cent, the file takes the place of the summary, so that a later reversal
meets what it negates.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..x12.model import Claim
from . import actions as kinds
from .adjustments import decide
from .facts import ClaimFacts
from .matching import match_lines
from .outcome import NOTHING, POST, ClaimOutcome
from .reasons import park, warn
from .rules import RuleBook

ZERO = Decimal(0)
REVERSAL = "22"


@dataclass(frozen=True, slots=True)
class Summary:
    """What the opening says a payer had done to a claim."""

    paid: Decimal
    taken_off: Decimal  # paid and adjusted together
    patient: Decimal


def take_over(
    claim: Claim,
    facts: ClaimFacts | None,
    summary: Summary | None,
    rules: RuleBook,
    payer_id: int,
    day: date,
) -> ClaimOutcome:
    """POST where the file may take the summary's place, else NOTHING and why."""
    place = f"CLP {claim.index}"
    number = facts.control_number if facts else claim.control_number
    leg = facts.leg_of(payer_id) if facts else None
    if facts is None or leg is None or summary is None or claim.status == REVERSAL:
        reason = (
            park("claim_unmatched", place)
            if facts is None
            else warn("history_not_opened", place)
        )
        return ClaimOutcome(
            claim.index,
            NOTHING,
            number,
            claim_id=facts.id if facts else None,
            paid=claim.paid,
            warnings=(reason,),
        )
    matches, missing = match_lines(claim.services, facts.lines, {})
    # Whom the rest moved on to is in the opening already: nobody is billed by this.
    decided = decide(claim, matches, rules, payer_id, None, day)
    warnings = [warn("history_line_unmatched", place) for _index in missing[:1]]
    warnings += _differences(claim, decided.actions, summary, place)
    if decided.reasons and not warnings:
        warnings.append(warn("history_unknown_code", decided.reasons[0].location))
    return ClaimOutcome(
        claim.index,
        NOTHING if warnings else POST,
        number,
        claim_id=facts.id,
        paid=claim.paid,
        warnings=tuple(warnings),
        actions=decided.actions,
        matches=tuple((index, line.id) for index, line in matches.items()),
        leg_sequence=leg.sequence,
    )


def _differences(claim, actions, summary, place):
    """Where file and opening do not say the same."""
    posted = sum((item.posted for item in actions), ZERO)
    patient = sum(
        (item.posted for item in actions if item.action == kinds.PATIENT), ZERO
    )
    said = Summary(claim.paid, claim.paid + posted, patient)
    if said == summary:
        return []
    pairs = (
        (summary.paid, said.paid),
        (summary.taken_off, said.taken_off),
        (summary.patient, said.patient),
    )
    expected, actual = next(pair for pair in pairs if pair[0] != pair[1])
    return [warn("history_differs", place, str(expected), str(actual))]
