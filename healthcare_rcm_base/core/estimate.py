"""What a patient will probably owe for services that are not billed yet.

Copay first, once a visit; then the deductible that is left; coinsurance on the rest;
never more than is allowed, nor than the plan's out-of-pocket rest. The steps carry
their figures and add up to the answer.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .pricing_facts import TraceStep

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Benefits:
    """What a plan leaves to the patient. ``None``: no out-of-pocket limit known."""

    copay: Decimal = ZERO
    deductible_left: Decimal = ZERO
    coinsurance_percent: Decimal = ZERO
    out_of_pocket_left: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """One service: its gross charge, and what the contract allows (None: unknown)."""

    charge: Decimal
    allowed: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """charge = discount + payer + patient + unknown, to the cent."""

    charge: Decimal
    allowed: Decimal
    discount: Decimal
    payer: Decimal
    patient: Decimal
    unknown: Decimal
    steps: tuple[TraceStep, ...]


def estimate(lines, benefits):
    """Estimate the patient's part of ``lines`` under ``benefits``.

    Services without a price are kept apart as ``unknown``: nothing is invented for
    them, and the patient may owe any part of their charge.
    """
    charge = sum((line.charge for line in lines), ZERO)
    known = [line for line in lines if line.allowed is not None]
    allowed = sum((line.allowed for line in known), ZERO)
    unknown = charge - sum((line.charge for line in known), ZERO)
    steps = [_step("allowed", "The plan allows", allowed)]
    copay = min(benefits.copay, allowed)
    if benefits.copay:
        steps.append(_step("copay", "Copay of the visit", copay))
    rest = allowed - copay
    deductible = min(benefits.deductible_left, rest)
    if benefits.deductible_left:
        text = f"Deductible: {benefits.deductible_left} left to meet, {deductible} here"
        steps.append(_step("deductible", text, deductible))
    rest -= deductible
    coinsurance = _percent(rest, benefits.coinsurance_percent)
    if benefits.coinsurance_percent:
        percent = f"{benefits.coinsurance_percent.normalize():f}"
        text = f"Coinsurance: {percent} % of {rest}"
        steps.append(_step("coinsurance", text, coinsurance))
    patient = copay + deductible + coinsurance
    limit = benefits.out_of_pocket_left
    if limit is not None and limit < patient:
        text = f"Out-of-pocket limit: {limit} left, so {patient - limit} less"
        steps.append(_step("limit", text, limit - patient))
        patient = limit
    steps.append(_step("patient", "The patient owes", patient))
    return Estimate(
        charge=charge,
        allowed=allowed,
        discount=charge - unknown - allowed,
        payer=allowed - patient,
        patient=patient,
        unknown=unknown,
        steps=tuple(steps),
    )


def estimate_self_pay(lines):
    """Without insurance the patient owes the charge."""
    charge = sum((line.charge for line in lines), ZERO)
    return Estimate(
        charge=charge,
        allowed=charge,
        discount=ZERO,
        payer=ZERO,
        patient=charge,
        unknown=ZERO,
        steps=(
            _step("self_pay", "Without insurance: the full charge", charge),
            _step("patient", "The patient owes", charge),
        ),
    )


def _step(code, text, amount):
    return TraceStep(code, text, amount)


def _percent(amount, percent):
    return (amount * percent / HUNDRED).quantize(CENT, ROUND_HALF_UP)
