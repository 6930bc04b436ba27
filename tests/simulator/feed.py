"""Feeds a simulated period to a running suite over HTTP: the demo day.

Run in the folder ``tests``: ``python -m simulator.feed --url … --db … --out …`` with
the integration user's key in the environment variable ``RCM_API_KEY``.
"""

import argparse
import base64
import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

from .adjudication import SubmittedClaim, SubmittedLine
from .client import Client, FeedError
from .clinic import Encounter, completed_event, make_encounters
from .knobs import Knobs
from .scenario import RemittanceFile, deposits, make_files
from .truth import expected_ledger

WAIT_SECONDS = 240
INVOICED = "posted"


class DemoDay:
    """One simulated period, from completed encounters to payer remittances."""

    def __init__(
        self, client: Client, knobs: Knobs, today: date, patience: int = WAIT_SECONDS
    ):
        self.client = client
        self.patience = patience
        self.knobs = knobs
        self.today = today
        self.rng = random.Random(f"feed-{knobs.seed}")
        self.encounters = make_encounters(knobs, today)
        self.event_ids: list[str] = []

    def run(self) -> dict:
        """Send everything, wait until it is worked off, return a summary."""
        say(f"sending {len(self.encounters)} completed encounters")
        self._send_all(
            [completed_event(item, self.knobs.seed) for item in self.encounters]
        )
        say("waiting for claims and invoices")
        documents = self._wait_billed()
        claims = self._submitted_claims(documents)
        say(f"{len(claims)} claims are cleared and invoiced; submitting them")
        self._send_all(self._submission_events(claims), mix=False)
        self._send_all(self._status_events(claims), mix=False)
        files = make_files(self.knobs, [claim for _, claim in claims], self.today)
        say(f"sending {len(files)} remittance files")
        self._send_files(files)
        return self._summary(documents, claims, files)

    def _send_all(self, events: list[dict], mix: bool = True) -> None:
        """Send events, some of them twice and (for ``mix``) out of order."""
        batch = list(events)
        if mix and self.knobs.shuffle:
            self.rng.shuffle(batch)
        again = [
            e for e in batch if self.rng.random() < self.knobs.duplicate_event_rate
        ]
        for position, event in enumerate(batch + again):
            self._send(event, through_rpc=position % 3 == 0)
        self.client.wait_processed([event["id"] for event in events], self.patience)
        self.event_ids += [event["id"] for event in events]

    def _send(self, event: dict, through_rpc: bool) -> None:
        self.client.keep("events.jsonl", json.dumps(event).encode() + b"\n")
        if through_rpc:
            self.client.rpc("submit_event", {"event": event})
        else:
            self.client.post_event(event)

    def _wait_billed(self) -> dict[str, dict]:
        """Documents by encounter number, once nothing is on its way any more."""
        deadline = time.monotonic() + self.patience
        documents: dict[str, dict] = {}
        while True:
            for item in self.encounters:
                if not _settled(documents.get(item.number)):
                    documents[item.number] = self.client.get_encounter(
                        item.number, item.facility
                    )
            open_ = [number for number, doc in documents.items() if not _settled(doc)]
            if not open_:
                return documents
            if time.monotonic() > deadline:
                raise FeedError(
                    f"{len(open_)} encounters are not billed after {self.patience} s; "
                    f"first: {json.dumps(documents[open_[0]])[:600]}"
                )
            self.client.rest(1)

    def _submitted_claims(self, documents) -> list[tuple[Encounter, SubmittedClaim]]:
        claims = []
        for encounter in self.encounters:
            if encounter.self_pay:
                continue
            for claim in documents[encounter.number]["claims"]:
                if claim["invoice_state"] == INVOICED and claim["state"] == "cleared":
                    claims.append((encounter, _submitted(encounter, claim)))
        return claims

    def _submission_events(self, claims) -> list[dict]:
        return [
            self._event(
                "claim.submitted",
                claim.control_number,
                {
                    "control_number": claim.control_number,
                    "encounter": encounter.number,
                    "facility": encounter.facility,
                    "payer": claim.payers[0],
                    "submitted_at": _now(),
                    "reference": f"BATCH-{self.knobs.seed}",
                },
            )
            for encounter, claim in claims
        ]

    def _status_events(self, claims) -> list[dict]:
        """Payer acknowledgements; rejected claims leave ``claims``: no 835 comes."""
        events = []
        for encounter, claim in list(claims):
            rejected = self.rng.random() < self.knobs.rejected_rate
            events.append(
                self._event(
                    "claim.status_changed",
                    claim.control_number,
                    {
                        "control_number": claim.control_number,
                        "status": "rejected" if rejected else "accepted",
                        "payer_claim_number": None,
                        "reason": "A7 acknowledgement" if rejected else None,
                    },
                )
            )
            if rejected:
                claims.remove((encounter, claim))
        return events

    def _event(self, kind: str, key: str, data: dict) -> dict:
        return {
            "id": f"sim-{kind}-{key}",
            "type": kind,
            "version": 1,
            "occurred_at": _now(),
            "data": data,
        }

    def _send_files(self, files: list[RemittanceFile]) -> None:
        events = []
        for position, file in enumerate(files, start=1):
            self.client.keep(f"remittances/{position:03d}-{file.name}", file.content)
            data = {
                "filename": file.name,
                "content_base64": base64.b64encode(file.content).decode(),
            }
            event = self._event(
                "remittance.received", f"{self.knobs.seed}-{position}", data
            )
            self.client.rpc("submit_event", {"event": event})
            self.client.keep("events.jsonl", json.dumps(event).encode() + b"\n")
            events.append(event["id"])
            self.client.wait_processed([event["id"]], self.patience)
        self._wait_remittances(events)
        self.event_ids += events

    def _wait_remittances(self, events: list[str]) -> None:
        """Until every remittance a file brought has come to rest."""
        deadline = time.monotonic() + self.patience
        moving = {"received", "parsed", "balanced", "matched"}
        for event_id in events:
            while True:
                answer = self.client.rpc(
                    "get_document", {"type": "remittance", "event": event_id}
                )
                states = {item["state"] for item in answer["remittances"]}
                if answer["file_state"] != "received" and not states & moving:
                    break
                if time.monotonic() > deadline:
                    raise FeedError(f"{event_id} is still {sorted(states)}")
                self.client.rest(0.5)

    def _summary(self, documents, claims, files) -> dict:
        """What was sent, and the truth it should have led to."""
        invoiced = {
            claim["control_number"]: encounter
            for encounter in self.encounters
            for claim in documents[encounter.number]["claims"]
            if claim["invoice_state"] == INVOICED
        }
        ledger = expected_ledger(invoiced, files)
        return {
            "events": len(self.event_ids),
            "encounters": len(self.encounters),
            "claims": len(claims),
            "files": len(files),
            "remittances": sum(len(file.payments) for file in files),
            "fates": dict(Counter(file.fate for file in files)),
            "purposes": ledger.purposes,
            "claims_open": ledger.claims,
            "deposits": [asdict(item) for item in deposits(files)],
            "sent_files": files,
        }


