"""The canonical encounter: read, checked and frozen, whatever system sent it.

``read`` collects every fault with the place it stands in (``charges[2].units``) and
raises one ``RcmPermanent``. Messages name places and rules, never the values: what a
source system sends may identify a patient.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from .claim_content import ContentFacts, LineContentFacts, read_content, read_line
from .coordination import (
    ACTIVE_JOB,
    AGE,
    COBRA,
    DISABILITY,
    ESRD,
    FORMER_JOB,
    LARGE,
    MIDDLE,
    SMALL,
)
from .fact_reader import MAX_DIAGNOSES, MAX_MODIFIERS, Reader

MAX_CHARGES = 999
MAX_COVERAGES = 9
ENCOUNTER_TYPES = (
    "outpatient",
    "inpatient",
    "emergency",
    "observation",
    "lab",
    "other",
)
SEXES = ("F", "M", "U")
RELATIONSHIPS = ("self", "spouse", "child", "other")
PLAN_BASES = (ACTIVE_JOB, FORMER_JOB, COBRA, "individual")
EMPLOYER_SIZES = (SMALL, MIDDLE, LARGE)
MEDICARE_REASONS = (AGE, DISABILITY, ESRD)
GUARANTOR_RELATIONSHIPS = ("self", "spouse", "parent", "child", "other")


@dataclass(frozen=True, slots=True)
class PatientFacts:
    mrn: str
    account_number: str
    first_name: str
    last_name: str
    birth_date: date | None
    sex: str
    phone: str
    street: str
    city: str
    state: str
    zip: str
    street2: str = ""
    email: str = ""
    middle_name: str = ""


@dataclass(frozen=True, slots=True)
class GuarantorFacts:
    account_number: str
    relationship: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class SubscriberFacts:
    """Who holds the policy; empty where the source is silent."""

    first_name: str = ""
    last_name: str = ""
    sex: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """One coverage; what decides who pays first is empty where the source is silent."""

    sequence: int
    payer: str
    member_id: str
    group_number: str
    relationship: str
    date_from: date | None
    date_to: date | None
    basis: str = ""
    employer_size: str = ""
    medicare_reason: str = ""
    esrd_from: date | None = None
    # None: not said, which is not the same as no
    court_ordered: bool | None = None
    subscriber_birth_date: date | None = None
    subscriber: SubscriberFacts = SubscriberFacts()


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    external_ref: str
    code: str
    modifiers: tuple[str, ...]
    units: Decimal
    # None: the charge master says what it is charged at
    amount: Decimal | None
    pointers: tuple[int, ...]
    service_date: date
    place_of_service: str
    revenue_code: str
    authorization: str
    rendering_npi: str
    content: LineContentFacts = LineContentFacts()


@dataclass(frozen=True, slots=True)
class EncounterFacts:
    number: str
    facility: str
    provider_group: str
    type: str
    service_date: date
    service_end: datetime | None
    place_of_service: str
    rendering_npi: str
    coding_signed_off: bool
    diagnoses: tuple[str, ...]
    authorization: str
    self_pay: bool
    patient: PatientFacts
    guarantor: GuarantorFacts
    coverages: tuple[CoverageFacts, ...]
    charges: tuple[ChargeFacts, ...]
    content: ContentFacts = ContentFacts()
    # our code of the ordering client who pays; empty: not said
    client: str = ""


def read(data):
    """Return the ``EncounterFacts`` of a canonical dict or raise ``RcmPermanent``."""
    reader = Reader()
    facts = _encounter(reader, data)
    reader.refuse_faults()
    return facts


def read_registration(data):
    """Return the ``EncounterFacts`` of a visit still to come: it has no charges.

    Its guarantor is ``None`` when none is named: the one we know stays.
    """
    reader = Reader()
    facts = _encounter(reader, data, registration=True)
    reader.refuse_faults()
    return facts if data.get("guarantor") else replace(facts, guarantor=None)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What an update of a patient says; ``None`` where it says nothing."""

    facility: str
    patient: PatientFacts
    guarantor: GuarantorFacts | None
    coverages: tuple[CoverageFacts, ...]


