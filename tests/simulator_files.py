"""Builds what the feeder would have sent, without a server."""

import json
from pathlib import Path

from .simulator import scenario
from .simulator.adjudication import SubmittedClaim, SubmittedLine
from .simulator.clinic import completed_event


def submitted_claims(encounters):
    """Claims of every clean insured encounter, numbered C00001…"""
    claims = {}
    for position, encounter in enumerate(encounters, start=1):
        if encounter.self_pay or encounter.kind != "clean":
            continue
        lines = tuple(
            SubmittedLine(f"L{index}", item.code, item.amount, item.units)
            for index, item in enumerate(encounter.charges, start=1)
        )
        number = f"C{position:05d}"
        claims[number] = (
            encounter,
            SubmittedClaim(
                number,
                encounter.payers,
                encounter.facility,
                encounter.service_date,
                lines,
            ),
        )
    return claims


def write_sent(folder: Path, knobs, encounters, today):
    """Write ``events.jsonl`` and the 835s; returns (claims, files)."""
    claims = submitted_claims(encounters)
    events = [completed_event(item, knobs.seed) for item in encounters]
    events += [
        {
            "id": f"submitted-{number}",
            "type": "claim.submitted",
            "data": {"control_number": number, "encounter": encounter.number},
        }
        for number, (encounter, _claim) in claims.items()
    ]
    lines = [json.dumps(event) + "\n" for event in events]
    (folder / "events.jsonl").write_text("".join(lines + lines[:5]))
    files = scenario.make_files(
        knobs, [claim for _encounter, claim in claims.values()], today
    )
    (folder / "remittances").mkdir()
    for position, file in enumerate(files):
        name = f"{position:03d}-{file.name}"
        (folder / "remittances" / name).write_bytes(file.content)
    return claims, files
