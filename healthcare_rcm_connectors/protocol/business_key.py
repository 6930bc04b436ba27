"""Which events must be worked on in order: those with the same business key."""

import re

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)\}")
KEY_MAX_LENGTH = 200


def paths(template):
    """Paths a template such as ``encounter:{encounter.number}`` reads."""
    return _PLACE.findall(template or "")


def make(template, data):
    """Fill ``template`` from ``data``; None when it is empty or a value is missing.

    Without a key an event depends on no other.
    """
    if not template:
        return None
    values = {path: look_up(data, path) for path in paths(template)}
    if any(value is None or value == "" for value in values.values()):
        return None
    key = _PLACE.sub(lambda match: str(values[match.group(1)]), template)
    return key[:KEY_MAX_LENGTH]


def look_up(data, path):
    """Value at a dotted path of nested objects, or None."""
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data if not isinstance(data, (dict, list)) else None
