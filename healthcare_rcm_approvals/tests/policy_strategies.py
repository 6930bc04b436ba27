"""Random policies and facts over a few values, so that they often meet."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from ..policy import Facts, Policy, Step

TODAY = date(2026, 6, 15)
KIND = "vendor_bill"

days = st.integers(-20, 20).map(lambda delta: TODAY + timedelta(days=delta))
amounts = st.sampled_from([Decimal(n) for n in (0, 1, 50, 100, 101, 500, 1000)])
few = st.sampled_from([1, 2, 3])
words = st.sampled_from(["medicare", "commercial"])


SETS = {
    "facilities": few,
    "payer_types": words,
    "departments": few,
    "vendor_categories": few,
    "contract_types": words,
}


def sets(values):
    return st.frozensets(values, max_size=2)


@st.composite
def bands(draw, values):
    """(from, to) with to above from, or None."""
    low = draw(values)
    high = draw(st.none() | values.filter(lambda value: value > low))
    return low, high


@st.composite
def steps(draw):
    kinds = draw(st.lists(st.sampled_from([7, 8]), max_size=3))
    return tuple(
        Step(ref, 10 * draw(st.integers(1, 2)), role, draw(st.integers(1, 2)))
        for ref, role in enumerate(kinds, start=1)
    )


@st.composite
def policies(draw, ref):
    low, high = draw(bands(amounts.filter(lambda amount: amount < 1000)))
    risk_low, risk_high = draw(bands(st.sampled_from([0, 0, 20, 40])))
    begin, end = draw(st.none() | days), draw(st.none() | days)
    if begin and end and end < begin:
        begin, end = end, begin
    return Policy(
        ref,
        f"P{ref}",
        KIND,
        amount_from=low,
        amount_to=high,
        company=draw(st.none() | st.sampled_from([1, 2])),
        facilities=draw(sets(few)),
        payer_types=draw(sets(words)),
        departments=draw(sets(few)),
        vendor_categories=draw(sets(few)),
        contract_types=draw(sets(words)),
        risk_from=risk_low,
        risk_to=risk_high,
        valid_from=begin,
        valid_to=end,
        domain=draw(st.sampled_from([None, None, "[('x', '=', 1)]"])),
        priority=draw(st.sampled_from([5, 10, 10])),
        auto_after_hours=draw(st.sampled_from([0, 0, 8])),
        steps=draw(steps()),
    )


@st.composite
def narrower(draw, wide, ref):
    """A policy all of whose conditions lie within those of ``wide``."""
    changes = {"ref": ref, "name": f"P{ref}", "steps": draw(steps())}
    if wide.company is None and draw(st.booleans()):
        changes["company"] = draw(st.sampled_from([1, 2]))
    for name, values in SETS.items():
        inside = getattr(wide, name)
        if draw(st.booleans()):
            source = st.sampled_from(sorted(inside)) if inside else values
            most = len(inside) or 2
            changes[name] = draw(st.frozensets(source, min_size=1, max_size=most))
    return replace(wide, **changes)


@st.composite
def policy_sets(draw, most=6):
    count = draw(st.integers(0, most))
    return [draw(policies(ref)) for ref in range(1, count + 1)]


@st.composite
def facts(draw):
    return Facts(
        KIND,
        "post",
        draw(amounts) * draw(st.sampled_from([1, -1])),
        company=draw(st.sampled_from([1, 2])),
        facility=draw(st.none() | few),
        payer_type=draw(st.none() | words),
        department=draw(st.none() | few),
        vendor_categories=draw(sets(few)),
        contract_type=draw(st.none() | words),
        risk=draw(st.sampled_from([0, 10, 20, 39, 40, 100])),
        on=TODAY,
        domains=draw(st.frozensets(st.integers(1, 6))),
    )
