"""Billing periods of a recurring contract: no gap, no overlap, exact shares."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Period(NamedTuple):
    """From day to day, both included; ``full_days`` are those of the whole period."""

    date_from: date
    date_to: date
    full_days: int

    @property
    def days(self):
        return (self.date_to - self.date_from).days + 1

    @property
    def is_whole(self):
        return self.days == self.full_days


def period_from(day, start, interval, aligned, end=None):
    """The period of a contract that begins on ``start`` in which ``day`` lies.

    Aligned periods follow the calendar, so the first and the last may be parts;
    others run from the day the contract began. ``end`` cuts the last one short.
    """
    if day < start or (end and day > end):
        raise ValueError("the day is outside the contract")
    months = MONTHS[interval]
    if aligned:
        number = (day.month - 1) // months * months + 1
        first = date(day.year, number, 1)
        following = add_months(first, months)
    else:
        count = 0
        while add_months(start, (count + 1) * months) <= day:
            count += 1
        first = add_months(start, count * months)
        following = add_months(start, (count + 1) * months)
    last = following - timedelta(days=1)
    return Period(
        max(first, start), min(last, end) if end else last, (following - first).days
    )


def add_months(day, months):
    """The same day ``months`` later, or the last one of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def prorate(amount, period):
    """What a part of a period costs, by its days, rounded half up to the cent."""
    if period.is_whole:
        return amount
    share = amount * period.days / period.full_days
    return share.quantize(CENT, ROUND_HALF_UP)
