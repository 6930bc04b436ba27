"""From rows of claims to the values a plan is made from."""

from collections import defaultdict
from decimal import Decimal

from ..settlement import ClaimFacts

SUBMITTED_STATES = frozenset(
    {"submitted", "accepted", "rejected", "adjudicated", "closed", "reopened"}
)
REPLACED_STATES = SUBMITTED_STATES | {"superseded", "void"}
FINAL_STATES = frozenset({"adjudicated", "closed", "reopened"})


def facts_of(number, rows, data) -> ClaimFacts:
    """All versions of a control number as one claim; the last one sent leads."""
    sent = [row for row in rows if row["state"] in SUBMITTED_STATES]
    row = (sent or rows)[-1]
    open_by_payer, local = defaultdict(Decimal), defaultdict(Decimal)
    for version in rows:
        for payer_id, amount in data["open"].get(version["id"], {}).items():
            open_by_payer[payer_id] += amount
        for payer_id, amount in data["local"].get(version["id"], {}).items():
            local[payer_id] += amount
    invoiced = any(version["invoice_state"] == "posted" for version in rows)
    # Invoicing that waits for the payer's decision happens just before posting.
    waits = row["invoice_rule"] == "adjudicated" and row["invoice_state"] == "none"
    if waits and not invoiced:
        open_by_payer[row["payer_id"]] += Decimal(row["charge"])
    void = row["state"] in ("void", "superseded") or row["frequency_code"] == "8"
    shared = {
        "control_number": number,
        "open_by_payer": dict(open_by_payer),
        "local_by_payer": dict(local),
        "has_local": any(version["id"] in data["local"] for version in rows),
        "state": "void" if row["frequency_code"] == "8" else row["state"],
        "submitted": row["state"] in SUBMITTED_STATES,
        "final": row["state"] in FINAL_STATES,
        "void": void,
        "invoiced": invoiced or waits,
        "posted": tuple(
            item
            for version in rows
            for item in data["posted"].get((version["id"], "posted"), ())
        ),
        "taken_back": tuple(
            item
            for version in rows
            for item in data["posted"].get((version["id"], "reversed"), ())
        ),
    }
    earlier = [
        _version_of(version, data, shared)
        for version in rows[: rows.index(row)]
        if version["state"] in REPLACED_STATES
    ]
    return _version_of(row, data, {**shared, "earlier": tuple(earlier)})


def _version_of(row, data, shared) -> ClaimFacts:
    """One version: its own charge and lines, and what all versions share."""
    id_ = row["id"]
    lines = tuple(data["lines"].get(id_, ()))
    last_name, members = data["people"].get(id_, ("", frozenset()))
    priced = bool(lines) and all(line.expected is not None for line in lines)
    return ClaimFacts(
        id=id_,
        charge=Decimal(row["charge"]),
        lines=lines,
        legs=tuple(data["legs"].get(id_, ())),
        frequency=row["frequency_code"],
        expected=Decimal(row["expected"] or 0) if priced else None,
        tolerance=Decimal(row["tolerance"] or 0),
        last_name=last_name,
        member_ids=members,
        **shared,
    )
