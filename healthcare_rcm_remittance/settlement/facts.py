"""What we know before a remittance is planned. Amounts are exact Decimals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from . import purposes

ZERO = Decimal(0)

PARK_CLAIM = "park_claim"
ALL_OR_NOTHING = "all_or_nothing"

# A payment without a date (BPR16): wait for a person, or count it from its receipt.
HOLD_UNDATED = "hold"
DATE_BY_RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of our claim. ``expected`` is what the contract allows, if it says."""

    id: int
    control_number: str
    code: str
    modifiers: tuple[str, ...] = ()
    charge: Decimal = ZERO
    units: Decimal = Decimal(1)
    service_date: date | None = None
    expected: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One payer in the claim's coordination order.

    ``billable``: the coverage is active and this payer has not been settled, so the
    balance may move to it.
    """

    sequence: int
    payer_id: int
    billable: bool = True


@dataclass(frozen=True, slots=True)
class PostedAdjustment:
    """A CAS amount as it was posted, with the action taken then."""

    line_id: int | None
    group: str
    reason: str
    amount: Decimal
    action: str
    next_payer_id: int | None = None
    posted: Decimal | None = None

    @property
    def posted_amount(self) -> Decimal:
        """What really went to the ledger (less than ``amount`` where capped)."""
        return self.amount if self.posted is None else self.posted


@dataclass(frozen=True, slots=True)
class PostedClaim:
    """A claim of an earlier remittance that stands posted (not reversed)."""

    id: int
    payer_id: int
    payer_claim_number: str
    status: str
    charge: Decimal
    paid: Decimal
    adjustments: tuple[PostedAdjustment, ...] = ()
    claim_id: int | None = None  # the version of our claim it was posted on


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Our claim, all versions of its control number taken together.

    The last version sent leads; ``earlier`` holds those that were sent before it, for
    what still belongs to them. ``open_by_payer`` is the open receivable per payer.
    ``posted`` holds what earlier remittances posted and nothing has reversed,
    ``taken_back`` what was posted and reversed since.
    ``local_by_payer`` is what standing local entries took off the receivable: a
    reversal takes them back first. ``awaits`` names the earlier remittance, still on
    its way, that carries what has to be posted first: the decision which a reversal
    takes back here, or the one of the payer before.
    ``last_name`` and ``member_ids`` only serve to recognise the patient and are never
    part of a plan.
    """

    id: int
    control_number: str
    charge: Decimal
    lines: tuple[LineFacts, ...]
    legs: tuple[LegFacts, ...]
    open_by_payer: Mapping[int, Decimal]
    state: str = "submitted"
    submitted: bool = True
    final: bool = True
    void: bool = False
    invoiced: bool = True
    posted: tuple[PostedClaim, ...] = ()
    taken_back: tuple[PostedClaim, ...] = ()
    local_by_payer: Mapping[int, Decimal] = field(
        default_factory=lambda: MappingProxyType({})
    )
    has_local: bool = False
    awaits: str = ""
    expected: Decimal | None = None
    tolerance: Decimal = ZERO
    last_name: str = ""
    member_ids: frozenset[str] = frozenset()
    frequency: str = "1"
    earlier: tuple["ClaimFacts", ...] = ()

    def leg_of(self, payer_id: int, sequence: int | None = None) -> LegFacts | None:
        """The leg of a payer; where a payer has two, the one of this sequence."""
        legs = [leg for leg in self.legs if leg.payer_id == payer_id]
        for leg in legs:
            if leg.sequence == sequence:
                return leg
        return legs[0] if legs else None

    def undecided_before(self, payer_id: int) -> tuple[int, ...]:
        """Payers before this one of whom nothing is or was posted."""
        leg = self.leg_of(payer_id)
        before = {
            item.payer_id
            for item in self.legs
            if leg and item.sequence < leg.sequence and item.payer_id != payer_id
        }
        decided = {item.payer_id for item in (*self.posted, *self.taken_back)}
        return tuple(sorted(before - decided))

    def next_leg(self, leg: LegFacts) -> LegFacts | None:
        """The next payer who may get what this one leaves."""
        later = [
            item for item in self.legs if item.sequence > leg.sequence and item.billable
        ]
        return min(later, key=lambda item: item.sequence, default=None)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A posting rule: which adjustment leads to which action.

    ``kind`` is ``claim`` (group, reason, remark → action) or ``provider`` (PLB reason
    → purpose of the account). ``sign`` limits it to positive or negative amounts.
    """

    id: int
    kind: str
    reason: str
    action: str
    group: str = ""
    remark: str = ""
    payer_id: int | None = None
    sign: str = "any"
    category: str = ""
    purpose: str = ""
    date_from: date | None = None
    date_to: date | None = None


@dataclass(frozen=True, slots=True)
class OverpaymentFacts:
    """Money of a payer we still hold (WO-, FB-, B2-, or asked for by letter)."""

    id: int
    kind: str
    reference: str
    open_amount: Decimal
    claim_numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Override:
    """What a person decided about one claim of a remittance.

    ``control_number``: our claim it belongs to. ``cap_contractual``: post no more
    contractual than is open. ``cash_only``: post the payment, leave the rest open.
    ``alone``: post it though its reversal is not posted. ``lines``: service index →
    our line id. ``part``: a part of a payment that a person divided among claims; what
    the payer said about the whole is not compared.
    """

    control_number: str | None = None
    cap_contractual: bool = False
    cash_only: bool = False
    alone: bool = False
    park: bool = False
    part: bool = False
    lines: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def posts_alone(self) -> bool:
        """Whether a person has said that it, or its payment, is to be posted."""
        return self.alone or self.cash_only or self.cap_contractual or self.part


@dataclass(frozen=True, slots=True)
class Options:
    """How this remittance is to be planned.

    ``only``: claim indexes of a release (their cash comes from ``cash_purpose``, the
    provider adjustments were posted with the rest). ``parked_reversals``: indexes of
    reversals that stay parked beside them. ``park_unready``: park what would hold the
    whole remittance. ``received``: the day the remittance came, for payments
    without a date. ``own_identifiers``: NPIs and tax numbers a provider adjustment may
    name (empty: any). ``locked``: the day of posting is in a locked period.
    """

    payer_id: int
    today: date
    policy: str = PARK_CLAIM
    status_first: bool = False
    accept_4010: bool = False
    currency: str = "USD"
    overpayments: tuple[OverpaymentFacts, ...] = ()
    overrides: Mapping[int, Override] = field(
        default_factory=lambda: MappingProxyType({})
    )
    only: frozenset[int] | None = None
    parked_reversals: frozenset[int] = frozenset()
    cash_purpose: str = purposes.CLEARING
    park_unready: bool = False
    undated: str = HOLD_UNDATED
    received: date | None = None
    own_identifiers: frozenset[str] = frozenset()
    locked: bool = False
