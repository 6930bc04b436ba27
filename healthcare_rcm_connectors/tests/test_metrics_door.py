from datetime import timedelta
from unittest.mock import patch

from prometheus_client.parser import text_string_to_metric_families

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models import ir_http, rcm_auth_failure
from ..models.rcm_health import RcmHealth
from .common import ConnectorMixin

METRICS = "/rcm/v1/metrics"
PATIENT = ("Quillfeather", "Zacharias", "MEMBER-77", "1980-01-01", "M-E-1", "PA-E-1")


@tagged("post_install", "-at_install")
class TestMetricsDoor(ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.admin = cls.make_user("metrics-admin", "administrator")
        cls.monitor = cls.env["rcm.monitor"].create({"name": "Prometheus"})
        cls.token = cls.monitor._rcm_rotate()

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def get(self, path=METRICS, token=None, **headers):
        if token is not False:
            headers["Authorization"] = f"Bearer {token or self.token}"
        return self.url_open(path, headers=headers)

    def read(self, token=None):
        response = self.get(token=token)
        self.assertEqual(response.status_code, 200, response.text[:300])
        self.assertIn("text/plain", response.headers["Content-Type"])
        families = text_string_to_metric_families(response.text)
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    # ------------------------------------------------------------------
    # What is measured
    # ------------------------------------------------------------------
    def test_an_empty_instance_has_its_families(self):
        values = self.read()
        one = ("connector", "one")
        self.assertEqual(values["rcm_events_received_total", one], 0)
        self.assertEqual(values["rcm_event_latency_seconds_count", one], 0)
        self.assertEqual(values["rcm_events_dead", one], 0)
        crons = {key[1][1] for key in values if key[0] == "rcm_cron_lag_seconds"}
        self.assertIn("cron_process_events", crons)
        self.assertIn(("rcm_unmatched_payments",), values)
        self.assertIn(("rcm_delayed_postings",), values)

    def test_intake_processing_and_failures_are_told(self):
        lost = self.completed("E-2")
        lost["data"]["encounter"]["facility"] = "NOWHERE"
        self.receive(self.completed("E-1"), lost)
        one = ("connector", "one")
        lane = ("lane", "real_time")
        values = self.read()
        waiting = ("rcm_events_waiting", one, lane, ("state", "received"))
        self.assertEqual(values["rcm_events_received_total", one], 2)
        self.assertEqual(values[waiting], 2)
        self.assertGreaterEqual(
            values["rcm_events_oldest_waiting_seconds", one, lane], 0
        )
        self.process()
        values = self.read()
        self.assertNotIn(waiting, values)
        done = "rcm_event_attempts_total", one, ("outcome", "done")
        self.assertEqual(values[done], 1)
        failures = [v for k, v in values.items() if k[0] == "rcm_event_failures_total"]
        self.assertEqual(sum(failures), 1)
        self.assertEqual(values["rcm_event_latency_seconds_count", one], 1)
        infinite = "rcm_event_latency_seconds_bucket", one, ("le", "+Inf")
        self.assertEqual(values[infinite], 1)

    def test_cases_and_late_feeds_and_alerts_are_told(self):
        self.payer.env["rcm.exception.case"]._rcm_raise(
            "source_totals", self.make_total(), "Differs."
        )
        values = self.read()
        key = "rcm_open_cases", ("kind", "technical"), ("severity", "3")
        self.assertGreaterEqual(values[key], 1)
        self.assertIn(("rcm_feeds_missing",), values)
        self.assertIn(("rcm_failed_sign_ins",), values)
        self.assertIn(("rcm_alerts_firing", ("severity", "3")), values)

    def make_total(self):
        [event] = self.receive(
            self.envelope(
                "source.totals",
                {"day": "2026-11-01", "totals": [{"flow": "claims", "count": 3}]},
            )
        )
        self.process()
        return self.env["rcm.source.total"].search(
            [("connector_id", "=", event.connector_id.id)], limit=1
        )

    def test_what_is_up_and_what_waits_is_told(self):
        webhook = self.env["rcm.webhook"].create(
            {"name": "Hook", "url": "https://hook.example.com", "patterns": "a.*"}
        )
        connector, hook = ("connector", "one"), ("webhook", "Hook")
        self.connector.carries_claims = True

        def told():
            values = self.read()
            return (
                values["rcm_connector_up", connector],
                values["rcm_webhook_up", hook],
                values["rcm_pending_claims", connector],
            )

        self.assertEqual(told(), (1, 1, 0))
        self.connector.action_mark_down()
        later = fields.Datetime.now() + timedelta(minutes=5)
        webhook._rcm_write({"rest_until": later})
        self.assertEqual(told(), (0, 0, 0))
        self.connector.action_resume()
        webhook._rcm_write({"rest_until": False, "state": "paused"})
        self.assertEqual(told(), (1, 0, 0))

    def test_nothing_of_a_patient_is_told(self):
        self.receive(self.completed("E-1"))
        self.process()
        text = self.get().text
        for word in (*PATIENT, "E-1"):
            self.assertNotIn(word, text)

    def test_labels_are_bounded_by_records(self):
        for number in range(30):
            self.receive(self.completed(f"E-{number}"))
        self.process()
        first = len(self.read())
        for number in range(30, 60):
            self.receive(self.completed(f"E-{number}"))
        self.process()
        self.assertEqual(len(self.read()), first)

    def test_a_scrape_asks_a_bounded_number_of_questions(self):
        company = self.env.company
        self.env["rcm.metrics"]._rcm_collect(company)
        with self.assertQueryCount(45):
            self.env["rcm.metrics"]._rcm_collect(company)

    def test_another_companys_token_sees_its_own_only(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        monitor = self.env["rcm.monitor"].create(
            {"name": "Other", "company_id": elsewhere.id}
        )
        values = self.read(monitor._rcm_rotate())
        self.assertNotIn(("rcm_events_received_total", ("connector", "one")), values)

    # ------------------------------------------------------------------
    # The door
    # ------------------------------------------------------------------
    def test_only_its_own_token_opens_it(self):
        key = self.make_key(self.service_user)
        for token in (False, key, "rcmm_wrong", self.token + "x"):
            response = self.get(token=token)
            self.assertEqual(response.status_code, 401, token)
            self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        # and it opens nothing else
        for path in ("/rcm/v1/events/x", "/rcm/v1/openapi.json"):
            self.assertEqual(self.get(path).status_code, 401, path)

    def test_the_token_before_holds_a_day_more_and_revoking_ends_both(self):
        fresh = self.monitor._rcm_rotate()
        self.assertEqual(self.get().status_code, 200)
        self.assertEqual(self.get(token=fresh).status_code, 200)
        self.monitor.with_user(self.admin).action_revoke_tokens()
        self.assertFalse(self.monitor.has_token)
        for token in (self.token, fresh):
            self.assertEqual(self.get(token=token).status_code, 401)

    def test_the_scrapers_network_can_be_named(self):
        self.monitor.allowed_networks = "203.0.113.0/24"
        self.assertEqual(self.get().status_code, 401)
        self.monitor.allowed_networks = "127.0.0.0/8"
        self.assertEqual(self.get().status_code, 200)

    def test_only_an_administrator_makes_tokens(self):
        shown = self.monitor.with_user(self.admin).action_new_token()
        token = shown["context"]["default_secret"]
        self.assertEqual(self.get(token=token).status_code, 200)
        self.assertNotIn(token, str(self.monitor.read()))
        for role in ("integration_support", "auditor", "biller"):
            user = self.make_user(f"metrics-{role}", role)
            with self.subTest(role), self.assertRaises(AccessError):
                self.monitor.with_user(user).action_new_token()

    # ------------------------------------------------------------------
    # Failed sign-ins
    # ------------------------------------------------------------------
    def failures(self):
        return self.env["rcm.auth.failure"].search([])

    def note(self, count, address="203.0.113.9", reason="key"):
        for _number in range(count):
            self.env["rcm.auth.failure"]._rcm_note(address, reason)
        self.env.invalidate_all()

    def test_failures_are_counted_by_address_and_minute(self):
        self.note(3)
        self.note(1, "203.0.113.8", "signature")
        counts = {(one.address, one.reason): one.count for one in self.failures()}
        self.assertEqual(
            counts, {("203.0.113.9", "key"): 3, ("203.0.113.8", "signature"): 1}
        )

    def test_the_door_counts_them(self):
        noted = []

        def note(model, address, reason, connector_id=None):
            noted.append((reason, connector_id))

        with patch.object(rcm_auth_failure.RcmAuthFailure, "_rcm_note", note):
            self.get("/rcm/v1/events/x", token="wrong")
            self.get(token="wrong")
            sender = self.connector.sender_id
            self.url_open(
                f"/rcm/v1/events?sender={sender}",
                data=b"{}",
                headers={
                    "webhook-id": "m",
                    "webhook-timestamp": "1",
                    "webhook-signature": "v1,x",
                },
            )
        self.assertEqual(
            noted,
            [("key", None), ("monitor", None), ("signature", self.connector.id)],
        )

    def test_too_many_lock_the_address_out_for_every_process(self):
        key = self.make_key(self.service_user)
        self.note(rcm_auth_failure.LOCK_FAILURES - 1, "127.0.0.1")
        self.assertNotEqual(self.get("/rcm/v1/events/x", key).status_code, 429)
        ir_http._verified.clear()
        self.note(1, "127.0.0.1")
        response = self.get("/rcm/v1/events/x", key)
        self.assertEqual(response.status_code, 429)
        self.assertIn("Retry-After", response.headers)
        self.assertEqual(self.get().status_code, 429)
        log = self.env["rcm.audit.log"].search([("event", "=", "door.locked")])
        self.assertEqual(len(log), 1)
        self.assertTrue(self.failures()[:1].locked)
        # another person lets it in again
        self.failures().with_user(self.admin).action_let_in_again()
        self.assertEqual(self.get("/rcm/v1/events/x", key).status_code, 404)

    def test_a_key_that_is_known_is_not_locked_out_by_its_neighbours(self):
        key = self.make_key(self.service_user)
        self.assertEqual(self.get("/rcm/v1/events/x", key).status_code, 404)
        self.note(rcm_auth_failure.LOCK_FAILURES, "127.0.0.1")
        self.assertEqual(self.get("/rcm/v1/events/x", key).status_code, 404)

    def test_the_lock_ends_by_itself(self):
        self.note(rcm_auth_failure.LOCK_FAILURES)
        failure = self.env["rcm.auth.failure"]
        self.assertTrue(failure._rcm_is_locked("203.0.113.9"))
        self.assertEqual(failure.search([("locked", "=", True)]), self.failures())
        later = fields.Datetime.add(fields.Datetime.now(), minutes=16)
        with patch.object(fields.Datetime, "now", lambda *args: later):
            self.assertFalse(failure._rcm_is_locked("203.0.113.9"))

    def test_who_sees_and_forgives(self):
        self.note(1)
        for role in ("biller", "integration"):
            user = self.make_user(f"seen-{role}", role)
            with self.subTest(role), self.assertRaises(AccessError):
                self.failures().with_user(user).read(["address"])
        auditor = self.make_user("seen-auditor", "auditor")
        self.assertTrue(self.failures().with_user(auditor).read(["address"]))
        with self.assertRaises(AccessError):
            self.failures().with_user(auditor).action_let_in_again()

    # ------------------------------------------------------------------
    # Health
    # ------------------------------------------------------------------
    def test_live_needs_nothing(self):
        response = self.get("/rcm/v1/health/live", token=False)
        self.assertEqual(response.json(), {"status": "ok"})

    def test_ready_says_what_is_late_or_unsafe_without_details(self):
        report = {
            "ready": True,
            "good": False,
            "scheduler": "late",
            "configuration": "problem",
        }
        with patch.object(RcmHealth, "_rcm_report", lambda self: report):
            response = self.get("/rcm/v1/health/ready", token=False)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(),
            {
                "status": "degraded",
                "database": "ok",
                "scheduler": "late",
                "configuration": "problem",
                "oldest_waiting_seconds": 0,
            },
        )

    @mute_logger("odoo.http")
    def test_not_ready_while_modules_change(self):
        module = self.env.ref("base.module_healthcare_rcm_connectors")
        module.state = "to upgrade"
        response = self.get("/rcm/v1/health", token=False)
        self.assertEqual(response.status_code, 503)
        self.assertIn("Retry-After", response.headers)
        # the process itself lives
        self.assertEqual(self.get("/rcm/v1/health/live", token=False).status_code, 200)

    def test_a_scheduled_action_that_does_not_run_is_late(self):
        crons = self.env["ir.cron"].search([])
        later = fields.Datetime.add(fields.Datetime.now(), hours=1)
        crons.write({"nextcall": later, "failure_count": 0})
        self.env["ir.cron.trigger"].search([]).unlink()
        health = self.env["rcm.health"]
        self.assertEqual(health._rcm_scheduler_state(), "ok")
        cron = self.env.ref("healthcare_rcm_connectors.cron_deliver")
        cron._trigger(fields.Datetime.subtract(fields.Datetime.now(), minutes=5))
        self.env.flush_all()
        self.assertEqual(health._rcm_scheduler_state(), "late")
