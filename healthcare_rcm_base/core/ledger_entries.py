"""The entries of a claim as values: amounts by purpose, balanced to the cent.

Debit is positive, credit negative. Nothing here knows Odoo: amounts come in as
decimals, lines go out, and an entry that does not balance is an error of the caller
that stops the posting. It is never corrected.
"""

from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal("0.00")


class EntryError(ValueError):
    """An entry that must not be posted; the text names amounts and nothing else."""


class EntryLine(NamedTuple):
    """One line of an entry: its purpose, its signed amount and its role.

    ``role`` says what the line is on an invoice: ``receivable``, ``product`` (counts
    in the invoice total) or ``reserve`` (a pair beside the total).
    """

    purpose: str
    amount: Decimal
    role: str


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
    _check_claim(amounts)
    receivable = "receivable_patient" if amounts.self_pay else "receivable_payer"
    lines = [
        EntryLine(receivable, amounts.charge, "receivable"),
        EntryLine("revenue", -amounts.charge, "product"),
    ]
    for purpose, reserve, amount in (
        ("contractual", "reserve", amounts.contractual),
        ("sequestration", "reserve", amounts.sequestration),
        ("concession", "concession_reserve", amounts.concession),
    ):
        if amount:
            lines.append(EntryLine(purpose, amount, "reserve"))
            lines.append(EntryLine(reserve, -amount, "reserve"))
    check_balanced(lines)
    return tuple(lines)


def _check_claim(amounts):
    if amounts.charge <= ZERO:
        raise EntryError(f"charge {amounts.charge} is not above zero")
    for name in ("contractual", "sequestration", "concession"):
        # A payer may be expected to allow more than is charged: the allowance is
        # then negative. The other two are shares of what is expected.
        if name != "contractual" and getattr(amounts, name) < ZERO:
            raise EntryError(f"expected {name} {getattr(amounts, name)} is below zero")
    allowances = amounts.contractual + amounts.sequestration + amounts.concession
    if allowances > amounts.charge:
        raise EntryError(
            f"expected allowances {allowances} exceed the charge {amounts.charge}"
        )
    if amounts.self_pay and (amounts.contractual or amounts.sequestration):
        raise EntryError("a self-pay claim has no payer allowances")


def patient_invoice(amount):
    """Lines of the invoice of a patient's share that remittances made final."""
    if amount <= ZERO:
        raise EntryError(f"patient share {amount} is not above zero")
    return (
        EntryLine("receivable_patient", amount, "receivable"),
        EntryLine("patient_unbilled", -amount, "product"),
    )


# Local entries: what we decide ourselves about a claim. Each names the purpose it
# books to, against the purpose it takes from; a positive amount reduces what is owed.
LOCAL_KINDS = {
    "small_balance": "small_balance_writeoff",
    "administrative": "administrative_writeoff",
    "denial": "denial_writeoff",
    "charity": "charity",
    "bad_debt": "bad_debt",
    "give_up": "concession_reserve",
    "concession_release": "concession",
    "true_up": "contractual",
    "overpayment": "payer_overpayment",
    "credit": "patient_credits",
    "other": None,
}


def check_balanced(lines):
    """Raise unless debits equal credits exactly."""
    difference = sum((line.amount for line in lines), ZERO)
    if difference:
        raise EntryError(f"entry is out of balance by {difference}")
    return lines


def local_entry(amounts):
    """Lines from ``{purpose: signed amount}``; zero amounts are left out."""
    lines = tuple(
        EntryLine(purpose, amount, "product")
        for purpose, amount in amounts.items()
        if amount
    )
    if not lines:
        raise EntryError("entry has no amounts")
    return check_balanced(lines)


def reversed_lines(lines):
    """The same lines with every sign turned."""
    return tuple(line._replace(amount=-line.amount) for line in lines)
