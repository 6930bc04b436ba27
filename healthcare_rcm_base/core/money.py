"""Money at the border between Odoo's floats and exact decimals."""

import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

ZERO = Decimal("0.00")


def to_decimal(value, digits=2):
    """Return ``value`` as a Decimal with ``digits`` places.

    A float is read by its shortest representation and rounded half up as Odoo's
    currencies do: binary noise (0.1 + 0.2) disappears. Text, integers and decimals
    are exact already, so more places than ``digits`` are an error, never rounded
    away. ``None``, ``False`` and the empty string are not amounts.
    """
    if value is None or isinstance(value, bool) or value == "":
        raise ValueError(f"not an amount: {value!r}")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"not an amount: {value!r}")
        return _clean(Decimal(repr(value)).quantize(_unit(digits), ROUND_HALF_UP))
    try:
        exact = Decimal(value)
        rounded = exact.quantize(_unit(digits), ROUND_HALF_UP)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"not an amount: {value!r}") from error
    if rounded != exact:
        raise ValueError(f"more than {digits} decimal places: {value!r}")
    return _clean(rounded)


def from_decimal(value, digits=2):
    """Return the float Odoo stores for ``value``; it reads back as the same."""
    exact = to_decimal(value, digits)
    number = float(exact)
    if to_decimal(number, digits) != exact:
        raise ValueError(f"too large to be kept exactly: {value!r}")
    return number


def total(values, digits=2):
    """Sum amounts exactly."""
    return sum(
        (to_decimal(value, digits) for value in values),
        Decimal(0).quantize(_unit(digits)),
    )


def _unit(digits):
    return Decimal(1).scaleb(-digits)


def _clean(amount):
    """Negative zero reads like a mistake in a ledger."""
    return abs(amount) if not amount else amount
