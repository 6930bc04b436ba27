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
from datetime import date
from pathlib import Path

from . import stories
from .adjudication import SubmittedClaim
from .client import Client, FeedError
from .clinic import Encounter
from .desk import Desk, say
from .documents import INVOICED, is_settled, submitted_claim
from .knobs import Knobs
from .office import Office
from .scenario import RemittanceFile, deposits, first_files, later_files
from .truth import expected_ledger

WAIT_SECONDS = 240


class DemoDay(Desk):
    """One simulated period, from completed encounters to payer remittances."""

    def __init__(
        self, client: Client, knobs: Knobs, today: date, patience: int = WAIT_SECONDS
    ):
        self.client = client
        self.patience = patience
        self.knobs = knobs
        self.today = today
        self.rng = random.Random(f"feed-{knobs.seed}")
        self.encounters = stories.make_period(knobs, today)
        self.office = Office(client.people(), client, today)
        self.event_ids: list[str] = []
        self.files_sent = 0

    def run(self) -> dict:
        """Send everything, wait until it is worked off, return a summary."""
        if self.knobs.contracts:
            say("agreeing on client prices, a package and a service contract")
            self.office.agree()
        documents = self._register()
        documents |= self._change_self_pay()
        claims = self._submitted_claims(documents)
        say(f"{len(claims)} claims are cleared and invoiced; submitting them")
        claims = self._submit(claims)
        claims = self._change(claims, stories.CHANGED, stories.VOIDED)
        first = first_files(self.knobs, [claim for _, claim in claims], self.today)
        say(f"sending {len(first)} remittance files")
        self._send_files(first)
        kinds = stories.CHANGED_AFTER_PAYMENT, stories.VOIDED_AFTER_PAYMENT
        paid = [pair for pair in claims if pair[0].kind in sum(kinds, ())]
        revised = [
            claim
            for encounter, claim in self._change(paid, *kinds)
            if encounter.kind in kinds[0]
        ]
        voided = frozenset(
            claim.control_number
            for encounter, claim in paid
            if encounter.kind in kinds[1]
        )
        later = later_files(self.knobs, first, revised, self.today, voided)
        say(f"sending {len(later)} more remittance files")
        self._send_files(later)
        if self.knobs.contracts:
            self.office.invoice_clients()
        return self._summary(documents, claims, first + later)

    # ------------------------------------------------------------------
    # Until the claims are invoiced
    # ------------------------------------------------------------------
    def _register(self) -> dict[str, dict]:
        """Everything up to invoiced claims; documents by encounter number."""
        say(f"sending {len(self.encounters)} encounters and what follows from them")
        self._send_all(stories.first_wave(self.encounters, self.knobs.seed))
        if self.knobs.contracts:
            self.office.sell_packages(self.encounters)
        self._send_all(stories.second_wave(self.encounters, self.knobs.seed))
        say("waiting for claims and invoices")
        documents = self._wait_billed()
        answers = stories.third_wave(self.encounters)
        if not answers:
            return documents
        self._check_stopped(documents)
        self._send_all(answers)
        return self._wait_billed(answered=True)

    def _check_stopped(self, documents) -> None:
        """What waits for an answer may not be billed before it comes."""
        for item in self.encounters:
            claims = documents[item.number]["claims"]
            states = {claim["invoice_state"] for claim in claims}
            if item.kind in stories.GATED and states != {"none"}:
                raise FeedError(f"{item.number} should wait ({item.kind}): {states}")

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

    def _wait_billed(self, answered: bool = False) -> dict[str, dict]:
        """Documents by encounter number, once nothing is on its way any more."""
        documents: dict[str, dict] = {}

        def unfinished():
            for item in self.encounters:
                if not is_settled(item, documents.get(item.number), answered):
                    documents[item.number] = self.client.get_encounter(
                        item.number, item.facility
                    )
            return [
                documents[item.number]
                for item in self.encounters
                if not is_settled(item, documents[item.number], answered)
            ]

        self._wait(unfinished, "encounters are not billed")
        return documents

    def _wait(self, unfinished, what: str) -> None:
        """Rest until ``unfinished`` returns nothing."""
        deadline = time.monotonic() + self.patience
        while open_ := unfinished():
            if time.monotonic() > deadline:
                raise FeedError(
                    f"{len(open_)} {what} after {self.patience} s; "
                    f"first: {json.dumps(open_[0])[:900]}"
                )
            self.client.rest(1)

    def _submitted_claims(self, documents) -> list[tuple[Encounter, SubmittedClaim]]:
        return [
            (encounter, submitted_claim(encounter, encounter.charges_billed, claim))
            for encounter in self.encounters
            if not encounter.self_pay
            for claim in documents[encounter.number]["claims"]
            if claim["invoice_state"] == INVOICED and claim["state"] == "cleared"
        ]

    def _send_files(self, files: list[RemittanceFile]) -> None:
        events = []
        for position, file in enumerate(files, start=self.files_sent + 1):
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
        self.files_sent += len(files)

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
        ledger = expected_ledger(
            invoiced, files, self.encounters if self.knobs.contracts else []
        )
        return {
            "seed": self.knobs.seed,
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
    client.keep("run.json", json.dumps({"seed": knobs.seed}).encode())
    try:
        summary = DemoDay(client, knobs, options.today).run()
    except FeedError as error:
        say(f"stopped: {error}")
        say(f"the same again: --seed {options.seed} --encounters {options.encounters}")
        return 1
    summary.pop("sent_files")
    (options.out / "truth.json").write_text(json.dumps(summary, default=str, indent=1))
    say(f"done: {summary['events']} events, {summary['claims']} claims")
    return 0


if __name__ == "__main__":
    sys.exit(main())
