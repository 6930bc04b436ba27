"""Encounters with a course of their own: what happens after, before and beside them.

Each *story* is one encounter of a certain kind. What its source system sends comes in
waves: everything known at once, then what follows (``second_wave``), then the answers
that stopped claims wait for (``third_wave``); and, when the claim is billed, changes
(``change_events``). What people do meanwhile is in ``office``.
"""

from datetime import date, timedelta

from . import world
from .clinic import ZERO, Change, ChargeLine, Encounter, make_encounters
from .events import charge_value, completed_event, coverages, event, moment, patient
from .knobs import STORIES, Knobs

FIRST_PATIENT = 500
# Billed, then changed: before the payer decides, and after it has paid.
CHANGED = (
    "late_charge",
    "corrected_by_line",
    "reopening",
    "new_claim",
    "rejected_again",
)
CHANGED_AFTER_PAYMENT = ("late_after_payment",)
# Credited whole and invoiced anew: no payer is asked.
CHANGED_SELF_PAY = ("taxed_corrected",)
VOIDED, VOIDED_AFTER_PAYMENT = ("voided",), ("voided_after_payment",)
# Stopped by validation until an answer comes.
GATED = ("eligibility", "authorization")
TWINS = ("twin_sure", "twin_likely")
LABORATORY = ("lab_client", "lab_payer")
PAYERS = {
    "corrected_by_line": ("STATEAID",),
    "reopening": ("MEDICARE",),
    "new_claim": ("UNITY",),
    "lab_client": (),
    "package": (),
    "working_aged": ("ACME", "MEDICARE"),
    "taxed": (),
    "taxed_corrected": (),
    "taxed_insured": ("UNITY",),
}


def make_period(knobs: Knobs, today: date) -> list[Encounter]:
    """Everything that happened in the period, oldest first."""
    encounters = make_encounters(knobs, today) + make_stories(knobs, today)
    return sorted(encounters, key=lambda item: (item.service_date, item.number))


def make_stories(knobs: Knobs, today: date) -> list[Encounter]:
    """The encounters of every story that is told, twins after their first."""
    kinds = [kind for kind in STORIES for _ in range(knobs.stories.get(kind, 0))]
    encounters: list[Encounter] = []
    for place, kind in enumerate(kinds, start=1):
        first = None
        if kind in TWINS:  # each twin of somebody else
            first = encounters[sum(item.kind in TWINS for item in encounters)]
        encounters.append(_story(knobs, today, kind, place, first))
    return encounters


def _story(knobs, today, kind, place, first) -> Encounter:
    number = f"E{knobs.seed:02d}9{place:04d}"
    codes = {
        "twin_sure": ("99203", "93000"),
        "twin_likely": ("99203", "93000"),
        "lab_client": ("80053", "83036"),
        "lab_payer": ("80053", "83036"),
        "package": ("99213",),
        "stay": ("99285", "80053", "71046"),
        "authorization": ("20610",),
        "taxed": ("99213", world.TAXED),
        "taxed_corrected": ("99213", world.TAXED),
        "taxed_insured": ("99213", world.TAXED),
    }.get(kind, ("99214", "85025", "36415"))
    charges = tuple(
        _line(number, position, code) for position, code in enumerate(codes, start=1)
    )
    return Encounter(
        number=number,
        # a facility gives a person one record number: a second one is at another
        facility="NORTH" if kind in ("stay", "twin_sure") else "MAIN",
        service_date=_day(kind, place, today),
        patient=FIRST_PATIENT + place,
        payers=PAYERS.get(kind, ("ACME",)),
        charges=charges,
        diagnoses=() if kind == "lab_client" else ("E119", "I10"),
        authorization=f"AU{number[1:]}" if kind == "authorization" else None,
        kind=kind,
        told_payers=("MEDICARE", "ACME") if kind == "working_aged" else (),
        twin_of=first,
        changes=_changes(kind, number, charges),
        package=world.PACKAGE_PRICE if kind == "package" else ZERO,
        client=world.CLIENT if kind == "lab_client" else None,
        signed_off=kind not in ("package", "coded_later", "stay", "eligibility"),
    )


def _day(kind: str, place: int, today: date) -> date:
    """Clients are invoiced for the month before; all else is of the last weeks."""
    if kind == "lab_client":
        return today.replace(day=1) - timedelta(days=place % 20 + 1)
    return today - timedelta(days=place % 9 + 2)


def _line(number: str, position: int, code: str, units: int = 1) -> ChargeLine:
    return ChargeLine(
        f"{number}-{position}", code, units, world.SERVICES[code].charge * units
    )


def _changes(kind: str, number: str, charges) -> tuple[Change, ...]:
    """What changes once the encounter is billed; for ``coded_later``, before."""
    late = Change(_line(number, 8, "93000"))
    if kind in ("late_charge", "late_after_payment"):
        return (late,)
    if kind in ("corrected_by_line", "reopening", "rejected_again"):
        more = _line(number, 9, charges[2].code, units=2)
        return (Change(more, charges[2].external_id),)
    if kind == "taxed_corrected":
        more = _line(number, 9, world.TAXED, units=3)
        return (Change(more, charges[1].external_id),)
    if kind == "new_claim":
        return (late, Change(_line(number, 9, "80053"), charges[1].external_id))
    if kind == "coded_later":
        old = charges[0]
        recoded = ChargeLine(old.external_id, "99213", old.units, old.amount)
        return (Change(recoded, old.external_id, recoded=True),)
    return ()


