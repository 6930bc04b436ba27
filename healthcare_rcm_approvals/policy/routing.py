"""Facts of a document → the one policy and the steps that apply, and why."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from .facts import Facts, Policy

MATCHED, OUTRANKED, BROKEN = "matched", "lower_priority", "domain_broken"
ENDLESS = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one policy: ``code`` is ``matched``, ``lower_priority``, or the
    first condition that does not hold, with what it wants and what it got."""

    policy: Policy
    code: str
    expected: object = None
    actual: object = None

    @property
    def text(self) -> str:
        return f"{self.policy.name}: {self.code}"


@dataclass(frozen=True, slots=True)
class Routing:
    """The outcome: ``policy`` is None when nothing applies (then: no action).

    ``verdicts`` name every policy of the document type in the order in which they
    were considered; ``facts`` are those that were judged.
    """

    policy: Policy | None
    verdicts: tuple[Verdict, ...] = ()
    facts: Facts | None = None

    @property
    def straight_through(self) -> bool:
        return self.policy is not None and not self.policy.steps

    @property
    def explanation(self) -> tuple[str, ...]:
        return tuple(verdict.text for verdict in self.verdicts)


def evaluate(facts: Facts, policies) -> Routing:
    """Choose the policy for ``facts``; the order of ``policies`` does not matter.

    The lowest priority number wins, then the more specific policy, then the
    stricter. A policy whose domain cannot be evaluated and that would have been
    asked before the winner stops everything: who knows what it would have said.

    A document of several parts is judged part by part, each at the whole amount, and
    the strictest answer holds: nothing applies, before more people, before fewer. So
    nobody gets round a policy by mixing in what another one is kinder to.
    """
    policies = tuple(policies)
    routings = [_evaluate_one(part, policies) for part in _parts(facts)]
    return max(sorted(routings, key=_place), key=_strictness)


def _parts(facts: Facts):
    """Facts of each part, in an order that does not depend on how they came."""
    if not facts.parts:
        return [facts]
    whole = replace(facts, parts=())
    return [replace(whole, **dict(part)) for part in sorted(set(facts.parts), key=repr)]


def _strictness(routing: Routing):
    if routing.policy is None:
        return (True, ())
    return (False, routing.policy.strictness)


def _place(routing: Routing):
    return rank(routing.policy) if routing.policy else ()


def _evaluate_one(facts: Facts, policies) -> Routing:
    considered = sorted(
        (policy for policy in policies if _concerns(policy, facts)), key=rank
    )
    verdicts, best, blocked = [], None, False
    for policy in considered:
        verdict = _judge(facts, policy)
        if verdict.code == MATCHED and (best or blocked):
            verdict = Verdict(policy, OUTRANKED)
        elif verdict.code == MATCHED:
            best = policy
        elif verdict.code == BROKEN and best is None:
            blocked = True
        verdicts.append(verdict)
    return Routing(best, tuple(verdicts), facts)


def rank(policy: Policy) -> tuple:
    """Lower is asked first: priority, then the more specific, then the stricter.

    A policy whose conditions all lie within another's is the more specific one: it
    states as many conditions or more, or the same ones more narrowly.
    """
    return (
        policy.priority,
        -len(stated(policy)),
        _breadth(policy),
        -policy.risk_from,
        ENDLESS if policy.risk_to is None else policy.risk_to,
        -(policy.valid_from or date.min).toordinal(),
        (policy.valid_to or date.max).toordinal(),
        -policy.amount_from,
        ENDLESS if policy.amount_to is None else policy.amount_to,
        tuple(-number for number in policy.strictness),
        policy.ref,
    )


def _concerns(policy: Policy, facts: Facts) -> bool:
    return policy.document_type == facts.document_type and policy.effect in (
        None,
        facts.effect,
    )


def stated(policy: Policy) -> list[str]:
    """Names of the conditions the policy states, the amount apart."""
    stated = {
        "effect": policy.effect is not None,
        "company": policy.company is not None,
        "facility": bool(policy.facilities),
        "department": bool(policy.departments),
        "payer_type": bool(policy.payer_types),
        "vendor_category": bool(policy.vendor_categories),
        "contract_type": bool(policy.contract_types),
        "risk": policy.risk_from > 0 or policy.risk_to is not None,
        "dates": bool(policy.valid_from or policy.valid_to),
        "domain": bool(policy.domain),
    }
    return [name for name, is_stated in stated.items() if is_stated]


def _breadth(policy: Policy) -> int:
    """How many values the sets let in: fewer is more specific."""
    return sum(
        len(values)
        for values in (
            policy.facilities,
            policy.departments,
            policy.payer_types,
            policy.vendor_categories,
            policy.contract_types,
        )
    )


def _judge(facts: Facts, policy: Policy) -> Verdict:
    """The first condition that does not hold, or ``matched``."""
    for code, holds, expected, actual in _conditions(facts, policy):
        if not holds:
            return Verdict(policy, code, expected, actual)
    if policy.domain and policy.ref in facts.broken_domains:
        return Verdict(policy, BROKEN, policy.domain)
    if policy.domain and policy.ref not in facts.domains:
        return Verdict(policy, "domain", policy.domain)
    return Verdict(policy, MATCHED)


def _conditions(facts: Facts, policy: Policy):
    """(code, whether it holds, what is asked, what is there) of each condition."""
    on = facts.on or date.max
    # a credit is as much money as a debit: bands look at the size
    size, risk = abs(facts.amount), facts.risk
    low, high = policy.amount_from, policy.amount_to
    begin, end = policy.valid_from, policy.valid_to
    yield (
        "company",
        policy.company in (None, facts.company),
        policy.company,
        facts.company,
    )
    yield "not_yet", begin is None or on >= begin, begin, on
    yield "expired", end is None or (facts.on or date.min) <= end, end, on
    yield _one_of("facility", policy.facilities, facts.facility)
    yield _one_of("department", policy.departments, facts.department)
    yield _one_of("payer_type", policy.payer_types, facts.payer_type)
    yield _any_of("vendor_category", policy.vendor_categories, facts.vendor_categories)
    yield _one_of("contract_type", policy.contract_types, facts.contract_type)
    yield "risk_below", risk >= policy.risk_from, policy.risk_from, risk
    limit = policy.risk_to
    yield "risk_above", limit is None or risk < limit, limit, risk
    yield "amount_below", size >= low, low, size
    yield "amount_above", high is None or size < high, high, size


def _one_of(code, wanted, value):
    return code, not wanted or value in wanted, wanted, value


def _any_of(code, wanted, values):
    return code, not wanted or bool(wanted & values), wanted, values
