"""Facts of a document → the one policy and the steps that apply."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One level of approval: ``needed`` people of ``role`` must agree.

    Steps with the same ``sequence`` run side by side, others one after another.
    """

    ref: int
    sequence: int
    role: int
    needed: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may look at. ``amount`` is in the company's currency."""

    document_type: str
    effect: str
    amount: Decimal
    company: int
    facility: int | None = None
    payer_type: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule. ``amount_to`` is exclusive, ``None`` is without upper bound; empty
    sets of facilities and payer types mean every one; no steps means straight
    through."""

    ref: int
    name: str
    document_type: str
    effect: str
    amount_from: Decimal = Decimal(0)
    amount_to: Decimal | None = None
    company: int | None = None
    facilities: frozenset[int] = frozenset()
    payer_types: frozenset[str] = frozenset()
    priority: int = 10
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """The outcome: ``policy`` is None when nothing applies (then: no action)."""

    policy: Policy | None
    explanation: tuple[str, ...]

    @property
    def straight_through(self) -> bool:
        return self.policy is not None and not self.policy.steps


def _mismatch(facts: Facts, policy: Policy) -> str | None:
    """Code of the first condition that does not hold, or None."""
    if policy.company is not None and policy.company != facts.company:
        return "company"
    if policy.facilities and facts.facility not in policy.facilities:
        return "facility"
    if policy.payer_types and facts.payer_type not in policy.payer_types:
        return "payer_type"
    # a credit is as much money as a debit: bands look at the size
    size = abs(facts.amount)
    if size < policy.amount_from:
        return "amount_below"
    if policy.amount_to is not None and size >= policy.amount_to:
        return "amount_above"
    return None


def _specificity(policy: Policy) -> tuple:
    """Lower sorts first: priority, then the more specific, then the stricter."""
    return (
        policy.priority,
        policy.company is None,
        not policy.facilities,
        not policy.payer_types,
        -policy.amount_from,
        -len(policy.steps),
        policy.ref,
    )


def evaluate(facts: Facts, policies: list[Policy]) -> Routing:
    """Choose the policy for ``facts``.

    :return: the best matching policy and, in ``explanation``, a code per considered
        policy (``"<name>: matched"`` or ``"<name>: <condition that failed>"``).
    """
    considered = [
        policy
        for policy in policies
        if (policy.document_type, policy.effect) == (facts.document_type, facts.effect)
    ]
    explanation, best = [], None
    for policy in sorted(considered, key=_specificity):
        reason = _mismatch(facts, policy)
        if reason is None and best is None:
            best = policy
            explanation.append(f"{policy.name}: matched")
        elif reason is None:
            explanation.append(f"{policy.name}: lower_priority")
        else:
            explanation.append(f"{policy.name}: {reason}")
    return Routing(best, tuple(explanation))


def _scope(policy: Policy) -> tuple:
    return (
        policy.document_type,
        policy.effect,
        policy.company,
        policy.facilities,
        policy.payer_types,
    )


def _bands(policies: list[Policy]) -> dict[tuple, list[Policy]]:
    grouped: dict[tuple, list[Policy]] = {}
    for policy in policies:
        grouped.setdefault(_scope(policy), []).append(policy)
    for group in grouped.values():
        group.sort(key=lambda policy: (policy.amount_from, policy.ref))
    return grouped


def find_gaps(policies: list[Policy]) -> list[tuple[tuple, Decimal, Decimal | None]]:
    """Amount ranges no policy of a scope covers: (scope, from, to or None).

    Only scopes without facility and payer-type conditions are judged: a narrower
    scope falls back on the wider one.
    """
    gaps = []
    for scope, group in _bands(policies).items():
        if scope[3] or scope[4]:
            continue
        reached: Decimal | None = Decimal(0)
        for policy in group:
            if reached is None:
                break
            if policy.amount_from > reached:
                gaps.append((scope, reached, policy.amount_from))
            if policy.amount_to is None:
                reached = None
            else:
                reached = max(reached, policy.amount_to)
        if reached is not None:
            gaps.append((scope, reached, None))
    return gaps


def find_overlaps(policies: list[Policy]) -> list[tuple[Policy, Policy]]:
    """Pairs of policies of one scope and priority whose bands overlap."""
    pairs = []
    for group in _bands(policies).values():
        for index, first in enumerate(group):
            for second in group[index + 1 :]:
                apart = first.amount_to is not None and (
                    second.amount_from >= first.amount_to
                )
                if not apart and first.priority == second.priority:
                    pairs.append((first, second))
    return pairs
