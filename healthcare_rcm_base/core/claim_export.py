"""Claims as files for whoever sends them on: JSON lines and a flat CSV.

The JSON has one claim a line in canonical form, so that the same claims give the same
bytes and the same hash. The CSV has one service line a row, for people and small
tools; what repeats (codes of the stay, other payers) is only in the JSON.
"""

import hashlib
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .canonical import canonical_json
from .spreadsheet import plain_cell

# Columns of the CSV: heading, where it stands in the claim, or in its line.
CLAIM_COLUMNS = (
    ("control_number", ("control_number",)),
    ("version", ("version",)),
    ("frequency", ("frequency",)),
    ("payer_number_replaced", ("payer_number_replaced",)),
    ("claim_form", ("claim_form",)),
    ("payer", ("payer", "code")),
    ("payer_identifier", ("payer", "identifier")),
    ("member_id", ("subscriber", "member_id")),
    ("group_number", ("subscriber", "group_number")),
    ("relationship", ("subscriber", "relationship")),
    ("patient_last_name", ("patient", "last_name")),
    ("patient_first_name", ("patient", "first_name")),
    ("patient_birth_date", ("patient", "birth_date")),
    ("patient_sex", ("patient", "sex")),
    ("billing_npi", ("billing_provider", "npi")),
    ("billing_tax_id", ("billing_provider", "tax_id")),
    ("billing_street", ("billing_provider", "address", "street")),
    ("billing_city", ("billing_provider", "address", "city")),
    ("billing_state", ("billing_provider", "address", "state")),
    ("billing_zip", ("billing_provider", "address", "zip")),
    ("facility_npi", ("service_facility", "npi")),
    ("rendering_npi", ("providers", "rendering", "npi")),
    ("referring_npi", ("providers", "referring", "npi")),
    ("attending_npi", ("providers", "attending", "npi")),
    ("type_of_bill", ("stay", "type_of_bill")),
    ("diagnoses", ("diagnoses",)),
    ("total_charge", ("total_charge",)),
)
LINE_COLUMNS = (
    ("line", "number"),
    ("line_control_number", "control_number"),
    ("service_date", "service_date"),
    ("place_of_service", "place_of_service"),
    ("revenue_code", "revenue_code"),
    ("code", "code"),
    ("modifiers", "modifiers"),
    ("pointers", "diagnosis_pointers"),
    ("unit", "unit"),
    ("units", "units"),
    ("charge", "charge"),
    ("ndc", "ndc_code"),
    ("ndc_quantity", "ndc_quantity"),
    ("ndc_unit", "ndc_unit"),
    ("line_rendering_npi", "rendering_npi"),
    ("authorization", "authorization"),
)


class Adjustment(NamedTuple):
    """One CAS triple: why a payer did not pay an amount."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


class LineAnswer(NamedTuple):
    """What a payer decided about one of our service lines."""

    control_number: str
    code: str
    modifiers: tuple
    units: Decimal
    paid: Decimal
    adjustments: tuple
    day: date | None = None


class Answer(NamedTuple):
    """What a payer decided about a claim, on one remittance."""

    day: date
    payer_claim_number: str
    paid: Decimal
    patient_responsibility: Decimal
    adjustments: tuple
    lines: tuple


def adjudication(answers):
    """The decisions of one payer as the next one wants them; None without any.

    A claim decided in parts has several answers: what was paid adds up, the latest
    day and number are told.
    """
    if not answers:
        return None
    ordered = sorted(answers, key=lambda answer: answer.day)
    last = ordered[-1]
    return {
        "date": last.day,
        "payer_claim_number": last.payer_claim_number,
        "paid": _amount(sum(answer.paid for answer in ordered)),
        "patient_responsibility": _amount(
            sum(answer.patient_responsibility for answer in ordered)
        ),
        "adjustments": [
            _adjustment(item) for answer in ordered for item in answer.adjustments
        ],
        "lines": [
            _line_answer(line, answer) for answer in ordered for line in answer.lines
        ],
    }


def _line_answer(line, answer):
    return {
        "control_number": line.control_number,
        "code": line.code,
        "modifiers": list(line.modifiers),
        "units": format(line.units.normalize(), "f") if line.units else None,
        "paid": _amount(line.paid),
        "date": line.day or answer.day,
        "adjustments": [_adjustment(item) for item in line.adjustments],
    }


def _adjustment(item):
    return {
        "group": item.group,
        "reason": item.reason,
        "amount": _amount(item.amount),
        "quantity": format(item.quantity.normalize(), "f") if item.quantity else None,
    }


def _amount(value):
    return format(Decimal(value).quantize(Decimal("0.01")), "f")


def json_lines(claims):
    """Return the bytes of the claims, one canonical JSON object a line."""
    return b"".join(canonical_json(claim) + b"\n" for claim in claims)


def csv_rows(claims):
    """Return the rows of the flat file, its heading first."""
    heading = [name for name, _path in CLAIM_COLUMNS]
    heading += [name for name, _key in LINE_COLUMNS]
    rows = [heading]
    for claim in claims:
        shared = [_cell(_at(claim, path)) for _name, path in CLAIM_COLUMNS]
        rows += [
            shared + [_cell(line.get(key)) for _name, key in LINE_COLUMNS]
            for line in claim["lines"]
        ]
    return rows


def file_hash(content):
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def without_empty(value):
    """``value`` without the keys that say nothing, at every depth."""
    if isinstance(value, dict):
        kept = {key: without_empty(item) for key, item in value.items()}
        return {
            key: item
            for key, item in kept.items()
            if item not in (None, "", False, {}, [])
        }
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    return value


def _at(claim, path):
    for key in path:
        claim = (claim or {}).get(key)
    return claim


def _cell(value):
    """A cell no spreadsheet takes for a formula."""
    if value is None:
        return ""
    return plain_cell(
        " ".join(map(str, value)) if isinstance(value, list) else str(value)
    )
