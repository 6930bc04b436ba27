"""Claims on their way to payers: sent, acknowledged, corrected and voided."""

import sys
from datetime import datetime, timezone
from decimal import Decimal

from . import stories
from .adjudication import SubmittedClaim
from .clinic import Encounter
from .documents import INVOICED, submitted_claim


class Desk:
    """What clearinghouse and billing office do; part of ``DemoDay``, which sends."""

    def _submit(self, claims):
        """Send claims to their payers; returns those that were not rejected."""
        batched = [pair for pair in claims if _goes_in_batch(*pair)][: self.knobs.batch]
        rejected = self._submit_batch(batched) if batched else []
        single = [pair for pair in claims if pair not in batched]
        self._send_all(self._submission_events(single), mix=False)
        self._send_all(self._status_events(single), mix=False)
        return [pair for pair in batched if pair not in rejected] + single

    def _submit_batch(self, batched):
        """In one batch; the clearinghouse takes in all but the last claim."""
        number = self.office.submit_batch(batched)
        rejected = batched[-1:] if len(batched) > 2 else []
        data = {
            "batch": number,
            "status": "accepted",
            "acknowledged_at": _now(),
            "claims": [
                {
                    "control_number": claim.control_number,
                    "status": "rejected",
                    "reasons": ["A7:33"],
                }
                for _encounter, claim in rejected
            ],
        }
        self._send_all([self._event("claim.acknowledged", number, data)], mix=False)
        return rejected

    def _submission_events(self, claims, mark: str = "") -> list[dict]:
        return [
            self._event(
                "claim.submitted",
                f"{claim.control_number}{mark}",
                {
                    "control_number": claim.control_number,
                    "encounter": encounter.number,
                    "facility": encounter.facility,
                    "payer": claim.payers[0],
                    "submitted_at": _now(),
                    "reference": f"BATCH-{self.knobs.seed}{mark}",
                },
            )
            for encounter, claim in claims
        ]

    def _status_events(self, claims) -> list[dict]:
        """Payer acknowledgements; rejected claims leave ``claims``: no 835 comes."""
        events = []
        for encounter, claim in list(claims):
            again = encounter.kind == "rejected_again"
            plain = encounter.kind == "clean"
            rejected = again or (plain and self.rng.random() < self.knobs.rejected_rate)
            events.append(self._status_event(claim, rejected, not plain))
            if rejected and not again:
                claims.remove((encounter, claim))
        return events

    def _status_event(self, claim, rejected=False, numbered=False, mark="") -> dict:
        number = claim.control_number
        return self._event(
            "claim.status_changed",
            f"{number}{mark}",
            {
                "control_number": number,
                "status": "rejected" if rejected else "accepted",
                "payer_claim_number": f"P{number}"
                if numbered and not rejected
                else None,
                "reason": "A7 acknowledgement" if rejected else None,
            },
        )

    def _change(self, claims, changed, voided):
        """Change or void claims at their payers.

        :return: ``claims`` without the voided ones, and with the further versions
        """
        turned = [pair for pair in claims if pair[0].kind in changed + voided]
        if not turned:
            return claims
        say(f"{len(turned)} claims are corrected or voided")
        events = [e for item, _ in turned for e in stories.change_events(item)]
        if events:
            self._send_all(events, mix=False)
        for encounter, claim in turned:
            if encounter.kind in voided:
                self.office.void(claim.control_number)
        latest = self._wait_versions(turned)
        self._send_all(self._submission_events(turned, "-2"), mix=False)
        self._send_all(
            [self._status_event(claim, mark="-2") for _, claim in turned], mix=False
        )
        kept = []
        for encounter, claim in claims:
            if encounter.kind in changed:
                claim = submitted_claim(
                    encounter, encounter.due_charges, latest[encounter.number]
                )
            if encounter.kind not in voided:
                kept.append((encounter, claim))
        return kept

    def _change_self_pay(self) -> dict[str, dict]:
        """Correct what guarantors were invoiced; the documents as they are then."""
        turned = [
            item for item in self.encounters if item.kind in stories.CHANGED_SELF_PAY
        ]
        if not turned:
            return {}
        say(f"{len(turned)} invoices of guarantors are corrected")
        self._send_all([e for item in turned for e in stories.change_events(item)])
        documents: dict[str, dict] = {}

        def unfinished():
            for item in turned:
                documents[item.number] = self.client.get_encounter(
                    item.number, item.facility
                )
            return [
                documents[item.number]
                for item in turned
                if _invoiced_at(documents[item.number]) != item.due
            ]

        self._wait(unfinished, "corrections are not invoiced to their guarantors")
        return documents

    def _wait_versions(self, turned) -> dict[str, dict]:
        """The further version of each claim, once it may be submitted."""
        latest: dict[str, dict] = {}

        def unfinished():
            waiting = []
            for encounter, _claim in turned:
                document = self.client.get_encounter(
                    encounter.number, encounter.facility
                )
                newest = max(document["claims"], key=lambda item: item["version"])
                latest[encounter.number] = newest
                if newest["version"] < 2 or newest["state"] != "cleared":
                    waiting.append(document)
            return waiting

        self._wait(unfinished, "corrections are not cleared")
        return latest

    def _event(self, kind: str, key: str, data: dict) -> dict:
        return {
            "id": f"sim-{kind}-{key}",
            "type": kind,
            "version": 1,
            "occurred_at": _now(),
            "data": data,
        }


def _goes_in_batch(encounter: Encounter, claim: SubmittedClaim) -> bool:
    return encounter.kind == "clean" and claim.payers[0] == "ACME"


def _invoiced_at(document: dict) -> Decimal:
    """The charges of an encounter on invoices that stand."""
    return sum(
        (
            Decimal(line["charge"])
            for claim in document["claims"]
            if claim["invoice_state"] == INVOICED
            for line in claim["lines"]
        ),
        Decimal(0),
    )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    """Progress for the person who waits, on standard error."""
    print(f"  demo day: {text}", file=sys.stderr, flush=True)
