"""Whether a change of a confirmed order asks for more than was agreed to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class OrderLine:
    """``fixed`` is whatever may not change at all (product, unit, taxes, account)."""

    fixed: Any
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """``fixed``: vendor, currency, company; ``lines``: by a key that stays."""

    fixed: Any
    lines: dict[int, OrderLine]


def is_within(after, before):
    """Whether ``after`` asks for nothing that ``before`` did not.

    Less of a line, a lower price, or a line less need no new approval; a rebate (a
    price below zero) has to stay whole.
    """
    if after.fixed != before.fixed:
        return False
    rebates = {key for key, line in before.lines.items() if line.price < 0}
    return rebates <= after.lines.keys() and all(
        key in before.lines and _line_within(line, before.lines[key])
        for key, line in after.lines.items()
    )


def _line_within(after, before):
    if after.fixed != before.fixed or after.price > before.price:
        return False
    if before.price < 0:
        return after.quantity == before.quantity
    return Decimal(0) <= after.quantity <= before.quantity
