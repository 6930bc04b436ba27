"""Who pays first: coordination of benefits by the rules payers follow.

Workers' compensation and automobile insurance come first. Medicare stands behind a
group plan where the secondary-payer rules say so (42 CFR 411: working aged with 20 or
more employees, disabled with 100 or more, the first 30 months of end-stage renal
disease), else before it. Among other plans: the patient's own before those of a
family member, for a child a court's order and then the parents' birthdays, an active
job before a former one. Medicaid pays last. A place somebody fixed is kept.
"""

from dataclasses import dataclass
from datetime import date

ESRD_MONTHS = 30
CHILD_AGE_LIMIT = 26

LIABILITY = ("workers_comp", "auto")
MEDICARE, MEDICAID, SELF_PAY = "medicare", "medicaid", "self_pay"
ACTIVE_JOB, FORMER_JOB, COBRA = "active_job", "former_job", "cobra"
GROUP_PLANS = (ACTIVE_JOB, FORMER_JOB, COBRA)
AGE, DISABILITY, ESRD = "age", "disability", "esrd"
# Sizes of an employer: under 20, 20 to 99, 100 and more.
SMALL, MIDDLE, LARGE = "small", "middle", "large"

# The classes in their order.
_FIRST, _BEFORE_MEDICARE, _MEDICARE, _PLAN, _MEDICAID, _SELF_PAY, _NOT_IN_FORCE = range(
    7
)


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """What coordination knows of one coverage; empty where nobody said."""

    key: int
    plan_type: str
    sequence: int = 1
    fixed: bool = False
    in_force: bool = True
    relationship: str = "self"
    basis: str = ""
    employer_size: str = ""
    medicare_reason: str = ""
    esrd_from: date | None = None
    subscriber_birth_date: date | None = None
    court_ordered: bool = False
    date_from: date | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One payer's place: 1 is the first to pay, and why."""

    key: int
    place: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Judged:
    facts: CoverageFacts
    rank: int
    reason: str


def order(coverages, day: date) -> tuple[Turn, ...]:
    """Put the coverages of an encounter of ``day`` in the order in which they pay.

    The order in which they are given does not matter.
    """
    known = sorted(coverages, key=lambda one: (one.sequence, one.key))
    medicare = next(
        (one for one in known if one.plan_type == MEDICARE and one.in_force), None
    )
    judged = [_judge(one, medicare, day) for one in known]
    told = {rank: _birthdays_told(judged, rank) for rank in (_BEFORE_MEDICARE, _PLAN)}
    ruled = sorted(judged, key=lambda one: (one.rank, *_within(one, told)))
    ruled = _explain_plans(ruled)
    placed = _keep_fixed(ruled)
    return tuple(
        Turn(one.facts.key, place, reason)
        for place, (one, reason) in enumerate(placed, start=1)
    )


# ----------------------------------------------------------------------
# Classes
# ----------------------------------------------------------------------
def _judge(one, medicare, day):
    if not one.in_force:
        return _Judged(one, _NOT_IN_FORCE, "not_in_force")
    if one.plan_type in LIABILITY:
        return _Judged(one, _FIRST, one.plan_type)
    if one.plan_type == MEDICAID:
        return _Judged(one, _MEDICAID, "medicaid_last")
    if one.plan_type == SELF_PAY:
        return _Judged(one, _SELF_PAY, "self_pay_last")
    if one.plan_type == MEDICARE:
        return _Judged(one, _MEDICARE, "medicare")
    if medicare is None:
        return _Judged(one, _PLAN, "sequence")
    reason, first = _beside_medicare(one, medicare, day)
    return _Judged(one, _BEFORE_MEDICARE if first else _PLAN, reason)


def _beside_medicare(plan, medicare, day):
    """(reason, whether the plan pays before Medicare)."""
    why = medicare.medicare_reason
    if why == ESRD:
        return _beside_esrd(plan, medicare, day)
    if not why or not plan.basis:
        # Nobody said: what the source or a person ordered stands.
        return "facts_missing", plan.sequence < medicare.sequence
    if plan.basis in (FORMER_JOB, COBRA):
        return "medicare_before_former_job", False
    if plan.basis != ACTIVE_JOB:
        return "medicare_before_plan", False
    if why == AGE and plan.relationship == "child":
        # Working aged means one's own job or one's spouse's.
        return "medicare_before_plan", False
    if not plan.employer_size:
        return "facts_missing", plan.sequence < medicare.sequence
    if why == AGE:
        large = plan.employer_size in (MIDDLE, LARGE)
        return ("working_aged", True) if large else ("small_employer", False)
    large = plan.employer_size == LARGE
    return ("disabled_large_group", True) if large else ("small_employer", False)


