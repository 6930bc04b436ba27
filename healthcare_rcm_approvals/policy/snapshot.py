"""A policy as JSON-able data and back: what a version keeps."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

from .facts import Policy, Step

SETS = frozenset(
    {
        "facilities",
        "payer_types",
        "departments",
        "vendor_categories",
        "contract_types",
        "users",
    }
)
# Rules that came later: at their default they are left out, so that the fingerprint
# of a version from before them stays what it is.
LATER = {"expire_after_hours": 0.0}


def to_json(policy: Policy) -> dict:
    """Plain data with sorted lists; equal policies give equal data."""
    data = {
        item.name: _plain(getattr(policy, item.name))
        for item in fields(Policy)
        if item.name != "steps" and not _is_later_default(policy, item.name)
    }
    steps = sorted(policy.steps, key=lambda step: (step.sequence, step.ref))
    data["steps"] = [
        {item.name: _plain(getattr(step, item.name)) for item in fields(Step)}
        for step in steps
    ]
    return data


def from_json(data: dict) -> Policy:
    """The policy that :func:`to_json` wrote; fields it does not know get defaults."""
    values = _values(Policy, data)
    values["steps"] = tuple(Step(**_values(Step, step)) for step in data["steps"])
    return Policy(**values)


def _is_later_default(policy, name):
    return name in LATER and getattr(policy, name) == LATER[name]


def _plain(value):
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _values(kind, data):
    known = {item.name for item in fields(kind)}
    return {name: _read(name, value) for name, value in data.items() if name in known}


def _read(name, value):
    if name in SETS:
        return frozenset(value)
    if name in ("amount_from", "amount_to") and value is not None:
        return Decimal(value)
    if name in ("valid_from", "valid_to") and value is not None:
        return date.fromisoformat(value)
    return value
