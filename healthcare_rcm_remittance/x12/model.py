"""What the 835 reader hands out: frozen values, each with its place in the bytes.

Offsets count bytes from the start of the stream; ``end_offset`` is one past the
last byte that belongs to the thing (its segment terminator included).

Amounts are exact ``Decimal``. An amount that cannot be read is 0 here and always
stands beside an error finding, so nothing of that transaction may be posted.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault or remark, as data. Never holds patient data."""

    code: str
    severity: str
    offset: int
    location: str
    expected: str | None = None
    actual: str | None = None


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The separators an interchange declares in its own ISA."""

    element: str = "*"
    component: str = ":"
    repetition: str | None = "^"
    terminator: str = "~"


@dataclass(frozen=True, slots=True)
class RawSegment:
    """A segment kept as it stood because nothing here reads it."""

    tag: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class InterchangeHeader:
    """ISA."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: date | None
    time: str
    control_number: str
    version: str
    usage: str
    delimiters: Delimiters
    offset: int


@dataclass(frozen=True, slots=True)
class GroupHeader:
    """GS."""

    functional_id: str
    sender: str
    receiver: str
    date: date | None
    control_number: str
    version: str
    offset: int


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One triple of a CAS: reason, amount, quantity under the CAS's group."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """REF."""

    qualifier: str
    value: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """AMT: evidence, never part of a balance (RFI 2601)."""

    qualifier: str
    amount: Decimal
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Procedure:
    """The composite medical procedure identifier of SVC01 and SVC06."""

    qualifier: str
    code: str
    modifiers: tuple[str, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """Loop 2110: one service line."""

    index: int
    procedure: Procedure
    submitted: Procedure | None
    charge: Decimal
    paid: Decimal
    revenue_code: str = ""
    units_paid: Decimal | None = None
    units_submitted: Decimal | None = None
    date_from: date | None = None
    date_to: date | None = None
    adjustments: tuple[Adjustment, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[Amount, ...] = ()
    remarks: tuple[str, ...] = ()
    offset: int = 0
    end_offset: int = 0

    @property
    def line_control_number(self) -> str | None:
        """REF*6R: the number we gave the line in the claim."""
        return _reference(self.references, "6R")


@dataclass(frozen=True, slots=True)
class Name:
    """NM1 of a claim (QC patient, IL subscriber, 74 corrected, TT, PR, 82, GB)."""

    entity: str
    last: str = ""
    first: str = ""
    middle: str = ""
    suffix: str = ""
    qualifier: str = ""
    identifier: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Loop 2100: one claim as the payer adjudicated it."""

    index: int
    control_number: str
    status: str
    charge: Decimal
    paid: Decimal
    patient_responsibility: Decimal | None = None
    filing_indicator: str = ""
    payer_claim_number: str = ""
    facility_code: str = ""
    frequency: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    services: tuple[Service, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[Amount, ...] = ()
    names: tuple[Name, ...] = ()
    remarks: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    received: date | None = None
    offset: int = 0
    end_offset: int = 0

    @property
    def original_payer_claim_number(self) -> str | None:
        """REF*F8: the payer's number of the claim this one replaces or reverses."""
        return _reference(self.references, "F8")

    def name(self, entity: str) -> Name | None:
        """First NM1 with this entity code."""
        for name in self.names:
            if name.entity == entity:
                return name
        return None


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """One pair of a PLB. Positive reduces the payment, negative increases it."""

    provider_id: str
    fiscal_date: date | None
    reason: str
    reference: str
    amount: Decimal
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Party:
    """N1*PR (payer) or N1*PE (payee) with the references of its loop."""

    name: str
    qualifier: str = ""
    identifier: str = ""
    references: tuple[Reference, ...] = ()
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether every line, every claim and the payment tie to the cent."""

    line: bool
    claim: bool
    transaction: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """One ST/SE: one payment, the unit of posting.

    ``content_hash`` is the SHA-256 of the claims and provider adjustments,
    independent of delimiters and line breaks, without control numbers.
    """

    control_number: str
    version: str
    group: GroupHeader | None
    interchange: InterchangeHeader
    handling: str
    amount: Decimal
    credit_debit: str
    method: str
    payment_date: date | None
    trace: str
    payer_trace_id: str
    trace_subdivision: str
    currency: str | None
    payer: Party | None
    payee: Party | None
    production_date: date | None
    claims: tuple[Claim, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]
    unknown_segments: tuple[RawSegment, ...]
    balance: Balance
    findings: tuple[Finding, ...]
    offset: int
    end_offset: int
    content_hash: str
    references: tuple[Reference, ...] = ()
    segment_count: int = 0

    @property
    def has_errors(self) -> bool:
        """True when nothing of this transaction may be posted."""
        return any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class InterchangeResult:
    """The end of an ISA/IEA: its header and what is wrong with the envelope.

    ``header`` is None for text that belongs to no interchange. An error finding
    here rejects the whole interchange.
    """

    header: InterchangeHeader | None
    transactions: int
    findings: tuple[Finding, ...]
    offset: int
    end_offset: int

    @property
    def has_errors(self) -> bool:
        """True when nothing of this interchange may be posted."""
        return any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Interchange:
    """An interchange with its transactions, as ``read_all`` collects them."""

    header: InterchangeHeader
    transactions: tuple[Transaction, ...]
    findings: tuple[Finding, ...]
    offset: int
    end_offset: int


@dataclass(frozen=True, slots=True)
class File:
    """Everything ``read_all`` found; ``findings`` holds those of the envelopes."""

    interchanges: tuple[Interchange, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes beyond which the reader refuses to collect, with a finding.

    A guide's 10,000 claims take about 10 MB; ``transaction_bytes`` leaves room for
    three times that and bounds what a hostile file can make of memory.
    ``findings`` also bounds the unknown segments that are kept, per transaction.
    """

    segment_bytes: int = 65_536
    transaction_bytes: int = 33_554_432
    preamble_bytes: int = 65_536
    findings: int = 1_000
    chunk_bytes: int = 262_144


def _reference(references: tuple[Reference, ...], qualifier: str) -> str | None:
    for reference in references:
        if reference.qualifier == qualifier:
            return reference.value
    return None