# ----------------------------------------------------------------------
# Events
# ----------------------------------------------------------------------
def first_wave(encounters, seed: int) -> list[dict]:
    """What sources know at once; they may send it in any order."""
    events = []
    for encounter in encounters:
        if encounter.kind in TWINS:
            continue
        if encounter.kind in LABORATORY:
            events += _laboratory(encounter, seed)
        else:
            events.append(completed_event(encounter, seed))
        if encounter.kind == "eligibility":
            events.append(_eligibility(encounter, "inactive", 9))
    return events


def second_wave(encounters, seed: int) -> list[dict]:
    """Sign-offs and discharges, and the twins of people who are known by now."""
    events = []
    for encounter in encounters:
        if encounter.kind in TWINS:
            events.append(completed_event(encounter, seed))
        elif encounter.kind == "stay":
            data = {"discharged_at": moment(encounter, 20)}
            events.append(_about(encounter, "encounter.discharged", data))
        if not encounter.signed_off or encounter.kind in LABORATORY:
            events.append(_sign_off(encounter))
    return events


def third_wave(encounters) -> list[dict]:
    """The answers that stopped claims wait for."""
    events = []
    for encounter in encounters:
        if encounter.kind == "eligibility":
            events.append(_eligibility(encounter, "active", 12))
        elif encounter.kind == "authorization":
            events.append(_authorization(encounter))
    return events


def change_events(encounter: Encounter) -> list[dict]:
    """Late and corrected charges of a billed encounter."""
    events = []
    for change in encounter.changes:
        data = {"charge": charge_value(encounter, change.charge)}
        mark = f"-{change.charge.external_id}"
        if change.replaces is None:
            events.append(_about(encounter, "charge.captured", data, mark))
        else:
            data |= {"charge_id": change.replaces, "action": "replace"}
            data["reason"] = "units"
            events.append(_about(encounter, "charge.corrected", data, mark))
    return events


def _about(encounter: Encounter, kind: str, data: dict, mark: str = "") -> dict:
    where = {"facility": encounter.facility, "encounter": encounter.number}
    return event(encounter, kind, where | data, mark)


def _sign_off(encounter: Encounter) -> dict:
    data = {"diagnoses": list(encounter.diagnoses)}
    data["charges"] = [
        {"id": change.replaces, "code": change.charge.code}
        for change in encounter.changes
        if change.recoded
    ]
    return _about(encounter, "coding.signed_off", data)


def _eligibility(encounter: Encounter, status: str, hour: int) -> dict:
    coverage = coverages(encounter)[0]
    data = {
        "patient_account": patient(encounter, 0)["account_number"],
        "payer": coverage["payer"],
        "member_id": coverage["member_id"],
        "facility": encounter.facility,
        "status": status,
        "answered_at": moment(encounter, hour),
        "copay": "30.00",
    }
    return event(encounter, "eligibility.updated", data, f"-{status}")


def _authorization(encounter: Encounter) -> dict:
    data = {
        "number": encounter.authorization,
        "patient_account": patient(encounter, 0)["account_number"],
        "payer": encounter.payers[0],
        "facility": encounter.facility,
        "date_from": (encounter.service_date - timedelta(days=10)).isoformat(),
        "date_to": (encounter.service_date + timedelta(days=80)).isoformat(),
        "units": "4",
        "codes": ["20610"],
        "status": "approved",
    }
    return event(encounter, "authorization.confirmed", data)


def _laboratory(encounter: Encounter, seed: int) -> list[dict]:
    """A patient is registered, tests are ordered, done and charged one by one."""
    visit = {
        "number": encounter.number,
        "facility": encounter.facility,
        "provider_group": world.PROVIDER_GROUP,
        "type": "lab",
        "service_date": encounter.service_date.isoformat(),
        "place_of_service": "11",
        "rendering_npi": world.RENDERING_NPI,
        "self_pay": encounter.self_pay,
    }
    registered = {
        "encounter": visit,
        "patient": patient(encounter, seed),
        "coverages": coverages(encounter),
    }
    events = [event(encounter, "encounter.registered", registered)]
    for charge in encounter.charges:
        events += _test(encounter, charge)
    done = {"discharged_at": moment(encounter, 14)}
    return [*events, _about(encounter, "encounter.discharged", done)]


def _test(encounter: Encounter, charge: ChargeLine) -> list[dict]:
    """One test from order to result; its charge comes with the result."""
    number = f"OR{charge.external_id[1:]}"
    where = {"facility": encounter.facility}
    order = {
        "number": number,
        "encounter": encounter.number,
        "kind": "test",
        "code": charge.code,
        "units": str(charge.units),
        "ordering_npi": world.ATTENDING_NPI,
        "placed_at": moment(encounter, 9),
        "billable": True,
        "client": encounter.client,
    }
    steps = (
        ("order.placed", {"order": order}),
        ("specimen.received", {"order": number, "received_at": moment(encounter, 10)}),
        (
            "test.completed",
            {
                "order": number,
                "completed_at": moment(encounter, 13),
                "charge": charge_value(encounter, charge),
            },
        ),
    )
    mark = f"-{charge.external_id}"
    return [event(encounter, kind, where | data, mark) for kind, data in steps]
