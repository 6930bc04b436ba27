"""Which fields of a payload are hidden on screens, and which are never stored."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from odoo.addons.healthcare_rcm_base.core.canonical import canonical_json

from . import field_path
from .field_path import MISSING

MASK, HIDE, DROP = "mask", "hide", "drop"
ACTIONS = (MASK, HIDE, DROP)
SHOWN = "•••"
DROPPED = "dropped:hmac-sha256:"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What happens to the values at ``path``.

    *mask*: shown to people who may see patients; *hide*: shown to nobody; *drop*:
    never stored, a keyed digest stands in its place.
    """

    path: str
    action: str


def dropped(data, rules, secret):
    """``data`` with every field that is never stored replaced by its digest.

    The same object when no rule touches it. The digest is keyed: whoever reads it can
    tell whether two values were equal and cannot try out what they were.
    """

    def digest(value):
        if value is MISSING or value is None or is_digest(value):
            return value
        code = hmac.new(secret.encode(), canonical_json(value), sha256)
        return DROPPED + code.hexdigest()

    kept = data
    for rule in rules:
        if rule.action == DROP:
            kept = field_path.replaced(kept, field_path.parse(rule.path), digest)
    return data if kept == data else kept


def is_digest(value):
    """Whether ``value`` stands in place of one that was never stored."""
    return isinstance(value, str) and value.startswith(DROPPED)


def digest_paths(data):
    """Paths (as a contract's faults name them) of values that were never stored."""
    found, stack = set(), [("$", data)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            stack.extend((f"{path}.{name}", item) for name, item in node.items())
        elif isinstance(node, list):
            stack.extend((f"{path}[{n}]", item) for n, item in enumerate(node))
        elif is_digest(node):
            found.add(path)
    return found


def masked(data, rules, sees_patients):
    """``data`` as a person may see it, by these rules alone."""
    for rule in rules:
        if rule.action == HIDE or (rule.action == MASK and not sees_patients):
            data = field_path.replaced(data, field_path.parse(rule.path), _blank)
    return data


def only(data, shown):
    """``data`` with everything masked but the single values at the paths ``shown``.

    For payloads in a source's own words: what nobody has mapped may be anything.
    """
    kept = [field_path.parse(path) for path in shown]
    return _only(data, kept)


def _only(data, kept):
    if any(not steps for steps in kept) and not isinstance(data, (dict, list)):
        return data
    if isinstance(data, dict):
        return {name: _only(item, _below(kept, name)) for name, item in data.items()}
    if isinstance(data, list):
        return [_only(item, _below(kept, number)) for number, item in enumerate(data)]
    return _blank(data)


def _below(kept, step):
    """What is left of the paths that go through ``step``."""
    return [
        steps[1:]
        for steps in kept
        if steps
        and (
            steps[0] == step or (steps[0] is field_path.EACH and isinstance(step, int))
        )
    ]


def _blank(value):
    return SHOWN if value not in (None, "", [], {}, False) else value
