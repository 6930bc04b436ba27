"""Entries of invoices that are not a claim's: to ordering clients, and contracts.

The price is agreed, so nothing is expected to be allowed: revenue is what is asked
for, and taxes stand beside it.
"""

from decimal import Decimal
from typing import NamedTuple

from .ledger_entries import ZERO, Base, EntryError, EntryLine, check_balanced


class Item(NamedTuple):
    """One line of such an invoice: what it is for, its price without tax, its taxes.

    A negative amount takes an earlier item back.
    """

    ref: int
    amount: Decimal
    taxes: tuple = ()


def bases(items, taxes_of):
    """What of ``items`` bears the same taxes, those without any left out.

    :param dict taxes_of: {item's ref: keys of its taxes}
    """
    sums = {}
    for item in items:
        if item.taxes:
            amount, whole = sums.get(taxes_of[item.ref], (ZERO, ZERO))
            sums[taxes_of[item.ref]] = (amount + item.amount, whole + total([item]))
    return tuple(Base(key, *both) for key, both in sums.items())


def total(items):
    """What these items come to, taxes included."""
    return sum(
        (item.amount + sum((tax.amount for tax in item.taxes), ZERO) for item in items),
        ZERO,
    )


def tax_totals(items):
    """``{tax key: (amount, base)}`` of these items."""
    sums = {}
    for item in items:
        for tax in item.taxes:
            amount, base = sums.get(tax.key, (ZERO, ZERO))
            sums[tax.key] = (amount + tax.amount, base + tax.base)
    return sums


def lines(items, receivable):
    """Lines of the entry: the receivable, revenue for each item, each tax once."""
    if not items:
        raise EntryError("the invoice has no lines")
    found = [EntryLine(receivable, total(items), "receivable")]
    found += [EntryLine("revenue", -item.amount) for item in items]
    found += [
        EntryLine("tax", -amount, "tax")
        for amount, _base in tax_totals(items).values()
        if amount
    ]
    return check_balanced(tuple(found))
