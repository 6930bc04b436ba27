"""The entries of a claim as values: amounts by purpose, balanced to the cent.

Debit is positive, credit negative. Nothing here knows Odoo: amounts come in as
decimals, lines go out, and an entry that does not balance is an error of the caller
that stops the posting. It is never corrected.
"""

from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal("0.00")
RECEIVABLES = ("receivable_payer", "receivable_patient")
# Where what is still asked for stands; entries of a claim are matched there.
OPEN_ITEMS = (*RECEIVABLES, "patient_unbilled")


class EntryError(ValueError):
    """An entry that must not be posted; the text names amounts and nothing else."""


class Tax(NamedTuple):
    """What one tax adds to an entry: who it is owed to is ``key``."""

    key: int
    amount: Decimal
    base: Decimal


class Base(NamedTuple):
    """What of an invoice bears the same taxes: their keys, without and with them."""

    taxes: tuple
    amount: Decimal
    total: Decimal


class EntryLine(NamedTuple):
    """One line of an entry: its purpose, its signed amount and its role.

    ``role`` says what the line is on an invoice: ``receivable``, ``product`` (counts
    in the invoice total), ``tax`` (counts too, owed to the state) or ``reserve`` (a
    pair beside the total). ``mark`` is the ``Base`` or ``Tax`` it stands for.
    """

    purpose: str
    amount: Decimal
    role: str = "product"
    mark: tuple = ()


class ClaimAmounts(NamedTuple):
    """What a claim is charged at and what of it is not expected to be collected.

    Taxes stand beside the charge; only a guarantor is ever asked for any.
    """

    charge: Decimal
    contractual: Decimal = ZERO
    sequestration: Decimal = ZERO
    concession: Decimal = ZERO
    self_pay: bool = False
    bases: tuple = ()
    taxes: tuple = ()


def claim_invoice(amounts):
    """Lines of a claim's invoice: gross charge, and the expected allowances.

    The allowances are pairs beside the invoice total, so that the invoice equals the
    claim's charge while revenue is carried at what is expected.
    """
    check_claim(amounts)
    return _invoice_lines(amounts)


def claim_change(new, old):
    """Lines that take a claim's invoices from ``old`` amounts to ``new`` ones.

    For replacements: a supplementary invoice when the charge rose, a credit note
    when it fell (its receivable line is then a credit), and only allowances when it
    stayed. Empty when nothing changed.
    """
    check_claim(new)
    difference = ClaimAmounts(
        new.charge - old.charge,
        new.contractual - old.contractual,
        new.sequestration - old.sequestration,
        new.concession - old.concession,
        new.self_pay,
        *taxes_between((new.bases, new.taxes), (old.bases, old.taxes)),
    )
    return _invoice_lines(difference)


def claim_credit(old, self_pay):
    """Lines of the credit note that takes a claim's invoices back whole."""
    return _invoice_lines(
        ClaimAmounts(
            -old.charge,
            -old.contractual,
            -old.sequestration,
            -old.concession,
            self_pay,
            *taxes_between(((), ()), (old.bases, old.taxes)),
        )
    )


def taxes_between(new, old):
    """``(bases, taxes)`` that lead from the ``old`` pair to the ``new`` one."""
    bases, taxes = {}, {}
    for sign, (some_bases, some_taxes) in ((1, new), (-1, old)):
        for base in some_bases:
            amount, total = bases.get(base.taxes, (ZERO, ZERO))
            bases[base.taxes] = (
                amount + sign * base.amount,
                total + sign * base.total,
            )
        for tax in some_taxes:
            amount, base = taxes.get(tax.key, (ZERO, ZERO))
            taxes[tax.key] = (amount + sign * tax.amount, base + sign * tax.base)
    return (
        tuple(Base(key, *both) for key, both in bases.items() if any(both)),
        tuple(Tax(key, *both) for key, both in taxes.items() if any(both)),
    )


def tax_sum(taxes):
    """What ``taxes`` come to together."""
    return sum((tax.amount for tax in taxes), ZERO)


def _invoice_lines(amounts):
    receivable = "receivable_patient" if amounts.self_pay else "receivable_payer"
    reserve = amounts.contractual + amounts.sequestration
    lines = (
        EntryLine(receivable, amounts.charge + tax_sum(amounts.taxes), "receivable"),
        *_asked_for("revenue", amounts.charge, amounts.bases, amounts.taxes),
        EntryLine("contractual", amounts.contractual, "reserve"),
        EntryLine("sequestration", amounts.sequestration, "reserve"),
        EntryLine("reserve", -reserve, "reserve"),
        EntryLine("concession", amounts.concession, "reserve"),
        EntryLine("concession_reserve", -amounts.concession, "reserve"),
    )
    return check_balanced(tuple(line for line in lines if line.amount))


def _asked_for(purpose, amount, bases, taxes):
    """What an invoice asks for: what bears taxes apart, the rest, each tax once."""
    rest = amount - sum((base.amount for base in bases), ZERO)
    return (
        *(EntryLine(purpose, -base.amount, "product", base) for base in bases),
        EntryLine(purpose, -rest),
        *(EntryLine("tax", -tax.amount, "tax", tax) for tax in taxes),
    )


def check_claim(amounts):
    """Raise when the amounts of a claim cannot be right."""
    if (amounts.bases or amounts.taxes) and not amounts.self_pay:
        raise EntryError("a claim to a payer carries no tax")
    if amounts.charge <= ZERO:
        raise EntryError(f"charge {amounts.charge} is not above zero")
    # A payer may allow more than is charged: its contractual is then negative. The
    # others are shares of what is expected.
    for name in ("sequestration", "concession"):
        if getattr(amounts, name) < ZERO:
            raise EntryError(f"expected {name} {getattr(amounts, name)} is below zero")
    allowances = amounts.contractual + amounts.sequestration + amounts.concession
    if allowances > amounts.charge:
        raise EntryError(
            f"expected allowances {allowances} exceed the charge {amounts.charge}"
        )
    if amounts.self_pay and (amounts.contractual or amounts.sequestration):
        raise EntryError("a self-pay claim has no payer allowances")


def patient_invoice(amount, bases=(), taxes=(), included=ZERO):
    """Lines of the invoice of a patient's share that remittances made final.

    A negative amount is the credit note for a share that was taken back. Services the
    payer does not cover may bear taxes beside their share; a tax that is ``included``
    in it comes out of the revenue.
    """
    if not amount:
        raise EntryError("patient share is zero")
    owed = amount - included + tax_sum(taxes)
    lines = (
        EntryLine("receivable_patient", owed, "receivable"),
        *_asked_for("patient_unbilled", amount, bases, taxes),
        EntryLine("revenue", included),
    )
    return check_balanced(tuple(line for line in lines if line.amount))


def entry(amounts):
    """Lines from ``{purpose: signed amount}``; zero amounts are left out."""
    lines = tuple(
        EntryLine(purpose, amount) for purpose, amount in amounts.items() if amount
    )
    if not lines:
        raise EntryError("entry has no amounts")
    return check_balanced(lines)


def check_balanced(lines):
    """Return ``lines``; raise unless debits equal credits exactly."""
    difference = sum((line.amount for line in lines), ZERO)
    if difference:
        raise EntryError(f"entry is out of balance by {difference}")
    return lines


def totals(lines):
    """``{purpose: amount}`` of ``lines``, without zeros."""
    sums = {}
    for line in lines:
        sums[line.purpose] = sums.get(line.purpose, ZERO) + line.amount
    return {purpose: amount for purpose, amount in sums.items() if amount}
