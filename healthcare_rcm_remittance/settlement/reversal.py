"""Pairing a reversal (CLP02 = 22) with what was posted, and mirroring that.

RFI 2442, 1147: a reversal carries all of the original negated, at the same level of
detail. It is mirrored by the actions stored with the original, never by today's rules.
"""

from collections import Counter
from decimal import Decimal

from ..x12.model import Claim
from .actions import EFFECTS, NONE
from .facts import ClaimFacts, LineFacts, PostedAdjustment, PostedClaim
from .outcome import LineAction

OBSOLETE_GROUP = "CR"


def payer_numbers(claim: Claim) -> set[str]:
    """The payer's numbers of a claim: CLP07 and the one it corrects (REF*F8)."""
    return {claim.payer_claim_number, claim.original_payer_claim_number} - {"", None}


def find_original(
    claim: Claim, facts: ClaimFacts, payer_id: int, taken: frozenset[int]
) -> PostedClaim | None:
    """The posted claim this one takes back: payer's number first, then the amounts.

    ``taken``: originals that this remittance reverses already.
    """
    standing = [
        item
        for item in facts.posted
        if item.payer_id == payer_id and item.id not in taken
    ]
    numbers = payer_numbers(claim)
    named = [item for item in standing if item.payer_claim_number in numbers]
    candidates = named or ([] if numbers & _numbers(standing) else standing)
    found = _negated(claim, candidates)
    if found:
        return found[-1]
    return named[-1] if named else None


def without_original(reversals, payer_id: int) -> set[str]:
    """Control numbers of which a reversal takes back what is not posted.

    :param reversals: (claim, :class:`ClaimFacts`) in the order of the remittance
    """
    missing, taken = set(), set()
    for claim, facts in reversals:
        original = find_original(claim, facts, payer_id, frozenset(taken))
        if original is None:
            missing.add(facts.control_number)
        else:
            taken.add(original.id)
    return missing


def before_correction(claim: Claim, reversals) -> list[tuple[Claim, str]]:
    """Which of these ``(reversal, fate)`` a decision corrects.

    RFI 1147: the payer's numbers pair them first; where they name none of them, any
    reversal of the same control number may be the one.
    """
    numbers = payer_numbers(claim)
    named = [item for item in reversals if numbers & payer_numbers(item[0])]
    return named or list(reversals)


def exact(claim: Claim, postings, payer_id: int) -> bool:
    """Whether this reversal negates one of the payer's ``postings`` by its number."""
    numbers = payer_numbers(claim)
    own = [item for item in postings if item.payer_id == payer_id]
    return any(
        item.payer_claim_number in numbers for item in _negated(claim, own) if numbers
    )


def _negated(claim, postings) -> list[PostedClaim]:
    return [
        item
        for item in postings
        if item.paid == -claim.paid and item.charge == -claim.charge
    ]


def difference(
    claim: Claim, original: PostedClaim, matches: dict[int, LineFacts]
) -> list[tuple[str, str, str]]:
    """Where the reversal is not the mirror: (place, expected, actual); [] if it is.

    With the obsolete group CR (4010) groups are not compared, only reasons.
    """
    rows = []
    if claim.charge != -original.charge:
        rows.append(("CLP03", str(-original.charge), str(claim.charge)))
    if claim.paid != -original.paid:
        rows.append(("CLP04", str(-original.paid), str(claim.paid)))
    want = Counter()
    for item in original.adjustments:
        want[item.line_id, item.group, item.reason] -= item.amount
    have = Counter()
    obsolete = False
    for line_id, _index, _position, item in reversed_triples(claim, matches):
        obsolete = obsolete or item.group == OBSOLETE_GROUP
        have[line_id, item.group, item.reason] += item.amount
    if obsolete:
        want, have = _without_group(want), _without_group(have)
    for key in sorted(set(want) | set(have), key=str):
        if want[key] != have[key]:
            rows.append((_place(key), str(want[key]), str(have[key])))
    return rows


def mirror(
    claim: Claim, original: PostedClaim, matches: dict[int, LineFacts]
) -> tuple[LineAction, ...]:
    """The reversal's triples with the original's actions, amounts negated.

    The posted amounts come from the original, which may have been capped.
    """
    stored: dict[tuple, list[PostedAdjustment]] = {}
    for item in original.adjustments:
        stored.setdefault((item.line_id, item.reason), []).append(item)
    actions = []
    for line_id, index, position, item in reversed_triples(claim, matches):
        source = _take(stored.get((line_id, item.reason), []), item)
        action = source.action if source else NONE
        actions.append(
            LineAction(
                index,
                position,
                line_id,
                item.group,
                item.reason,
                item.amount,
                action,
                -source.posted_amount if source and action in EFFECTS else Decimal(0),
                source.next_payer_id if source else None,
            )
        )
    return tuple(actions)


def reversed_triples(claim: Claim, matches: dict[int, LineFacts]):
    """(line id, service index, position, adjustment) of every triple."""
    for position, item in enumerate(claim.adjustments):
        yield None, None, position, item
    for service in claim.services:
        line = matches.get(service.index)
        for position, item in enumerate(service.adjustments):
            yield line.id if line else None, service.index, position, item


def _take(candidates: list[PostedAdjustment], item) -> PostedAdjustment | None:
    """Remove and return the stored triple that this one negates."""
    for position, stored in enumerate(candidates):
        if stored.amount == -item.amount:
            return candidates.pop(position)
    return candidates.pop() if candidates else None


def _numbers(standing) -> set[str]:
    return {item.payer_claim_number for item in standing}


def _without_group(counter):
    merged = Counter()
    for (line_id, _group, reason), amount in counter.items():
        merged[line_id, "", reason] += amount
    return merged


def _place(key) -> str:
    line_id, group, reason = key
    code = f"{group}-{reason}" if group else reason
    return f"line {line_id} {code}" if line_id else code
