"""Synthetic encounters and the events an EHR would send about them."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from . import world
from .knobs import Knobs


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge of an encounter; ``amount`` is the gross of the whole line."""

    external_id: str
    code: str
    units: int
    amount: Decimal
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encounter:
    """An encounter as the source system knows it; ``kind`` says what it shows."""

    number: str
    facility: str
    service_date: date
    patient: int
    payers: tuple[str, ...]
    charges: tuple[ChargeLine, ...]
    diagnoses: tuple[str, ...]
    authorization: str | None = None
    kind: str = "clean"

    @property
    def self_pay(self) -> bool:
        return not self.payers

    @property
    def total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))


def _modifiers(code: str, codes: list[str]) -> tuple[str, ...]:
    """A visit beside a procedure carries 25; everything else goes plain."""
    return ("25",) if code in world.VISIT_CODES and "20610" in codes else ()


def _charges(rng: random.Random, number: str, kind: str) -> tuple[ChargeLine, ...]:
    codes = [rng.choice(world.VISIT_CODES)]
    codes += rng.sample(world.EXTRA_CODES, rng.randint(0, 4))
    units = 1
    if kind == "large":
        codes, units = ["99285", *codes[1:]], 6
    if kind in ("missing_authorization", "authorized"):
        codes.append("20610")
    return tuple(
        ChargeLine(
            f"{number}-{position}",
            code,
            units if code == "99285" else 1,
            world.SERVICES[code].charge * (units if code == "99285" else 1),
            _modifiers(code, codes),
        )
        for position, code in enumerate(codes, start=1)
    )


def _kinds(knobs: Knobs) -> list[str]:
    special = (
        ["large"] * knobs.large_claims
        + ["missing_diagnosis"] * knobs.missing_diagnosis
        + ["missing_authorization"] * knobs.missing_authorization
    )
    return special + ["clean"] * max(0, knobs.encounters - len(special))


def _payers(rng: random.Random, knobs: Knobs, kind: str) -> tuple[str, ...]:
    if kind == "clean" and rng.random() < knobs.self_pay_rate:
        return ()
    names, weights = zip(*knobs.payer_weights.items(), strict=True)
    primary = rng.choices(names, weights)[0]
    if primary == "MEDICARE" and rng.random() < knobs.secondary_rate:
        return (primary, "STATEAID")
    return (primary,)


def make_encounters(knobs: Knobs, today: date) -> list[Encounter]:
    """Encounters of the ``knobs.days`` days before ``today``, oldest first."""
    rng = random.Random(f"clinic-{knobs.seed}")
    encounters = []
    for position, kind in enumerate(_kinds(knobs), start=1):
        number = f"E{knobs.seed:02d}{position:05d}"
        encounters.append(
            Encounter(
                number=number,
                facility=rng.choice(list(world.FACILITIES)),
                service_date=today - timedelta(days=rng.randint(1, knobs.days)),
                patient=position,
                payers=_payers(rng, knobs, kind),
                charges=_charges(rng, number, kind),
                diagnoses=()
                if kind == "missing_diagnosis"
                else tuple(rng.sample(world.DIAGNOSES, rng.randint(1, 3))),
                kind=kind,
            )
        )
    return sorted(encounters, key=lambda item: (item.service_date, item.number))


def _person(seed: int, patient: int) -> dict:
    rng = random.Random(f"person-{seed}-{patient}")
    return {
        "first_name": rng.choice(world.GIVEN_NAMES),
        "last_name": f"{rng.choice(world.FAMILY_NAMES)}{patient}",
        "birth_date": date(1940 + patient % 60, 1 + patient % 12, 1 + patient % 28),
        "sex": rng.choice("FM"),
    }


def _coverages(encounter: Encounter) -> list[dict]:
    return [
        {
            "sequence": sequence,
            "payer": payer,
            "member_id": f"W{sequence}{encounter.number[1:]}",
            "group_number": "",
            "subscriber_relationship": "self",
            "effective_from": "2025-01-01",
            "effective_to": None,
        }
        for sequence, payer in enumerate(encounter.payers, start=1)
    ]


def completed_event(encounter: Encounter, seed: int) -> dict:
    """The ``encounter.completed`` envelope (version 1) of an encounter."""
    person = _person(seed, encounter.patient)
    finished = datetime.combine(encounter.service_date, datetime.min.time())
    finished += timedelta(hours=10, minutes=encounter.patient % 60)
    birth_date = person.pop("birth_date")
    return {
        "id": f"ehr-{encounter.number}-completed",
        "type": "encounter.completed",
        "version": 1,
        "occurred_at": f"{finished.isoformat()}Z",
        "data": {
            "encounter": {
                "number": encounter.number,
                "facility": encounter.facility,
                "provider_group": world.PROVIDER_GROUP,
                "type": "outpatient",
                "service_date": encounter.service_date.isoformat(),
                "service_end": f"{finished.isoformat()}Z",
                "place_of_service": "11",
                "rendering_npi": world.RENDERING_NPI,
                "coding_signed_off": True,
                "diagnoses": list(encounter.diagnoses),
                "authorization": encounter.authorization,
                "self_pay": encounter.self_pay,
            },
            "patient": {
                "mrn": f"M{encounter.number[1:]}",
                "account_number": f"PA{encounter.number[1:]}",
                **person,
                "birth_date": birth_date.isoformat(),
                "phone": "",
                "address": {
                    "street": f"{100 + encounter.patient} Sample Street",
                    "city": "Springfield",
                    "state": "OH",
                    "zip": "45501",
                },
            },
            "guarantor": {
                "relationship": "self",
                "first_name": person["first_name"],
                "last_name": person["last_name"],
                "account_number": f"G{encounter.number[1:]}",
            },
            "coverages": _coverages(encounter),
            "charges": [
                {
                    "id": charge.external_id,
                    "code": charge.code,
                    "modifiers": list(charge.modifiers),
                    "units": str(charge.units),
                    "amount": str(charge.amount),
                    "diagnosis_pointers": [1] if encounter.diagnoses else [],
                    "service_date": encounter.service_date.isoformat(),
                    "place_of_service": "11",
                    "revenue_code": None,
                    "authorization": None,
                }
                for charge in encounter.charges
            ],
        },
    }
