"""Runbooks of events that do not go through."""

import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

from .runbook_common import RunbookCase


@tagged("post_install", "-at_install")
class TestRunbooksEvents(RunbookCase):
    def test_event_schema(self):
        broken = self.envelope(
            "remittance.received", {"filename": "a.835", "content_base64": "QQ="}
        )
        event = self.receive(broken)
        self.process()
        case = self.case_of(event, "event_schema")

        def check():
            panel = self.env["rcm.event.check"].with_user(self.support)
            good = {**broken, "id": "again", "data": {**broken["data"]}}
            good["data"]["content_base64"] = "QQ=="
            accepted, _text = panel._rcm_check(self.connector, json.dumps(good))
            self.assertTrue(accepted)

        def send_again():
            good = {**broken, "id": "again-1", "data": {**broken["data"]}}
            good["data"]["content_base64"] = "QUJD"
            self.receive(good)

        self.follow(
            "event-schema",
            ("**Events**", lambda: self.assertEqual(case.state, "open")),
            ("connector's *Notes*", None),
            ("**Check an Event**", check),
            ("**new event id**", send_again),
            ("**Set Aside**", lambda: self.as_support(event).action_ignore()),
        )
        self.assertEqual(event.state, "ignored")
        self.assertIn(case.state, ("resolved", "dismissed"))

    def lost_facility(self):
        event = self.completed("E-RUN")
        event["data"]["encounter"]["facility"] = "NEWCLINIC"
        return self.receive(event)

    def test_event_reference(self):
        event = self.lost_facility()
        self.process()
        case = self.case_of(event, "event_reference")

        def make():
            self.env["rcm.facility"].create(
                {"name": "New", "code": "NEWCLINIC", "npi": "1245319599"}
            )

        def replay():
            self.as_support(event).action_replay()
            self.process()

        self.follow(
            "event-reference",
            ("filter *Failed*", lambda: self.assertEqual(event.state, "dead")),
            ("Make it, or correct", make),
            ("**Replay**", replay),
            ("*Done*", lambda: self.assertEqual(event.state, "done")),
        )
        self.assertEqual(case.state, "resolved")

    def test_event_sequence(self):
        first = self.completed("E-SEQ")
        cancel = self.envelope(
            "encounter.discharged",
            {
                "facility": self.facility.code,
                "encounter": "E-SEQ",
                "discharged_at": "2026-11-02T12:00:00Z",
            },
        )
        late = self.receive(self.valid(cancel))
        self.process()
        self.assertEqual(late.state, "waiting_predecessor")
        later = fields.Datetime.now() + timedelta(days=90)
        with freeze_time(later):
            self.process()
        self.assertEqual(late.state, "dead")
        case = self.case_of(late, "event_sequence")

        def replay():
            self.process()
            self.as_support(late).action_replay()
            self.process()

        self.follow(
            "event-sequence",
            ("*Business Key*", lambda: self.assertTrue(late.business_key)),
            ("same business key", None),
            ("ask the sender to send it", lambda: self.receive(first)),
            ("**Replay**", replay),
        )
        self.assertEqual(late.state, "done")
        self.assertEqual(case.state, "resolved")

    def valid(self, envelope):
        """``envelope`` with the shipped example's other fields."""
        kind = self.env["rcm.event.type"].search(
            [("name", "=", envelope["type"]), ("version", "=", 1)]
        )
        example = json.loads(kind.example)
        data = {key: envelope["data"].get(key, value) for key, value in example.items()}
        return {**envelope, "data": data}

    def test_event_failed(self):
        event = self.receive(self.submitted())
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        refusal = RcmPermanent("closed", "The period is closed.")
        with patch.object(handler, "_rcm_handle", side_effect=refusal):
            self.process()
        self.assertEqual(event.state, "dead")
        case = self.case_of(event, "event_failed")

        def reprocess():
            done = patch.object(
                handler, "_rcm_handle", lambda me, evt, data: evt.connector_id
            )
            with done:
                self.as_support(case).action_reprocess()

        self.follow(
            "event-failed",
            ("*Kind of Error*", lambda: self.assertTrue(event.what_to_do)),
            ("correct the document", None),
            ("**Reprocess**", reprocess),
            ("*Done*", lambda: self.assertEqual(event.state, "done")),
        )
        self.assertEqual(case.state, "resolved")