def _settled(document: dict | None) -> bool:
    """Whether an encounter is billed, waits for a person, or has a case."""
    if not document:
        return False
    if any(case["state"] != "resolved" for case in document["cases"]):
        return True
    claims = document["claims"]
    return bool(claims) and all(
        claim["invoice_state"] == INVOICED or claim["approval"] for claim in claims
    )


def _submitted(encounter: Encounter, claim: dict) -> SubmittedClaim:
    lines = []
    for charge, line in zip(encounter.charges, claim["lines"], strict=True):
        if charge.code != line["code"]:
            raise FeedError(
                f"claim {claim['control_number']}: line {line['code']} where the "
                f"encounter has {charge.code}"
            )
        lines.append(
            SubmittedLine(
                line["line_control_number"],
                charge.code,
                Decimal(line["charge"]),
                charge.units,
                charge.modifiers,
            )
        )
    return SubmittedClaim(
        claim["control_number"],
        encounter.payers,
        encounter.facility,
        encounter.service_date,
        tuple(lines),
    )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    """Progress for the person who waits, on standard error."""
    print(f"  demo day: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Command line; prints the summary as JSON and returns the exit code."""
    defaults = Knobs()
    parser = argparse.ArgumentParser(prog="simulator.feed", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--db", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--encounters", type=int, default=defaults.encounters)
    parser.add_argument("--today", type=date.fromisoformat, default=date.today())
    options = parser.parse_args(arguments)
    key = os.environ.get("RCM_API_KEY")
    if not key:
        parser.error("set RCM_API_KEY to the integration user's API key")
    (options.out / "remittances").mkdir(parents=True, exist_ok=True)
    client = Client(options.url, options.db, key, options.out)
    knobs = Knobs(seed=options.seed, encounters=options.encounters)
    try:
        summary = DemoDay(client, knobs, options.today).run()
    except FeedError as error:
        say(f"stopped: {error}")
        return 1
    summary.pop("sent_files")
    (options.out / "truth.json").write_text(json.dumps(summary, default=str, indent=1))
    say(f"done: {summary['events']} events, {summary['claims']} claims")
    return 0


if __name__ == "__main__":
    sys.exit(main())
