"""What a professional or institutional claim says besides who, when and how much.

Sizes and lists follow what the 837P/837I and their paper forms can carry. All of it
is optional in what sources send; whether a payer needs it is a validation rule.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from . import npi

CLAIM_FORMS = ("professional", "institutional")
MAX_DIAGNOSES_OF = {"professional": 12, "institutional": 25}
ROLES = (
    "rendering",
    "referring",
    "ordering",
    "supervising",
    "attending",
    "operating",
    "service_facility",
)
# Only an organisation is a place of service.
ORGANISATION_ROLES = ("service_facility",)
ACCIDENT_TYPES = ("auto", "employment", "other")
POA_INDICATORS = ("Y", "N", "U", "W", "1")
UNIT_CODES = ("UN", "MJ")
NDC_UNITS = ("UN", "ML", "GR", "F2", "ME")
CODE_KINDS = ("condition", "occurrence", "occurrence_span", "value")
MAX_CODES = 24
MAX_VISIT_REASONS = 3
MAX_EXTERNAL_CAUSES = 12


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """A provider as a source names it; the name only serves to make a new one."""

    npi: str
    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    taxonomy: str = ""

    @property
    def is_named(self):
        """Whether the source says enough to make a record of it."""
        return bool(self.last_name or self.organisation)


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """A condition, occurrence or value code of an institutional claim."""

    kind: str
    code: str
    day: date | None = None
    until: date | None = None
    amount: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """The claim-level content of an encounter."""

    claim_form: str = ""
    providers: dict = field(default_factory=dict)
    diagnosis_poa: tuple[str, ...] = ()
    admitting_diagnosis: str = ""
    visit_reasons: tuple[str, ...] = ()
    external_causes: tuple[str, ...] = ()
    onset_date: date | None = None
    accident_type: str = ""
    accident_date: date | None = None
    accident_state: str = ""
    admission_at: datetime | None = None
    admission_type: str = ""
    point_of_origin: str = ""
    discharge_at: datetime | None = None
    patient_status: str = ""
    type_of_bill: str = ""
    drg_code: str = ""
    clia_number: str = ""
    codes: tuple[CodeFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class LineContentFacts:
    """The line-level content of a charge."""

    unit_code: str = "UN"
    ndc_code: str = ""
    ndc_unit: str = ""
    ndc_quantity: Decimal = Decimal(0)
    anesthesia_start: datetime | None = None
    anesthesia_end: datetime | None = None
    clia_number: str = ""


def read_content(reader, data, place, diagnosis_count):
    """Take the claim-level content out of the ``encounter`` part of an event."""
    accident, accident_place = _part(reader, data, "accident", place)
    admission, admission_place = _part(reader, data, "admission", place)
    discharge, discharge_place = _part(reader, data, "discharge", place)
    poa = reader.texts(data, "diagnosis_poa", place, diagnosis_count, 1)
    for index, indicator in enumerate(poa):
        if indicator not in POA_INDICATORS:
            reader.fault(f"{place}.diagnosis_poa[{index}]", "is no such indicator")
    facts = ContentFacts(
        claim_form=reader.choice(data, "claim_form", place, CLAIM_FORMS, ""),
        providers=_providers(reader, data, place),
        diagnosis_poa=poa,
        admitting_diagnosis=reader.text(data, "admitting_diagnosis", place, 10),
        visit_reasons=reader.texts(data, "visit_reasons", place, MAX_VISIT_REASONS, 10),
        external_causes=reader.texts(
            data, "external_causes", place, MAX_EXTERNAL_CAUSES, 10
        ),
        onset_date=reader.date(data, "onset_date", place),
        accident_type=reader.choice(
            accident, "type", accident_place, ACCIDENT_TYPES, ""
        ),
        accident_date=reader.date(accident, "date", accident_place),
        accident_state=reader.text(accident, "state", accident_place, 2).upper(),
        admission_at=reader.moment(admission, "at", admission_place),
        admission_type=reader.text(admission, "type", admission_place, 1),
        point_of_origin=reader.text(admission, "point_of_origin", admission_place, 1),
        discharge_at=reader.moment(discharge, "at", discharge_place),
        patient_status=reader.text(discharge, "status", discharge_place, 2),
        type_of_bill=reader.text(data, "type_of_bill", place, 4),
        drg_code=reader.text(data, "drg", place, 4),
        clia_number=reader.text(data, "clia_number", place, 10).upper(),
        codes=_codes(reader, data),
    )
    if facts.accident_date and not facts.accident_type:
        reader.fault(f"{place}.accident.type", "is missing")
    later = (facts.admission_at, facts.discharge_at)
    if all(later) and facts.discharge_at < facts.admission_at:
        reader.fault(f"{place}.discharge.at", "is before the admission")
    return facts


def read_line(reader, data, place):
    """Take the line-level content out of a charge of an event."""
    ndc, ndc_place = _part(reader, data, "ndc", place)
    anesthesia, anesthesia_place = _part(reader, data, "anesthesia", place)
    code = reader.text(ndc, "code", ndc_place, 13).replace("-", "")
    if code and not (len(code) == 11 and code.isascii() and code.isdigit()):
        reader.fault(f"{ndc_place}.code", "must be eleven digits")
        code = ""
    facts = LineContentFacts(
        unit_code=reader.choice(data, "unit", place, UNIT_CODES, "UN"),
        ndc_code=code,
        ndc_unit=reader.choice(ndc, "unit", ndc_place, NDC_UNITS, ""),
        ndc_quantity=reader.quantity(ndc, "quantity", ndc_place),
        anesthesia_start=reader.moment(anesthesia, "start", anesthesia_place),
        anesthesia_end=reader.moment(anesthesia, "end", anesthesia_place),
        clia_number=reader.text(data, "clia_number", place, 10).upper(),
    )
    given = (facts.ndc_code, facts.ndc_unit, facts.ndc_quantity)
    if any(given) and not all(given):
        reader.fault(ndc_place, "needs code, unit and quantity")
    start, end = facts.anesthesia_start, facts.anesthesia_end
    if bool(start) != bool(end) or (start and end <= start):
        reader.fault(anesthesia_place, "needs a start and a later end")
    return facts


def _part(reader, data, key, place):
    """A nested object that may be missing, and where it stands."""
    value = data.get(key)
    inner = f"{place}.{key}"
    return (reader.mapping(value, inner) if value is not None else {}), inner


def _providers(reader, data, place):
    named, inner = _part(reader, data, "providers", place)
    found = {}
    for role in sorted(set(named) - set(ROLES)):
        reader.fault(inner, "names a role that does not exist")
        named = {key: value for key, value in named.items() if key != role}
    for role, value in named.items():
        where = f"{inner}.{role}"
        person = reader.mapping(value, where)
        facts = ProviderFacts(
            npi=reader.text(person, "npi", where, 10, required=True),
            first_name=reader.text(person, "first_name", where, 128),
            last_name=reader.text(person, "last_name", where, 128),
            organisation=reader.text(person, "organisation", where, 128),
            taxonomy=reader.text(person, "taxonomy", where, 10).upper(),
        )
        if facts.npi and not npi.is_valid(facts.npi):
            reader.fault(f"{where}.npi", "fails its check digit")
        found[role] = facts
    return found


def _codes(reader, data):
    found = []
    for kind in CODE_KINDS:
        key = f"{kind}_codes"
        for index, item in enumerate(reader.items(data, key, MAX_CODES, minimum=0)):
            place = f"{key}[{index}]"
            item = reader.mapping(item, place)
            dated = kind.startswith("occurrence")
            day = reader.date(item, "date", place, required=dated)
            until = reader.date(
                item, "until", place, required=kind == "occurrence_span"
            )
            if day and until and until < day:
                reader.fault(f"{place}.until", "is before its date")
            found.append(
                CodeFacts(
                    kind=kind,
                    code=reader.text(item, "code", place, 2, required=True).upper(),
                    day=day if dated else None,
                    until=until if kind == "occurrence_span" else None,
                    amount=reader.money(item, "amount", place)
                    if kind == "value"
                    else Decimal("0.00"),
                )
            )
    return tuple(found)
