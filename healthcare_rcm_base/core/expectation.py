"""What a claim is expected to bring, from the priced lines: exact arithmetic.

``expected`` of a line is what payer and patient together should allow. The shares
are portfolio percentages of the contract; a claim carries their rounded sums.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Shares:
    """Percentages of the contract that split the allowed amount."""

    patient: Decimal = ZERO
    sequestration: Decimal = ZERO
    concession: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LineExpectation:
    """Amounts of one line: charge = expected + contractual, patient within it."""

    charge: Decimal
    expected: Decimal
    contractual: Decimal
    patient: Decimal


@dataclass(frozen=True, slots=True)
class ClaimExpectation:
    """Amounts of a claim; ``lines`` in the order given."""

    lines: tuple[LineExpectation, ...]
    total_charge: Decimal
    expected: Decimal
    contractual: Decimal
    patient: Decimal
    sequestration: Decimal
    concession: Decimal


def expect(lines, shares):
    """Split the claim of ``lines``, pairs (charge, allowed), by ``shares``.

    A contract that pays above the charge leaves a negative contractual amount: it is
    shown, never cut to zero, so that charge = expected + contractual always holds.
    Sequestration is taken from the payer's part once per claim, as payers do.
    """
    parts = tuple(_line(charge, allowed, shares) for charge, allowed in lines)
    expected = sum((part.expected for part in parts), ZERO)
    patient = sum((part.patient for part in parts), ZERO)
    return ClaimExpectation(
        lines=parts,
        total_charge=sum((part.charge for part in parts), ZERO),
        expected=expected,
        contractual=sum((part.contractual for part in parts), ZERO),
        patient=patient,
        sequestration=_percent(expected - patient, shares.sequestration),
        concession=_percent(patient, shares.concession),
    )


def expect_self_pay(charges, concession_percent):
    """Split a self-pay claim: the patient owes it all, a portfolio part is not paid."""
    return expect(
        [(charge, charge) for charge in charges],
        Shares(patient=HUNDRED, concession=concession_percent),
    )


def _line(charge, allowed, shares):
    return LineExpectation(
        charge=charge,
        expected=allowed,
        contractual=charge - allowed,
        patient=_percent(allowed, shares.patient),
    )


def _percent(amount, percent):
    return (amount * percent / HUNDRED).quantize(CENT, ROUND_HALF_UP)
