"""What other posting rules would have done to decisions that are stored.

Nothing is planned anew: the adjustments of stored claims are put to two rule books, and
where the answers differ, that is what the change does. Pure, so it cannot write.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ..x12.model import Claim
from . import actions as kinds
from .adjustments import decide
from .rules import RuleBook

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A claim of a posted remittance with the adjustments that are in question."""

    id: int
    payer_id: int
    day: date
    paid: Decimal
    claim: Claim
    next_payer_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A provider adjustment of a posted remittance."""

    payer_id: int
    day: date
    reason: str
    amount: Decimal


@dataclass
class Change:
    """One kind of difference: the same code, other treatment."""

    code: str
    before: str
    after: str
    rule_before: int | None
    rule_after: int | None
    count: int = 0
    amount: Decimal = ZERO
    posted_before: Decimal = ZERO
    posted_after: Decimal = ZERO
    claims: set = field(default_factory=set)


@dataclass
class Replay:
    """All differences, and which claims would go to a person or no longer."""

    asked: int = 0
    changes: dict = field(default_factory=dict)
    parked: dict = field(default_factory=dict)
    released: dict = field(default_factory=dict)

    def change(self, key) -> Change:
        """The difference under this key, made when it is the first of its kind."""
        if key not in self.changes:
            self.changes[key] = Change(*key)
        return self.changes[key]


def replay_claims(
    claims: Iterable[StoredClaim], before: RuleBook, after: RuleBook
) -> Replay:
    """Where ``after`` would have decided otherwise than ``before``."""
    result = Replay()
    for stored in claims:
        result.asked += 1
        old, new = (_decided(stored, book) for book in (before, after))
        for was, now in zip(old.actions, new.actions, strict=True):
            if (was.action, was.category, was.rule_id) == (
                now.action,
                now.category,
                now.rule_id,
            ):
                continue
            change = result.change(
                (
                    f"{was.group}-{was.reason}",
                    was.action,
                    now.action,
                    was.rule_id,
                    now.rule_id,
                )
            )
            change.count += 1
            change.amount += was.amount
            change.posted_before += was.posted
            change.posted_after += now.posted
            change.claims.add(stored.id)
        if new.reasons and not old.reasons:
            result.parked[stored.id] = stored.paid
        elif old.reasons and not new.reasons:
            result.released[stored.id] = stored.paid
    return result


def replay_provider(
    pairs: Iterable[StoredPair], before: RuleBook, after: RuleBook
) -> Replay:
    """The same for provider adjustments; without a rule the whole ST would hold."""
    result = Replay()
    for pair in pairs:
        result.asked += 1
        old, new = (
            book.find_provider(pair.payer_id, pair.reason, pair.amount, pair.day)
            for book in (before, after)
        )
        if old == new:
            continue
        change = result.change(
            (
                f"PLB-{pair.reason}",
                _treatment(old),
                _treatment(new),
                old.id if old else None,
                new.id if new else None,
            )
        )
        change.count += 1
        change.amount += pair.amount
        change.posted_before += pair.amount if old else ZERO
        change.posted_after += pair.amount if new else ZERO
    return result


def _decided(stored: StoredClaim, book: RuleBook):
    return decide(
        stored.claim, {}, book, stored.payer_id, stored.next_payer_id, stored.day
    )


def _treatment(rule) -> str:
    if rule is None:
        return kinds.NONE
    return f"{rule.action}:{rule.purpose}" if rule.purpose else rule.action