def read_person(data):
    """Return the ``PersonFacts`` of a canonical dict or raise ``RcmPermanent``."""
    reader = Reader()
    root = reader.mapping(data, "data")
    facts = PersonFacts(
        facility=reader.text(root, "facility", "data", 64),
        patient=_patient(reader, root.get("patient")),
        guarantor=_guarantor(reader, root) if root.get("guarantor") else None,
        coverages=tuple(
            _coverage(reader, item, f"coverages[{index}]")
            for index, item in enumerate(
                reader.items(root, "coverages", MAX_COVERAGES, minimum=0)
            )
        ),
    )
    reader.refuse_faults()
    return facts


def read_charge(data, service_date, place_of_service="", diagnosis_count=0):
    """Return the ``ChargeFacts`` of a charge that comes by itself, or raise."""
    reader = Reader()
    facts = _charge(
        reader, data, "charge", service_date, place_of_service, diagnosis_count
    )
    reader.refuse_faults()
    return facts


def _encounter(reader, data, registration=False):
    root = reader.mapping(data, "data")
    head = reader.mapping(root.get("encounter"), "encounter")
    place = "encounter"
    service_date = reader.date(head, "service_date", place, required=True)
    diagnoses = reader.texts(head, "diagnoses", place, MAX_DIAGNOSES, 10)
    default_pos = reader.text(head, "place_of_service", place, 2)
    facts = EncounterFacts(
        number=reader.text(head, "number", place, 64, required=True),
        facility=reader.text(head, "facility", place, 64, required=True),
        provider_group=reader.text(
            head, "provider_group", place, 64, required=not registration
        ),
        type=reader.choice(head, "type", place, ENCOUNTER_TYPES, "outpatient"),
        service_date=service_date,
        service_end=reader.moment(head, "service_end", place),
        place_of_service=default_pos,
        rendering_npi=reader.text(head, "rendering_npi", place, 10),
        coding_signed_off=reader.flag(head, "coding_signed_off", place),
        diagnoses=diagnoses,
        authorization=reader.text(head, "authorization", place, 64),
        self_pay=reader.flag(head, "self_pay", place),
        patient=_patient(reader, root.get("patient")),
        guarantor=_guarantor(reader, root),
        coverages=tuple(
            _coverage(reader, item, f"coverages[{index}]")
            for index, item in enumerate(
                reader.items(root, "coverages", MAX_COVERAGES, minimum=0)
            )
        ),
        charges=tuple(
            _charge(
                reader,
                item,
                f"charges[{index}]",
                service_date,
                default_pos,
                len(diagnoses),
            )
            for index, item in enumerate(
                reader.items(
                    root, "charges", MAX_CHARGES, minimum=0 if registration else 1
                )
            )
        ),
        content=read_content(reader, head, place, len(diagnoses)),
        client=reader.text(head, "client", place, 64),
    )
    reader.unique([charge.external_ref for charge in facts.charges], "charges", "id")
    reader.unique(
        [coverage.sequence for coverage in facts.coverages], "coverages", "sequence"
    )
    if facts.self_pay and facts.coverages:
        reader.fault("encounter.self_pay", "contradicts the coverages that are given")
    return facts


def _patient(reader, data):
    place = "patient"
    data = reader.mapping(data, place)
    address = reader.mapping(data.get("address") or {}, "patient.address")
    return PatientFacts(
        mrn=reader.text(data, "mrn", place, 64),
        account_number=reader.text(data, "account_number", place, 64, required=True),
        first_name=reader.text(data, "first_name", place, 128),
        last_name=reader.text(data, "last_name", place, 128),
        birth_date=reader.date(data, "birth_date", place),
        sex=reader.choice(data, "sex", place, SEXES, "U"),
        phone=reader.text(data, "phone", place, 32),
        street=reader.text(address, "street", "patient.address"),
        city=reader.text(address, "city", "patient.address"),
        state=reader.text(address, "state", "patient.address", 64),
        zip=reader.text(address, "zip", "patient.address", 16),
        street2=reader.text(address, "street2", "patient.address"),
        email=reader.text(data, "email", place, 254),
        middle_name=reader.text(data, "middle_name", place, 128),
    )


