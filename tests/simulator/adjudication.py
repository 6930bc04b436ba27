"""How the simulated payers decide claims, to the cent."""

import random
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from . import world
from .knobs import Knobs

CENT = Decimal("0.01")
DENIAL_REASONS = ("50", "197", "16", "96")


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent, as the simulated payers do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class SubmittedLine:
    """A claim line as the payer received it (``number`` is REF*6R)."""

    number: str
    code: str
    charge: Decimal
    units: int = 1
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmittedClaim:
    """A claim as the payer received it; ``payers`` in coordination order."""

    control_number: str
    payers: tuple[str, ...]
    facility: str
    service_date: date
    lines: tuple[SubmittedLine, ...]

    @property
    def charge(self) -> Decimal:
        return sum((line.charge for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """One SVC: what was paid and its (group, CARC, amount) adjustments."""

    line: SubmittedLine
    paid: Decimal
    adjustments: tuple[tuple[str, str, Decimal], ...]

    def patient_share(self) -> Decimal:
        amounts = (amount for group, _, amount in self.adjustments if group == "PR")
        return sum(amounts, Decimal(0))

    def negated(self) -> "DecidedLine":
        adjustments = tuple((g, r, -amount) for g, r, amount in self.adjustments)
        line = replace(self.line, charge=-self.line.charge)
        return DecidedLine(line, -self.paid, adjustments)


@dataclass(frozen=True, slots=True)
class Decision:
    """One CLP of a remittance."""

    claim: SubmittedClaim
    payer: str
    status: str
    payer_claim_number: str
    lines: tuple[DecidedLine, ...]
    interest: Decimal = Decimal(0)
    original_number: str | None = None

    @property
    def charge(self) -> Decimal:
        return sum((line.line.charge for line in self.lines), Decimal(0))

    @property
    def paid(self) -> Decimal:
        return sum((line.paid for line in self.lines), Decimal(0))

    @property
    def patient_share(self) -> Decimal:
        return sum((line.patient_share() for line in self.lines), Decimal(0))

    @property
    def denied(self) -> bool:
        """Whether any line was refused (a denial leaves the receivable open)."""
        reasons = {r for line in self.lines for _, r, _ in line.adjustments}
        return bool(reasons & set(DENIAL_REASONS))

    def reversal(self) -> "Decision":
        """Status 22: every amount negated, groups and numbers as they were."""
        lines = tuple(line.negated() for line in self.lines)
        return replace(self, status="22", lines=lines, interest=Decimal(0))


def _keep(*adjustments):
    return tuple(item for item in adjustments if item[2])


def decide_line(
    rng: random.Random, knobs: Knobs, payer: world.PayerProfile, line: SubmittedLine
) -> DecidedLine:
    """Allow by fee schedule, take patient share and sequestration, or deny."""
    if rng.random() < knobs.denial_rate:
        reason = rng.choice(DENIAL_REASONS)
        return DecidedLine(line, Decimal(0), (("CO", reason, line.charge),))
    allowed = world.SERVICES[line.code].allowed[payer.code] * line.units
    if rng.random() < knobs.underpayment_rate:
        allowed = cents(allowed * Decimal("0.85"))
    if payer.coinsurance and rng.random() < knobs.deductible_rate:
        share = ("PR", "1", allowed)
    else:
        share = ("PR", "2", cents(allowed * payer.coinsurance))
    due = allowed - share[2]
    kept = cents(due * payer.sequestration)
    return DecidedLine(
        line,
        due - kept,
        _keep(("CO", "45", line.charge - allowed), ("CO", "253", kept), share),
    )


def decide_primary(knobs: Knobs, claim: SubmittedClaim, position: int) -> Decision:
    """The first payer's decision; the same claim and seed decide the same."""
    payer = world.PAYERS[claim.payers[0]]
    rng = random.Random(f"decision-{knobs.seed}-{position}")
    lines = tuple(decide_line(rng, knobs, payer, line) for line in claim.lines)
    number = f"{payer.code[:2]}{knobs.seed:02d}{position:06d}"
    return Decision(claim, payer.code, "1", number, lines)


def decide_secondary(primary: Decision, position: int) -> Decision:
    """The next payer: 100 % of the charge, the prior payer's impact as OA-23.

    It pays 60 % of the patient share it inherits and writes off the rest (CO-45).
    Claims with a denied line never come here: their first payer is not done yet.
    """
    lines = []
    for decided in primary.lines:
        share = decided.patient_share()
        paid = cents(share * Decimal("0.60"))
        lines.append(
            DecidedLine(
                decided.line,
                paid,
                _keep(
                    ("OA", "23", decided.line.charge - share),
                    ("CO", "45", share - paid),
                ),
            )
        )
    payer = primary.claim.payers[1]
    number = f"{payer[:2]}S{position:07d}"
    return Decision(primary.claim, payer, "2", number, tuple(lines))


def _pay_as_allowed(payer: str, line: SubmittedLine) -> DecidedLine:
    allowed = world.SERVICES[line.code].allowed[payer] * line.units
    return DecidedLine(line, allowed, _keep(("CO", "45", line.charge - allowed)))


def decide_revised(decision: Decision, claim: SubmittedClaim) -> Decision:
    """The decision on the replacement ``claim`` of what ``decision`` had paid."""
    lines = tuple(_pay_as_allowed(decision.payer, line) for line in claim.lines)
    return replace(correct(decision), claim=claim, lines=lines)


def correct(decision: Decision) -> Decision:
    """What follows a reversal: every line is paid in full as allowed; a new payer
    claim number refers to the old one."""
    return replace(
        decision,
        lines=tuple(
            _pay_as_allowed(decision.payer, item.line) for item in decision.lines
        ),
        payer_claim_number=f"{decision.payer_claim_number}C",
        original_number=decision.payer_claim_number,
    )
