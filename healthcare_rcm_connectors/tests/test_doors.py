import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from .door_common import EVENTS, DoorCase


@tagged("post_install", "-at_install")
class TestDoors(DoorCase):
    """What every sender can do: send, ask, read what an error means."""

    # ------------------------------------------------------------------
    # Taking events
    # ------------------------------------------------------------------
    def test_event_is_taken_and_told_about(self):
        event = self.completed()
        response = self.send(EVENTS, event)
        self.assertEqual(response.status_code, 202)
        body = response.json()
        self.assertEqual(body["id"], event["id"])
        self.assertEqual((body["status"], body["duplicate"]), ("received", False))
        self.assertEqual(response.headers["Location"], f"{EVENTS}/{event['id']}")
        status = self.send(f"{EVENTS}/{event['id']}").json()
        self.assertEqual(status["correlation_id"], body["correlation_id"])
        self.assertEqual(status["status"], "received")
        self.assertEqual(status["occurred_at"], "2026-11-02T10:30:00Z")
        self.assertEqual(status["error"], None)

    def test_raw_body_is_kept_and_shown_without_the_patient(self):
        event = self.completed()
        raw = json.dumps(event, indent=3).encode()
        self.send(EVENTS, raw)
        stored = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertEqual(stored.payload, raw.decode())
        self.assertIn('"code": "99213"', stored.payload_shown)
        for secret in ("Quillfeather", "MEMBER-77", "1980-01-01", "M-E-1", "E119"):
            self.assertNotIn(secret, stored.payload_shown)

    def test_same_event_again_gets_the_first_answer(self):
        event = self.submitted()
        first = self.send(EVENTS, event)
        again = self.send(EVENTS, json.dumps(event, indent=2).encode())
        by_rpc = self.rpc("submit_event", {"event": event})["result"]
        self.assertEqual((first.status_code, again.status_code), (202, 200))
        self.assertEqual(again.json(), {**first.json(), "duplicate": True})
        self.assertEqual(by_rpc, again.json())
        found = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertEqual(len(found), 1)

    def test_same_id_with_other_content_is_a_conflict(self):
        event = self.submitted()
        self.send(EVENTS, event)
        changed = self.submitted("RTEST0000002", id=event["id"])
        body = self.assertProblem(self.send(EVENTS, changed), 409, "conflict")
        self.assertEqual(body["id"], event["id"])
        stored = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertIn("RTEST0000001", stored.payload)

    def test_same_id_of_another_connector_is_another_event(self):
        event = self.submitted()
        self.assertEqual(self.send(EVENTS, event).status_code, 202)
        self.assertEqual(self.send(EVENTS, event, self.other_key).status_code, 202)

    def test_event_of_another_connector_is_invisible(self):
        event = self.submitted()
        self.send(EVENTS, event)
        path = f"{EVENTS}/{event['id']}"
        self.assertProblem(self.send(path, key=self.other_key), 404, "not-found")
        error = self.rpc("get_event", {"id": event["id"]}, self.other_key)["error"]
        self.assertEqual(error["data"]["status"], 404)

    def test_intake_is_on_the_timeline(self):
        event = self.submitted()
        thread = self.send(EVENTS, event).json()["correlation_id"]
        rows = self.env["rcm.audit.log"].search([("correlation_id", "=", thread)])
        self.assertEqual(rows.mapped("event"), ["event.received"])
        self.assertEqual(rows.actor_login, "svc-one")
        self.assertEqual(rows.actor_kind, "integration")
        self.assertEqual(rows.source, "one")

    def test_taking_an_event_wakes_the_scheduled_action(self):
        cron = self.env.ref("healthcare_rcm_connectors.cron_process_events")
        Trigger = self.env["ir.cron.trigger"]
        before = Trigger.search_count([("cron_id", "=", cron.id)])
        self.send(EVENTS, self.submitted())
        after = Trigger.search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after, before + 1)

    def test_description_covers_what_the_connector_may_send(self):
        response = self.send("/rcm/v1/openapi.json")
        self.assertEqual(response.status_code, 200)
        schemas = response.json()["components"]["schemas"]
        self.assertIn("encounter.completed.v1", schemas)
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        self.connector.event_type_ids -= kind
        schemas = self.send("/rcm/v1/openapi.json").json()["components"]["schemas"]
        self.assertNotIn("claim.submitted.v1", schemas)
        response = self.send("/rcm/v1/openapi.json", key=False)
        self.assertProblem(response, 401, "unauthenticated")

    # ------------------------------------------------------------------
    # Health and problems
    # ------------------------------------------------------------------
    def test_health_needs_no_key(self):
        response = self.send("/rcm/v1/health", key=False)
        self.assertEqual(response.status_code, 200)
        # nobody runs scheduled actions in a test: what is behind it may be late
        self.assertIn(response.json()["status"], ("ok", "degraded"))
        self.assertNotIn("Set-Cookie", response.headers)

    def test_an_address_with_a_line_break_is_answered_as_any_other(self):
        for path in ("events/a%0Ab", "documents/claim/%0A", "nothing%0A", "events/%0A"):
            with self.subTest(path):
                response = self.send(f"/rcm/v1/{path}")
                self.assertProblem(response, 404, "not-found")

    def test_problem_types_can_be_read(self):
        response = self.send("/rcm/v1/problems/conflict", key=False)
        self.assertEqual(response.json()["status"], 409)
        response = self.send("/rcm/v1/problems/nothing", key=False)
        self.assertProblem(response, 404, "not-found")

    @mute_logger("odoo.http")
    def test_key_use_is_noted(self):
        apikey = self.env["res.users.apikeys"].search(
            [("user_id", "=", self.service_user.id)], limit=1
        )
        entry = self.connector.key_ids.filtered(lambda key: key.apikey_id == apikey.id)
        self.assertFalse(entry.last_used_at)
        self.env.flush_all()
        self.env["rcm.connector.key"]._rcm_touch(apikey.id)
        entry.invalidate_recordset()
        self.assertTrue(entry.last_used_at)