def _beside_esrd(plan, medicare, day):
    if not plan.basis or not medicare.esrd_from:
        return "facts_missing", plan.sequence < medicare.sequence
    if plan.basis not in GROUP_PLANS:
        return "medicare_before_plan", False
    if day < _months_later(medicare.esrd_from, ESRD_MONTHS):
        return "esrd_first_30_months", True
    return "esrd_after_30_months", False


def _months_later(start, months):
    """The first day of the month that many months after ``start``."""
    count = start.year * 12 + start.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


# ----------------------------------------------------------------------
# Plans among themselves
# ----------------------------------------------------------------------
def _birthdays_told(judged, rank):
    """Whether the birthday rule can be applied to the children's plans of a class."""
    children = [
        one.facts
        for one in judged
        if one.rank == rank and one.facts.relationship == "child"
    ]
    return all(one.subscriber_birth_date is not None for one in children)


def _within(judged, told):
    """Order inside a class; what is not known leaves the given sequence."""
    one = judged.facts
    if judged.rank not in (_BEFORE_MEDICARE, _PLAN):
        return 0, 0, (0, 0), 0, one.sequence, one.key
    dependant = one.relationship != "self"
    court = 0 if one.court_ordered else 1
    return (
        int(dependant),
        court if one.relationship == "child" else 1,
        _birthday(one) if told[judged.rank] else (0, 0),
        int(one.basis in (FORMER_JOB, COBRA)) + int(one.basis == COBRA),
        one.sequence,
        one.key,
    )


def _birthday(one):
    """Month and day of the parent's birth: the year does not matter."""
    if one.relationship != "child":
        return 0, 0
    return one.subscriber_birth_date.month, one.subscriber_birth_date.day


def _explain_plans(ruled):
    """Give plans of one class the reason that put them before or behind another."""
    return [
        _Judged(one.facts, one.rank, _plan_reason(one, ruled))
        if one.reason == "sequence"
        else one
        for one in ruled
    ]


def _plan_reason(one, ruled):
    mine = one.facts
    others = [item.facts for item in ruled if item.rank == one.rank and item is not one]
    if not others:
        return "only_plan"
    if any((other.relationship == "self") != (mine.relationship == "self")
           for other in others):  # fmt: skip
        return "own_plan" if mine.relationship == "self" else "plan_of_family"
    if mine.relationship == "child":
        children = [item for item in others if item.relationship == "child"]
        if any(item.court_ordered != mine.court_ordered for item in children):
            return "court_order" if mine.court_ordered else "after_court_order"
        if children and _birthdays_told(ruled, one.rank):
            return "birthday_rule"
        if children:
            return "birthday_missing"
    if any(_former(other) != _former(mine) for other in others):
        return "former_job" if _former(mine) else "active_job"
    return "sequence"


def _former(one):
    return one.basis in (FORMER_JOB, COBRA)


# ----------------------------------------------------------------------
# What a person fixed
# ----------------------------------------------------------------------
def _keep_fixed(ruled):
    """Put coverages whose place a person fixed there; the rest keep their order."""
    free = [(one, one.reason) for one in ruled if not _is_fixed(one)]
    fixed = sorted(
        (one for one in ruled if _is_fixed(one)),
        key=lambda one: (one.facts.sequence, one.facts.key),
    )
    placed = free
    for one in fixed:
        placed.insert(min(one.facts.sequence - 1, len(placed)), (one, "by_person"))
    return placed


def _is_fixed(one):
    return one.facts.fixed and one.facts.in_force


# ----------------------------------------------------------------------
# Checks
# ----------------------------------------------------------------------
def warnings(one: CoverageFacts, patient_birth_date=None, day=None) -> tuple[str, ...]:
    """What does not fit together in a coverage; codes, nothing of the people."""
    found = []
    if one.plan_type in (MEDICARE, MEDICAID) and one.relationship != "self":
        found.append("government_plan_not_self")
    born, on = one.subscriber_birth_date, day
    if one.relationship == "child" and patient_birth_date:
        if on and _age(patient_birth_date, on) >= CHILD_AGE_LIMIT:
            found.append("child_too_old")
        if born and born >= patient_birth_date:
            found.append("subscriber_younger_than_child")
    if one.relationship == "self" and born and patient_birth_date not in (None, born):
        found.append("subscriber_is_patient")
    if one.plan_type == MEDICARE and not one.medicare_reason:
        found.append("medicare_reason_missing")
    if one.medicare_reason == ESRD and not one.esrd_from:
        found.append("esrd_month_missing")
    return tuple(found)


def _age(born, day):
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
