"""What is to happen with a remittance: a value that can be shown, hashed, posted."""

from dataclasses import dataclass, field
from decimal import Decimal

from odoo.addons.healthcare_rcm_base.core.findings import Finding

POST = "post"
PARK = "park"
HOLD = "hold"
NOTHING = "nothing"

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A journal line: debit positive. ``claim_index`` is the claim it comes from."""

    purpose: str
    balance: Decimal
    payer_id: int | None = None
    claim_id: int | None = None
    claim_index: int | None = None
    provider_index: int | None = None


@dataclass(frozen=True, slots=True)
class LineAction:
    """One CAS triple and what is done with it.

    ``service_index`` None: at claim level. ``position`` counts the triples of that
    level. ``posted`` is what reaches the ledger.
    """

    service_index: int | None
    position: int
    line_id: int | None
    group: str
    reason: str
    amount: Decimal
    action: str
    posted: Decimal = ZERO
    next_payer_id: int | None = None
    rule_id: int | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Variance:
    """The payer allowed something else than the contract; ``line_id`` None: claim."""

    line_id: int | None
    expected: Decimal
    allowed: Decimal

    @property
    def difference(self) -> Decimal:
        """Positive: we were paid too little."""
        return self.expected - self.allowed


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """The decision on one CLP and everything that follows from it."""

    index: int
    decision: str
    control_number: str
    claim_id: int | None = None
    paid: Decimal = ZERO
    reasons: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    actions: tuple[LineAction, ...] = ()
    lines: tuple[PlanLine, ...] = ()
    matches: tuple[tuple[int, int], ...] = ()
    variances: tuple[Variance, ...] = ()
    leg_sequence: int | None = None
    next_payer_id: int | None = None
    crossover: bool = False
    estimate: bool = False
    reverses: int | None = None
    takes_back_local: bool = False
    kinds: tuple[tuple[int | None, str, Decimal], ...] = ()

    @property
    def denials(self) -> tuple[LineAction, ...]:
        """The denied dollars, a record each."""
        return tuple(item for item in self.actions if item.action == "denial")

    @property
    def receivable(self) -> Decimal:
        """What this claim takes off the payer's receivable."""
        return self.paid + sum((item.posted for item in self.actions), ZERO)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A part of a PLB that opens (id None) or uses an overpayment record."""

    overpayment_id: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ProviderOutcome:
    """One PLB pair: journal lines, or a memo, or unmapped."""

    index: int
    reason: str
    reference: str
    amount: Decimal
    treatment: str
    lines: tuple[PlanLine, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Proofs:
    """The sums that must tie: posted + parked = payment + provider adjustments."""

    payment: Decimal = ZERO
    claims: Decimal = ZERO
    posted: Decimal = ZERO
    parked: Decimal = ZERO
    provider: Decimal = ZERO
    receivable: Decimal = ZERO
    adjusted: Decimal = ZERO

    @property
    def ties(self) -> bool:
        """Whether every cent has its place."""
        return (
            self.posted + self.parked == self.payment + self.provider
            and self.receivable == self.posted + self.adjusted
        )


@dataclass(frozen=True, slots=True)
class PostingPlan:
    """All that posting one ST would do. ``digest`` changes when any of it changes."""

    decision: str
    stops: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[ClaimOutcome, ...] = ()
    provider: tuple[ProviderOutcome, ...] = ()
    lines: tuple[PlanLine, ...] = ()
    proofs: Proofs = field(default_factory=Proofs)
    digest: str = ""

    def outcome(self, index: int) -> ClaimOutcome:
        """The outcome of the claim with this index."""
        return next(item for item in self.outcomes if item.index == index)

    def with_decision(self, decision: str) -> tuple[ClaimOutcome, ...]:
        """The outcomes decided this way."""
        return tuple(item for item in self.outcomes if item.decision == decision)
