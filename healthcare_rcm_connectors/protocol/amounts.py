"""How much money a payload speaks of: one place in it, or the sum over a list."""

import re
from decimal import Decimal, InvalidOperation

_PATH = re.compile(r"[a-z_][a-z0-9_]*(\[\])?(\.[a-z_][a-z0-9_]*(\[\])?)*\Z")


def is_path(text):
    """Whether ``text`` is a path such as ``charge.amount`` or ``charges[].amount``."""
    return bool(_PATH.match(text or ""))


def total(data, path):
    """Sum of the amounts at ``path`` as a Decimal, or None when there is none."""
    found = [value for value in _values(data, path.split(".")) if value is not None]
    return sum(found, Decimal(0)) if found else None


def _values(node, names):
    if not names:
        yield _amount(node)
        return
    name, rest = names[0], names[1:]
    listed = name.endswith("[]")
    node = node.get(name.removesuffix("[]")) if isinstance(node, dict) else None
    if not listed:
        yield from _values(node, rest)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, rest)


def _amount(value):
    """A finite Decimal, or None; a truth value is no amount."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
