"""What was ordered, received and billed, line by line."""

from dataclasses import dataclass
from decimal import Decimal

NOT_ORDERED, OVER_RECEIVED, OVER_ORDERED = (
    "not_ordered",
    "over_received",
    "over_ordered",
)
PRICE, VENDOR = "price", "vendor"
ZERO, HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a bill may go beyond the order: both limits have to hold.

    ``amount`` is in the company's currency, for each line. ``receipt`` asks that it
    was received; without it the order is compared with the bill only. Without
    ``order_needed`` a bill that names no order at all is not compared.
    """

    quantity_percent: Decimal = ZERO
    price_percent: Decimal = ZERO
    amount: Decimal = ZERO
    receipt: bool = True
    order_needed: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order line: quantities in its unit, ``price`` in the company's currency.

    ``billed`` is what posted bills took already, less what credit notes gave back.
    """

    ref: int
    quantity: Decimal
    received: Decimal
    price: Decimal
    billed: Decimal = ZERO
    vendor: int | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """A bill line in the unit of the order line it names, price as there."""

    ref: int
    quantity: Decimal
    price: Decimal
    order: int | None = None
    vendor: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree: of bill line ``line``, worth ``amount``."""

    code: str
    line: int
    expected: Decimal
    actual: Decimal
    amount: Decimal

    @property
    def difference(self):
        return self.actual - self.expected


def match(billed, ordered, tolerance):
    """Every difference beyond the tolerance, in the order of the bill's lines.

    Billing less, or at a lower price, is no difference: the rest stays to be billed.
    """
    by_ref = {item.ref: item for item in ordered}
    names_orders = any(line.order in by_ref for line in billed)
    found, seen = [], {}
    for line in billed:
        order = by_ref.get(line.order)
        if order is None:
            if names_orders or tolerance.order_needed:
                found += _unordered(line, tolerance)
            continue
        before = seen.get(order.ref, order.billed)
        seen[order.ref] = before + line.quantity
        found += _vendor(line, order)
        found += _quantity(line, order, before, tolerance)
        found += _price(line, order, tolerance)
    return tuple(found)


def _unordered(line, tolerance):
    worth = line.quantity * line.price
    if worth <= tolerance.amount:
        return []
    return [Difference(NOT_ORDERED, line.ref, ZERO, worth, worth)]


def _vendor(line, order):
    if order.vendor is None or line.vendor is None or order.vendor == line.vendor:
        return []
    worth = line.quantity * line.price
    return [Difference(VENDOR, line.ref, ZERO, worth, worth)]


def _quantity(line, order, before, tolerance):
    """Billed until now and with this line, against what may be billed."""
    if line.quantity <= 0:
        return []
    code, limit = OVER_ORDERED, order.quantity
    if tolerance.receipt and order.received < limit:
        code, limit = OVER_RECEIVED, order.received
    after = before + line.quantity
    excess = after - limit
    worth = excess * order.price
    if excess <= 0 or _within(
        excess, limit, worth, tolerance.quantity_percent, tolerance
    ):
        return []
    return [Difference(code, line.ref, limit, after, worth)]


def _price(line, order, tolerance):
    excess = line.price - order.price
    worth = excess * line.quantity
    if worth <= 0 or _within(
        excess, order.price, worth, tolerance.price_percent, tolerance
    ):
        return []
    return [Difference(PRICE, line.ref, order.price, line.price, worth)]


def _within(excess, base, worth, percent, tolerance):
    """Whether an excess over ``base`` is small in percent and in amount."""
    return excess * HUNDRED <= percent * max(base, ZERO) and worth <= tolerance.amount
