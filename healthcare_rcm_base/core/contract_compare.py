"""What changed between two versions of a contract, rate by rate."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .pricing import value_text

HUNDRED = Decimal(100)
TERMS = (
    "network",
    "facilities",
    "default_method",
    "default_percent",
    "charge_cap_percent",
    "multiple_procedure_percents",
    "expected_patient_percent",
    "concession_percent",
    "sequestration_percent",
)
# What a rate says besides whom it is for.
VALUES = (
    "method",
    "charge_cap_percent",
    "multiple_procedure",
    "carve_out",
    "date_from",
    "date_to",
)


@dataclass(frozen=True, slots=True)
class RateChange:
    """One rate on both sides; ``percent`` where both are worth a like amount."""

    kind: str
    old: object = None
    new: object = None
    percent: Decimal | None = None


def compare_rates(old, new):
    """Return the ``RateChange`` s from ``old`` to ``new`` contract facts, by code.

    Rates for the same services are compared latest with latest, so that a price that
    ended earlier in the old version does not hide the one that followed it.
    """
    before, after = _by_services(old.rates), _by_services(new.rates)
    changes = []
    for key in sorted(before.keys() | after.keys(), key=str):
        left, right = before.get(key, []), after.get(key, [])
        for place in range(max(len(left), len(right))):
            one = left[place] if place < len(left) else None
            other = right[place] if place < len(right) else None
            changes.append(_change(one, other))
    return changes


def compare_terms(old, new):
    """Return {name of the term: (old, new)} of the terms that differ."""
    return {
        name: (getattr(old, name), getattr(new, name))
        for name in TERMS
        if getattr(old, name) != getattr(new, name)
    }


def rate_value(rate):
    """What a rate is worth in words, with what limits it."""
    words = [value_text(rate)]
    if rate.charge_cap_percent is not None:
        words.append(f"at most {rate.charge_cap_percent.normalize():f} % of charge")
    if rate.multiple_procedure:
        words.append("reducible")
    if rate.carve_out:
        words.append("carved out")
    if rate.date_from:
        words.append(f"from {rate.date_from}")
    if rate.date_to:
        words.append(f"until {rate.date_to}")
    return ", ".join(words)


def _by_services(rates):
    groups = {}
    for rate in rates:
        key = (
            rate.code,
            rate.code_to,
            tuple(sorted(rate.modifiers)),
            rate.place_of_service,
            str(rate.facility or ""),
            rate.revenue_code,
        )
        groups.setdefault(key, []).append(rate)
    for items in groups.values():
        items.sort(key=lambda rate: rate.specificity, reverse=True)
    return groups


def _change(old, new):
    if old is None:
        return RateChange("added", None, new)
    if new is None:
        return RateChange("removed", old, None)
    same = _worth(old) == _worth(new) and all(
        getattr(old, name) == getattr(new, name) for name in VALUES
    )
    kind = "same" if same else "changed"
    return RateChange(kind, old, new, _percent(old, new))


def _worth(rate):
    return rate.percent if rate.method == "percent_of_charge" else rate.amount


def _percent(old, new):
    """By how many percent the worth moved; None where that says nothing."""
    if old.method != new.method or not _worth(old):
        return None
    move = (_worth(new) - _worth(old)) / _worth(old) * HUNDRED
    return move.quantize(Decimal("0.01"), ROUND_HALF_UP)