def _guarantor(reader, root):
    """Without a guarantor of its own the patient is the guarantor."""
    given = root.get("guarantor")
    patient = root.get("patient")
    patient = patient if isinstance(patient, dict) else {}
    data = reader.mapping(given, "guarantor") if given is not None else {}
    place = "guarantor"
    own = reader.text(data, "account_number", place, 64)
    fallback = patient.get("account_number")
    return GuarantorFacts(
        account_number=own or (fallback if isinstance(fallback, str) else ""),
        relationship=reader.choice(
            data, "relationship", place, GUARANTOR_RELATIONSHIPS, "self"
        ),
        first_name=reader.text(data, "first_name", place, 128),
        last_name=reader.text(data, "last_name", place, 128),
    )


def _coverage(reader, data, place):
    data = reader.mapping(data, place)
    date_from = reader.date(data, "effective_from", place)
    date_to = reader.date(data, "effective_to", place)
    if date_from and date_to and date_to < date_from:
        reader.fault(f"{place}.effective_to", "is before effective_from")
    return CoverageFacts(
        sequence=reader.whole(data, "sequence", place, 1, MAX_COVERAGES),
        payer=reader.text(data, "payer", place, 64, required=True),
        member_id=reader.text(data, "member_id", place, 80, required=True),
        group_number=reader.text(data, "group_number", place, 64),
        relationship=reader.choice(
            data, "subscriber_relationship", place, RELATIONSHIPS, "self"
        ),
        date_from=date_from,
        date_to=date_to,
        basis=reader.choice(data, "basis", place, PLAN_BASES, ""),
        employer_size=reader.choice(data, "employer_size", place, EMPLOYER_SIZES, ""),
        medicare_reason=reader.choice(
            data, "medicare_reason", place, MEDICARE_REASONS, ""
        ),
        esrd_from=reader.date(data, "esrd_from", place),
        court_ordered=None
        if data.get("court_ordered") is None
        else reader.flag(data, "court_ordered", place),
        subscriber_birth_date=reader.date(data, "subscriber_birth_date", place),
        subscriber=_subscriber(reader, data.get("subscriber"), f"{place}.subscriber"),
    )


def _subscriber(reader, data, place):
    data = reader.mapping(data or {}, place)
    where = f"{place}.address"
    address = reader.mapping(data.get("address") or {}, where)
    sex = reader.choice(data, "sex", place, SEXES, "")
    return SubscriberFacts(
        first_name=reader.text(data, "first_name", place, 128),
        last_name=reader.text(data, "last_name", place, 128),
        sex="" if sex == "U" else sex,
        street=reader.text(address, "street", where),
        city=reader.text(address, "city", where),
        state=reader.text(address, "state", where, 64),
        zip=reader.text(address, "zip", where, 16),
    )


def _charge(reader, data, place, default_date, default_pos, diagnosis_count):
    data = reader.mapping(data, place)
    modifiers = reader.texts(data, "modifiers", place, MAX_MODIFIERS, 2)
    for index, modifier in enumerate(modifiers):
        if len(modifier) != 2 or not modifier.isalnum():
            reader.fault(f"{place}.modifiers[{index}]", "must be two letters or digits")
    return ChargeFacts(
        external_ref=reader.text(data, "id", place, 64, required=True),
        code=reader.text(data, "code", place, 16).upper(),
        modifiers=tuple(modifier.upper() for modifier in modifiers),
        units=reader.units(data, place),
        amount=None
        if data.get("amount") is None
        else reader.money(data, "amount", place),
        pointers=reader.pointers(data, place, diagnosis_count),
        service_date=reader.date(data, "service_date", place) or default_date,
        place_of_service=reader.text(data, "place_of_service", place, 2) or default_pos,
        revenue_code=reader.text(data, "revenue_code", place, 4),
        authorization=reader.text(data, "authorization", place, 64),
        rendering_npi=reader.text(data, "rendering_npi", place, 10),
        content=read_line(reader, data, place),
    )
