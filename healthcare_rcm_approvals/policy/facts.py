"""What a document says about itself, and who has to agree to it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ROLE, USERS, MANAGER, FIELD = "role", "users", "manager", "field"
APPROVER_KINDS = (ROLE, USERS, MANAGER, FIELD)


@dataclass(frozen=True, slots=True)
class Step:
    """One level of approval: ``needed`` different people have to agree.

    ``kind`` says who is asked: the holders of ``role`` (a group), the ``users``, the
    requester's manager, or the person in ``field_name`` of the document. Steps with
    the same ``sequence`` run side by side, others one after another. ``sla_hours``
    are business hours; afterwards ``escalate_to`` (a user) or ``escalate_role`` (a
    group) is asked too.
    """

    ref: int
    sequence: int
    role: int | None = None
    needed: int = 1
    kind: str = ROLE
    users: frozenset[int] = frozenset()
    field_name: str | None = None
    sla_hours: float = 0.0
    escalate_to: int | None = None
    escalate_role: int | None = None
    require_reason: bool = False
    require_attachment: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may look at.

    ``amount`` is in the company's currency, converted at the document's date.
    ``department`` is an analytic account, ``vendor_categories`` are partner category
    ids. ``risk_factors`` are what the document measures (code, value); ``risk`` and
    ``risk_parts`` (code, points) are what the risk rules make of them. ``on`` is the
    day on which policies have to be in effect. ``domains`` are the refs of the
    policies whose domain the document matches, ``broken_domains`` of those whose
    domain cannot be evaluated. ``requester`` is the user who asks.

    ``parts`` are the scopes of a document that has several (lines of two departments,
    claims of two payers): each a tuple of (name of a fact, value). The document is
    judged as strictly as its strictest part, at its whole amount.
    """

    document_type: str
    effect: str
    amount: Decimal
    company: int
    facility: int | None = None
    payer_type: str | None = None
    department: int | None = None
    vendor_categories: frozenset[int] = frozenset()
    contract_type: str | None = None
    risk: int = 0
    risk_parts: tuple[tuple[str, int], ...] = ()
    risk_factors: tuple[tuple[str, Decimal], ...] = ()
    on: date | None = None
    requester: int | None = None
    domains: frozenset[int] = frozenset()
    broken_domains: frozenset[int] = frozenset()
    parts: tuple[tuple[tuple[str, object], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of the authority matrix.

    Bands include their lower and exclude their upper end; ``None`` is without an
    upper end. Empty sets mean every one. ``effect`` None means every effect of the
    document type. ``valid_from`` and ``valid_to`` are both included. Without steps a
    document goes straight through. ``auto_after_hours`` lets a request of a named
    low-risk class through when nobody objected for so long; after
    ``expire_after_hours`` a request that nobody decided lapses.
    """

    ref: int
    name: str
    document_type: str
    effect: str | None = None
    amount_from: Decimal = Decimal(0)
    amount_to: Decimal | None = None
    company: int | None = None
    facilities: frozenset[int] = frozenset()
    payer_types: frozenset[str] = frozenset()
    departments: frozenset[int] = frozenset()
    vendor_categories: frozenset[int] = frozenset()
    contract_types: frozenset[str] = frozenset()
    risk_from: int = 0
    risk_to: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    domain: str | None = None
    priority: int = 10
    auto_after_hours: float = 0.0
    auto_reason: str | None = None
    expire_after_hours: float = 0.0
    steps: tuple[Step, ...] = ()

    @property
    def strictness(self) -> tuple[int, int]:
        """0 straight through, 1 by waiting, 2 by people; then how many people."""
        if not self.steps:
            return (0, 0)
        kind = 1 if self.auto_after_hours else 2
        return (kind, sum(step.needed for step in self.steps))
