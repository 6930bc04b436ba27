"""The events that clinical systems send about encounters; see also ``stories``."""

import random
from datetime import date, datetime, timedelta

from . import world
from .clinic import ChargeLine, Encounter


def person(seed: int, patient: int) -> dict:
    """Name, birth date and sex of a patient, the same for the same seed."""
    rng = random.Random(f"person-{seed}-{patient}")
    return {
        "first_name": rng.choice(world.GIVEN_NAMES),
        "last_name": f"{rng.choice(world.FAMILY_NAMES)}{patient}",
        "birth_date": date(1940 + patient % 60, 1 + patient % 12, 1 + patient % 28),
        "sex": rng.choice("FM"),
    }


def coverages(encounter: Encounter) -> list[dict]:
    """The coverages as the source names them."""
    known = encounter.twin_of if encounter.kind == "twin_sure" else None
    return [
        {
            "sequence": sequence,
            "payer": payer,
            "member_id": f"W{sequence}{(known or encounter).number[1:]}",
            "group_number": "",
            "subscriber_relationship": "self",
            "effective_from": "2025-01-01",
            "effective_to": None,
            **_plan(encounter, payer),
        }
        for sequence, payer in enumerate(
            encounter.told_payers or encounter.payers, start=1
        )
    ]


def _plan(encounter: Encounter, payer: str) -> dict:
    """Who works for a large employer has a plan that pays before Medicare."""
    if encounter.kind != "working_aged":
        return {}
    if payer == "MEDICARE":
        return {"medicare_reason": "age"}
    return {"basis": "active_job", "employer_size": "large"}


def patient(encounter: Encounter, seed: int) -> dict:
    """The patient as the source describes them."""
    known = encounter.twin_of or encounter
    described = person(seed, known.patient)
    described["birth_date"] = described["birth_date"].isoformat()
    return {
        "mrn": f"M{encounter.number[1:]}",
        "account_number": f"PA{encounter.number[1:]}",
        **described,
        "phone": "",
        "address": {
            "street": f"{100 + encounter.patient} Sample Street",
            "city": "Springfield",
            "state": "OH",
            "zip": "45501",
        },
    }


def charge_value(encounter: Encounter, charge: ChargeLine) -> dict:
    """A charge as events carry it."""
    stay = encounter.kind == "stay"
    return {
        "id": charge.external_id,
        "code": charge.code,
        "modifiers": list(charge.modifiers),
        "units": str(charge.units),
        "amount": str(charge.amount),
        "diagnosis_pointers": [1] if encounter.diagnoses else [],
        "service_date": encounter.service_date.isoformat(),
        "place_of_service": "21" if stay else "11",
        "revenue_code": world.REVENUE_CODES[charge.code] if stay else None,
        "authorization": None,
    }


def moment(encounter: Encounter, hour: int) -> str:
    """A time of the day of service, in UTC."""
    start = datetime.combine(encounter.service_date, datetime.min.time())
    at = start + timedelta(hours=hour, minutes=encounter.patient % 60)
    return f"{at.isoformat()}Z"


def event(encounter: Encounter, kind: str, data: dict, mark: str = "") -> dict:
    """The envelope (version 1) of something that happened in an encounter."""
    name = kind.replace("encounter.", "").replace(".", "-")
    return {
        "id": f"ehr-{encounter.number}-{name}{mark}",
        "type": kind,
        "version": 1,
        "occurred_at": moment(encounter, 10),
        "data": data,
    }


def completed_event(encounter: Encounter, seed: int) -> dict:
    """The ``encounter.completed`` envelope of an encounter."""
    who = patient(encounter, seed)
    visit = {
        "number": encounter.number,
        "facility": encounter.facility,
        "provider_group": world.PROVIDER_GROUP,
        "type": "outpatient",
        "service_date": encounter.service_date.isoformat(),
        "service_end": moment(encounter, 10),
        "place_of_service": "11",
        "rendering_npi": world.RENDERING_NPI,
        "coding_signed_off": encounter.signed_off,
        "diagnoses": list(encounter.diagnoses),
        "authorization": encounter.authorization,
        "self_pay": encounter.self_pay,
    }
    if encounter.kind == "stay":
        visit |= _stay(encounter)
    return event(
        encounter,
        "encounter.completed",
        {
            "encounter": visit,
            "patient": who,
            "guarantor": {
                "relationship": "self",
                "first_name": who["first_name"],
                "last_name": who["last_name"],
                "account_number": f"G{encounter.number[1:]}",
            },
            "coverages": coverages(encounter),
            "charges": [charge_value(encounter, item) for item in encounter.charges],
        },
    )


def _stay(encounter: Encounter) -> dict:
    """What an institutional claim says of an inpatient stay."""
    return {
        "type": "inpatient",
        "claim_form": "institutional",
        "place_of_service": "21",
        "type_of_bill": "0111",
        "service_end": None,
        "admission": {"at": moment(encounter, 8), "type": "1", "point_of_origin": "1"},
        "discharge": {"at": None, "status": "01"},
        "admitting_diagnosis": encounter.diagnoses[0],
        "diagnosis_poa": ["Y"] * len(encounter.diagnoses),
        "drg": "470",
        "value_codes": [{"code": "80", "amount": "1.00"}],
        "providers": {"attending": {"npi": world.ATTENDING_NPI}},
    }
