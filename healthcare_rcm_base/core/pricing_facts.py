"""What pricing is told and what it answers: plain values, nothing else."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

METHODS = ("fixed", "percent_of_charge", "per_unit", "per_diem", "case_rate")
# Why a line has no price.
REASONS = (
    "charge_invalid",
    "contract_not_effective",
    "facility_not_covered",
    "no_rate",
)


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """One charge line. ``amount`` is the gross total of the line, not per unit."""

    code: str
    amount: Decimal
    service_date: date
    units: Decimal = Decimal(1)
    modifiers: tuple[str, ...] = ()
    place_of_service: str = ""
    facility: object = None
    revenue_code: str = ""
    days: Decimal | None = None
    ref: object = None

    @property
    def order_key(self):
        """Sort key that ignores where the line stands: equal keys, equal lines."""
        return (
            self.code,
            self.modifiers,
            -self.amount,
            self.units,
            self.service_date,
            self.place_of_service,
            str(self.facility or ""),
            self.revenue_code,
            self.units if self.days is None else self.days,
        )


@dataclass(frozen=True, slots=True)
class RateFacts:
    """One line of a contract's fee schedule.

    An empty criterion matches everything. ``code_to`` makes a range of codes of the
    same length; all of ``modifiers`` have to be on the charge. Dates are inclusive.
    ``charge_cap_percent`` 100 is "the lesser of the rate and the charge".
    """

    ref: object
    method: str
    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    code: str = ""
    code_to: str = ""
    modifiers: tuple[str, ...] = ()
    place_of_service: str = ""
    facility: object = None
    revenue_code: str = ""
    charge_cap_percent: Decimal | None = None
    multiple_procedure: bool = False
    carve_out: bool = False
    date_from: date | None = None
    date_to: date | None = None
    sequence: int = 10

    def matches(self, charge):
        """Whether this rate may price ``charge``."""
        return (
            self._matches_code(charge.code)
            and set(self.modifiers) <= set(charge.modifiers)
            and self.place_of_service in ("", charge.place_of_service)
            and self.facility in (None, charge.facility)
            and self.revenue_code in ("", charge.revenue_code)
            and is_effective(self, charge.service_date)
        )

    def _matches_code(self, code):
        if not self.code:
            return True
        if not self.code_to:
            return self.code == code
        return len(code) == len(self.code) and self.code <= code <= self.code_to

    @property
    def specificity(self):
        """Sort key: the highest one wins, and no two rates of a contract tie.

        Exact code before range before no code; then more modifiers, a facility, a
        place of service, a revenue code; the narrower range; the later start; the
        lower sequence; at last the lower reference, so that the order of input
        never decides.
        """
        exactness = 0 if not self.code else 1 if self.code_to else 2
        return (
            exactness,
            len(self.modifiers),
            self.facility is not None,
            bool(self.place_of_service),
            bool(self.revenue_code),
            -range_width(self.code, self.code_to),
            self.date_from.toordinal() if self.date_from else 0,
            -self.sequence,
            _Descending(str(self.ref).zfill(20)),
        )


@dataclass(frozen=True)
class ContractFacts:
    """The terms of one contract with a payer on one currency."""

    ref: object
    name: str
    rates: tuple[RateFacts, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    network: str = "in_network"
    facilities: frozenset = field(default_factory=frozenset)
    default_method: str = "none"
    default_percent: Decimal = Decimal(0)
    charge_cap_percent: Decimal | None = None
    multiple_procedure_percents: tuple[Decimal, ...] = (Decimal(100), Decimal(50))
    expected_patient_percent: Decimal = Decimal(0)
    concession_percent: Decimal = Decimal(0)
    sequestration_percent: Decimal = Decimal(0)
    digits: int = 2

    @cached_property
    def _rates_by_code(self):
        """Exact-code rates by code; the rest under None."""
        index = {}
        for rate in self.rates:
            key = rate.code if rate.code and not rate.code_to else None
            index.setdefault(key, []).append(rate)
        return index

    def matching_rates(self, charge):
        """All rates that fit ``charge``, the one that wins first."""
        index = self._rates_by_code
        candidates = index.get(charge.code, []) + index.get(None, [])
        found = [rate for rate in candidates if rate.matches(charge)]
        return sorted(found, key=lambda rate: rate.specificity, reverse=True)


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of how a price came about.

    The sentence is kept as it was made: stored evidence must not change with the
    language of whoever reads it. ``facts`` are the figures behind it as text, enough
    to work the amount out again (``pricing_replay``).
    """

    code: str
    text: str
    amount: Decimal | None = None
    facts: dict | None = None

    def as_dict(self):
        """Return the step as JSON-able data."""
        amount = None if self.amount is None else str(self.amount)
        step = {"code": self.code, "text": self.text, "amount": amount}
        return {**step, "facts": self.facts} if self.facts else step


@dataclass(frozen=True, slots=True)
class Priced:
    """A line has a price; without ``rate_ref`` the contract's default made it."""

    expected: Decimal
    rate_ref: object
    trace: tuple[TraceStep, ...]
    ref: object = None
    is_priced = True

    def trace_json(self):
        """Return the trace as JSON-able data."""
        return [step.as_dict() for step in self.trace]


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Nothing applies: there is no price, and none is invented."""

    reason: str
    trace: tuple[TraceStep, ...]
    ref: object = None
    is_priced = False
    expected = None
    rate_ref = None

    def trace_json(self):
        """Return the trace as JSON-able data."""
        return [step.as_dict() for step in self.trace]


def is_effective(terms, day):
    """Whether ``day`` lies within the inclusive dates of ``terms``."""
    return not (
        (terms.date_from and day < terms.date_from)
        or (terms.date_to and day > terms.date_to)
    )


def range_width(code, code_to):
    """How many codes a range spans, counting each place in base 36."""
    if not code_to:
        return 0
    try:
        return int(code_to, 36) - int(code, 36)
    except ValueError:
        return 36 ** max(len(code), len(code_to))


class _Descending(str):
    """A string that sorts the other way round."""

    __slots__ = ()

    def __lt__(self, other):
        return str.__gt__(self, other)

    def __gt__(self, other):
        return str.__lt__(self, other)
