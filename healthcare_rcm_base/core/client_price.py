"""What an ordering client pays for a service, as agreed with it."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")


class ClientPrice(NamedTuple):
    """One price of the list: per unit, in force from day to day."""

    code: str
    amount: Decimal
    date_from: date | None = None
    date_to: date | None = None

    def is_in_force(self, day):
        return (not self.date_from or self.date_from <= day) and (
            not self.date_to or day <= self.date_to
        )


def price(code, day, units, charge, prices, percent):
    """The client's price of a service, or ``None`` when nothing was agreed.

    The price list counts first, of several the one that began last; then the agreed
    percentage of the gross charge; a percentage of zero agrees nothing.
    """
    fitting = [one for one in prices if one.code == code and one.is_in_force(day)]
    if fitting:
        best = max(fitting, key=lambda one: one.date_from or date.min)
        return (best.amount * units).quantize(CENT, ROUND_HALF_UP)
    if percent:
        return (charge * percent / 100).quantize(CENT, ROUND_HALF_UP)
    return None
