"""Gaps, overlaps and weak spots of a set of policies.

A gap is where no policy applies: nothing passes there. An overlap is where two
policies of one rank apply and only the tie-break decides. A loosening is where the
policy that is asked first is less strict than the one it keeps from being asked. An
inversion is where a larger amount needs less than a smaller one. Without loosenings,
a document that states more about itself never needs less.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, pairwise

from .facts import Facts, Policy
from .routing import evaluate, rank, stated

GAP, OVERLAP, LOOSENING, INVERSION = "gap", "overlap", "loosening", "inversion"
HIGHEST_RISK = 101  # risk goes up to 100; bands exclude their upper end
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weakness:
    """One finding: where it is, and the policies it is between.

    ``first`` is the policy that wins (of an inversion: the one above). Upper ends of
    bands are excluded, ``None`` is without end; ``valid_to`` is the last day.
    """

    kind: str
    document_type: str
    company: int | None = None
    first: Policy | None = None
    second: Policy | None = None
    amount_from: Decimal = Decimal(0)
    amount_to: Decimal | None = None
    risk_from: int = 0
    risk_to: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def find_all(policies, document_types, companies=(None,), start=None):
    """Every weakness from the day ``start`` on, gaps first."""
    policies = [policy for policy in policies if _still_runs(policy, start)]
    return [
        *find_gaps(policies, document_types, companies, start),
        *find_overlaps(policies),
        *find_loosenings(policies),
        *find_inversions(policies, start),
    ]


# ----------------------------------------------------------------------
# Gaps
# ----------------------------------------------------------------------
def find_gaps(policies, document_types=None, companies=(None,), start=None):
    """Where documents of a type have no policy to fall back on.

    Only policies without a condition on anything but company, amount, risk and dates
    are counted: a document that states nothing else must find one of them.
    """
    kinds = document_types or sorted({policy.document_type for policy in policies})
    gaps = []
    for kind in kinds:
        found = {}
        for company in companies:
            general = [
                policy
                for policy in policies
                if policy.document_type == kind
                and policy.company in (None, company)
                and not set(stated(policy)) - {"company", "risk", "dates"}
            ]
            found[company] = _holes(kind, general, start)
        gaps += _common(found)
    return gaps


def _common(found):
    """The same gaps in every company are one finding without a company."""
    first, *others = found.values()
    if all(gaps == first for gaps in others):
        return first
    return [
        replace(gap, company=company) for company, gaps in found.items() for gap in gaps
    ]


def _holes(kind, policies, start):
    """Boxes of amount × risk × days that none of ``policies`` covers."""
    days = _edges(
        [start or date.min],
        [policy.valid_from for policy in policies],
        [policy.valid_to and policy.valid_to + ONE_DAY for policy in policies],
        date.max,
    )
    risks = _edges(
        [0],
        [policy.risk_from for policy in policies],
        [policy.risk_to for policy in policies],
        HIGHEST_RISK,
    )
    amounts = _edges(
        [Decimal(0)],
        [policy.amount_from for policy in policies],
        [policy.amount_to for policy in policies],
        Decimal("Infinity"),
    )
    layers = []
    for first, after in pairwise(days):
        rows = []
        for low, high in pairwise(risks):
            covering = [
                policy
                for policy in policies
                if _on(policy, first)
                and policy.risk_from <= low
                and (policy.risk_to is None or policy.risk_to >= high)
            ]
            rows.append(((low, high), _open_bands(amounts, covering)))
        layers.append(((first, after), tuple(_merged(rows))))
    return [
        Weakness(
            GAP,
            kind,
            amount_from=low,
            amount_to=None if high == Decimal("Infinity") else high,
            risk_from=risk[0],
            risk_to=None if risk[1] == HIGHEST_RISK else risk[1],
            valid_from=None if span[0] == (start or date.min) else span[0],
            valid_to=None if span[1] == date.max else span[1] - ONE_DAY,
        )
        for span, rows in _merged(layers)
        for risk, bands in rows
        for low, high in bands
    ]


def _edges(begin, starts, ends, last):
    """Sorted places where something begins or ends, from ``begin`` to ``last``."""
    low = begin[0]
    inner = {edge for edge in (*starts, *ends) if edge is not None}
    return [low, *sorted(edge for edge in inner if low < edge < last), last]


def _open_bands(amounts, covering):
    """Amount ranges no policy of ``covering`` has in its band, joined."""
    bands = []
    for low, high in pairwise(amounts):
        if any(
            policy.amount_from <= low
            and (policy.amount_to is None or policy.amount_to >= high)
            for policy in covering
        ):
            continue
        if bands and bands[-1][1] == low:
            bands[-1] = (bands[-1][0], high)
        else:
            bands.append((low, high))
    return tuple(bands)


def _merged(rows):
    """Neighbouring spans with the same contents as one."""
    merged = []
    for (start, end), content in rows:
        if merged and merged[-1][1] == content:
            start = merged.pop()[0][0]
        merged.append(((start, end), content))
    return merged


# ----------------------------------------------------------------------
# Between two policies
# ----------------------------------------------------------------------
def find_overlaps(policies):
    """Pairs between which neither priority nor a narrower scope decides."""
    return [
        _between(OVERLAP, first, second)
        for first, second in _pairs(policies)
        if first.priority == second.priority
        and stated(first) == stated(second)
        and _scope(first) == _scope(second)
        and not (first.domain or second.domain)
    ]


def find_loosenings(policies):
    """Pairs in which the policy that wins is less strict than the other."""
    return [
        _between(LOOSENING, first, second)
        for first, second in _pairs(policies)
        if first.strictness < second.strictness
    ]


def _pairs(policies):
    """(winner, other) for policies one document can match both, in order of rank."""
    by_kind = defaultdict(list)
    for policy in policies:
        by_kind[policy.document_type].append(policy)
    for group in by_kind.values():
        for first, second in combinations(sorted(group, key=rank), 2):
            if may_meet(first, second):
                yield first, second


def may_meet(first: Policy, second: Policy) -> bool:
    """Whether one document can match both; conditions are taken to allow it."""
    return (
        first.document_type == second.document_type
        and _same_or_any(first.effect, second.effect)
        and _same_or_any(first.company, second.company)
        and _share(first.facilities, second.facilities)
        and _share(first.departments, second.departments)
        and _share(first.payer_types, second.payer_types)
        and _share(first.contract_types, second.contract_types)
        and _cross(
            (first.amount_from, first.amount_to), (second.amount_from, second.amount_to)
        )
        and _cross((first.risk_from, first.risk_to), (second.risk_from, second.risk_to))
        and _cross(_days(first), _days(second))
    )


def _between(kind, first, second):
    """The finding, with the box in which both apply."""
    begin, end = _common_band(_days(first), _days(second))
    low, high = _common_band(
        (first.amount_from, first.amount_to), (second.amount_from, second.amount_to)
    )
    risk_from, risk_to = _common_band(
        (first.risk_from, first.risk_to), (second.risk_from, second.risk_to)
    )
    return Weakness(
        kind,
        first.document_type,
        first.company or second.company,
        first,
        second,
        low,
        high,
        risk_from,
        risk_to,
        None if begin == date.min else begin,
        end and end - ONE_DAY,
    )


def _scope(policy):
    return (
        policy.company,
        policy.facilities,
        policy.departments,
        policy.payer_types,
        policy.vendor_categories,
        policy.contract_types,
    )


def _days(policy):
    """First day, and the day after the last one."""
    return policy.valid_from or date.min, policy.valid_to and policy.valid_to + ONE_DAY


def _same_or_any(first, second):
    return first is None or second is None or first == second


def _share(first, second):
    return not first or not second or bool(first & second)


def _common_band(first, second):
    ends = [end for end in (first[1], second[1]) if end is not None]
    return max(first[0], second[0]), min(ends, default=None)


def _cross(first, second):
    low, high = _common_band(first, second)
    return high is None or low < high


# ----------------------------------------------------------------------
# More money, fewer people
# ----------------------------------------------------------------------
def find_inversions(policies, start=None):
    """Where a larger amount of one scope needs less than a smaller one.

    Each scope that a policy names is gone through from the smallest amount to the
    largest, at the risk and on the day where the policy begins.
    """
    by_kind = defaultdict(list)
    for policy in policies:
        by_kind[policy.document_type].append(policy)
    found = {}
    for group in by_kind.values():
        for policy in group:
            for lower, upper in _descents(_example(policy, start), group):
                finding = _inversion(lower, upper)
                found.setdefault((upper.ref, lower.ref), finding)
    return list(found.values())


def _descents(facts, policies):
    """(policy below, policy above) where strictness falls with the amount."""
    edges = {Decimal(0)} | {
        edge
        for policy in policies
        for edge in (policy.amount_from, policy.amount_to)
        if edge is not None
    }
    winners = [
        evaluate(replace(facts, amount=edge), policies).policy for edge in sorted(edges)
    ]
    for lower, upper in pairwise(winner for winner in winners if winner):
        if upper.strictness < lower.strictness:
            yield lower, upper


def _inversion(lower, upper):
    return Weakness(
        INVERSION,
        upper.document_type,
        upper.company or lower.company,
        upper,
        lower,
        max(upper.amount_from, lower.amount_to or upper.amount_from),
        upper.amount_to,
    )


def _example(policy, start):
    """Facts of a document in the scope of ``policy``."""
    day = max(policy.valid_from or date.min, start or date.min)
    return Facts(
        policy.document_type,
        policy.effect or "",
        policy.amount_from,
        policy.company or 0,
        facility=min(policy.facilities, default=None),
        payer_type=min(policy.payer_types, default=None),
        department=min(policy.departments, default=None),
        vendor_categories=policy.vendor_categories,
        contract_type=min(policy.contract_types, default=None),
        risk=policy.risk_from,
        on=None if day == date.min else day,
        domains=frozenset({policy.ref} if policy.domain else ()),
    )


def _on(policy, day):
    begin, after = _days(policy)
    return begin <= day and (after is None or day < after)


def _still_runs(policy, start):
    return start is None or policy.valid_to is None or policy.valid_to >= start
