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


class EntryLine(NamedTuple):
    """One line of an entry: its purpose, its signed amount and its role.

    ``role`` says what the line is on an invoice: ``receivable``, ``product`` (counts
    in the invoice total) or ``reserve`` (a pair beside the total).
    """

    purpose: str
    amount: Decimal
    role: str = "product"


class ClaimAmounts(NamedTuple):
    """What a claim is charged at and what of it is not expected to be collected."""

    charge: Decimal
    contractual: Decimal = ZERO
    sequestration: Decimal = ZERO
    concession: Decimal = ZERO
    self_pay: bool = False


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
    )
    return _invoice_lines(difference)


def claim_credit(old, self_pay):
    """Lines of the credit note that takes a claim's invoices back whole."""
    return _invoice_lines(
        ClaimAmounts(
            -old.charge, -old.contractual, -old.sequestration, -old.concession, self_pay
        )
    )


def _invoice_lines(amounts):
    receivable = "receivable_patient" if amounts.self_pay else "receivable_payer"
    reserve = amounts.contractual + amounts.sequestration
    lines = (
        EntryLine(receivable, amounts.charge, "receivable"),
        EntryLine("revenue", -amounts.charge),
        EntryLine("contractual", amounts.contractual, "reserve"),
        EntryLine("sequestration", amounts.sequestration, "reserve"),
        EntryLine("reserve", -reserve, "reserve"),
        EntryLine("concession", amounts.concession, "reserve"),
        EntryLine("concession_reserve", -amounts.concession, "reserve"),
    )
    return check_balanced(tuple(line for line in lines if line.amount))


def check_claim(amounts):
    """Raise when the amounts of a claim cannot be right."""
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


def patient_invoice(amount):
    """Lines of the invoice of a patient's share that remittances made final.

    A negative amount is the credit note for a share that was taken back.
    """
    if not amount:
        raise EntryError("patient share is zero")
    return (
        EntryLine("receivable_patient", amount, "receivable"),
        EntryLine("patient_unbilled", -amount),
    )


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
