"""Every runbook, followed step by step: a failure is made, the steps mend it."""

import json
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, TransactionCase, tagged

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

from ..controllers import dispatcher
from ..models import ir_http, rcm_auth_failure, rcm_event_intake
from ..models.rcm_exception_type import RUNBOOKS
from ..protocol import markdown, outbound
from .common import ConnectorMixin
from .receiver import Receiver
from .test_connector_pull import source

FOLDER = Path(__file__).resolve().parents[1] / "runbooks"


class Follower:
    """``follow`` runs one function a step and holds it against the written text."""

    def follow(self, name, *steps):
        """Follow the runbook ``name``.

        :param steps: (words the written step must hold, function or None to read)
        """
        written = markdown.steps((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
        self.assertEqual(len(written), len(steps), f"steps of {name}")
        for number, (text, (words, act)) in enumerate(
            zip(written, steps, strict=True), 1
        ):
            with self.subTest(runbook=name, step=number):
                self.assertIn(words, text)
            if act:
                act()
                self.env.invalidate_all()


class RunbookMixin(Follower, ConnectorMixin):
    """People at the connectors."""

    @classmethod
    def make_runbook_world(cls):
        cls.make_world()
        cls.support = cls.make_user("run-support", "integration_support")
        cls.admin = cls.make_user("run-admin", "administrator")

    def case_of(self, record, code):
        return self.env["rcm.exception.case"].search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                ("type_code", "=", code),
            ]
        )

    def as_support(self, records):
        return records.with_user(self.support)

    def as_admin(self, records):
        return records.with_user(self.admin)


@tagged("post_install", "-at_install")
class TestRunbooks(RunbookMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_runbook_world()

    def setUp(self):
        super().setUp()
        self.keep_one_clock()

    # ------------------------------------------------------------------
    # The set
    # ------------------------------------------------------------------
    def test_each_is_followed_and_each_link_leads_somewhere(self):
        here = "".join(
            path.read_text(encoding="utf-8")
            for path in Path(__file__).parent.glob("test_runbooks*.py")
        )
        names = {path.stem for path in FOLDER.glob("*.md")}
        self.assertGreaterEqual(len(names), 15)
        for name in names:
            with self.subTest(name):
                self.assertIn(f'"{name}",', here, "followed in a test")
                text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
                self.assertIn("**You see**", text)
                for target in markdown._LINK.findall(text):
                    if target[1].endswith(".md"):
                        self.assertIn(target[1].removesuffix(".md"), names)

    def test_exception_types_lead_to_their_runbook(self):
        for code, name in RUNBOOKS.items():
            with self.subTest(code):
                kind = self.env["rcm.exception.type"]._rcm_get(code)
                self.assertEqual(kind.runbook_url, f"/rcm/runbooks/{name}")
                self.assertTrue((FOLDER / f"{name}.md").is_file())
        plain = self.env["rcm.exception.type"]._rcm_get("overpaid")
        self.assertFalse(plain.runbook_url)

    def test_every_technical_failure_of_the_interfaces_has_one(self):
        from ..models.rcm_event import CASE_OF_CLASS

        own = {
            *CASE_OF_CLASS.values(),
            "webhook_failed",
            "source_totals",
            "feed_missing",
        }
        own |= {"interface_down", "pull_failed"}
        self.assertLessEqual(own, set(RUNBOOKS))

    def test_alert_rules_name_runbooks_that_exist(self):
        names = {path.stem for path in FOLDER.glob("*.md")}
        rules = self.env["rcm.alert.rule"].search([("company_id", "=", False)])
        named = [
            rule.what_to_do.split()[1].rstrip(":.")
            for rule in rules
            if rule.what_to_do.startswith("Runbook ")
        ]
        self.assertGreater(len(named), 15)
        self.assertLessEqual(set(named), names)

    # ------------------------------------------------------------------
    # Events
    # ------------------------------------------------------------------
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

    # ------------------------------------------------------------------
    # Out
    # ------------------------------------------------------------------
    def test_webhook_failed(self):
        with Receiver(*[(500, {})] * outbound.BREAKER_FAILURES) as receiver:
            webhook = self.env["rcm.webhook"].create(
                {
                    "name": "Receiver",
                    "url": receiver.url.replace("/hook", "/old"),
                    "private_allowed": True,
                    "patterns": "thing.*",
                }
            )
            self.env["rcm.secret"]._rcm_rotate(webhook)
            self.env["rcm.audit.log"]._rcm_append(
                [{"event": "thing.done", "company_id": self.company.id}]
            )
            now = fields.Datetime.now()
            for hours in range(outbound.BREAKER_FAILURES):
                with freeze_time(now + timedelta(hours=12 * hours)):
                    self.env["rcm.delivery"]._cron_deliver()
            self.env.invalidate_all()
            case = self.case_of(webhook, "webhook_failed")
            self.assertTrue(webhook.rest_until)
            delivery = self.env["rcm.delivery"].search(
                [("webhook_id", "=", webhook.id)]
            )
            delivery.write({"state": "dead"})

            def secret():
                shown = self.as_admin(webhook).action_new_secret()
                self.secret = shown["context"]["default_secret"]

            def address():
                self.as_admin(webhook).url = receiver.url

            def reprocess():
                self.as_support(case).action_reprocess()
                self.env["rcm.delivery"]._cron_deliver()

            self.follow(
                "webhook-failed",
                ("**Deliveries**", lambda: self.assertTrue(delivery.attempt_ids)),
                ("**New Secret**", secret),
                ("Correct the address", address),
                ("**Reprocess**", reprocess),
                (
                    "*Delivered*",
                    lambda: self.assertEqual(delivery.state, "delivered"),
                ),
            )
            receiver.verified(self.secret)
        self.assertEqual(case.state, "resolved")

    # ------------------------------------------------------------------
    # What does not come
    # ------------------------------------------------------------------
    def test_source_totals(self):
        self.receive(
            self.envelope(
                "source.totals",
                {
                    "day": "2026-11-02",
                    "facility": self.facility.code,
                    "totals": [{"flow": "encounters", "count": 1}],
                },
            )
        )
        self.process()
        line = self.env["rcm.source.total"].search(
            [("connector_id", "=", self.connector.id)]
        )
        case = self.case_of(line, "source_totals")

        def send():
            self.receive(self.completed("E-TOT"))
            self.process()

        self.follow(
            "source-totals",
            ("filter *Differs*", lambda: self.assertFalse(line.equal)),
            ("Negative difference", send),
            ("Positive difference", None),
            ("**Compare Again**", lambda: self.as_support(line).action_compare()),
            ("*Agrees*", lambda: self.assertTrue(line.equal)),
        )
        self.assertEqual(case.state, "resolved")

    def missing_feed(self, name):
        monday = fields.Datetime.to_datetime("2026-11-02 00:00:00")
        feed = self.env["rcm.expected.feed"].create(
            {
                "name": name,
                "connector_id": self.connector.id,
                "event_name": "claim.submitted",
                "tz": "UTC",
                "calendar_id": False,
                "watched_from": monday,
            }
        )
        with freeze_time(monday + timedelta(hours=9)):
            feed._rcm_watch(fields.Datetime.now())
        arrival = self.env["rcm.expected.arrival"].search([("feed_id", "=", feed.id)])
        return feed, arrival[-1:], monday + timedelta(hours=10)

    def test_feed_missing(self):
        feed, arrival, later = self.missing_feed("First")
        other, waived, _later = self.missing_feed("Second")
        case = self.case_of(arrival, "feed_missing")

        def send():
            with freeze_time(later):
                self.receive(self.submitted())
                self.as_support(arrival).action_watch()

        self.follow(
            "feed-missing",
            ("whom to ask", lambda: self.assertEqual(case.state, "open")),
            ("**Dashboard**", lambda: self.assertEqual(feed.status, "missing")),
            ("**Look Now**", send),
            ("**Will Not Come**", lambda: self.as_support(waived).action_waive()),
        )
        self.assertEqual((arrival.state, case.state), ("late", "resolved"))
        self.assertEqual((waived.state, other.late_count), ("waived", 0))

    # ------------------------------------------------------------------
    # Speed and standstill
    # ------------------------------------------------------------------
    def test_queue_backlog(self):
        other = self.make_connector(self.make_user("svc-calm", "integration"), "calm")
        flood = self.receive(*(self.submitted(f"RTEST000{n:04}") for n in range(30)))
        calm = self.receive(self.completed("E-CALM"), connector=other)

        def pause():
            self.as_support(self.connector).action_pause()
            self.process()
            self.assertEqual(calm.state, "done")
            self.assertEqual(set(flood.mapped("state")), {"received"})

        def resume():
            self.as_support(self.connector).action_resume()
            self.process()
            self.assertNotIn("received", flood.mapped("state"))

        self.follow(
            "queue-backlog",
            (
                "**Dashboard**",
                lambda: self.assertEqual(self.connector.waiting_count, 30),
            ),
            ("scheduler-late", None),
            ("**Pause**", pause),
            (
                "*Hourly Traffic*",
                lambda: self.as_admin(self.connector).write(
                    {"rate_limit_per_minute": 600}
                ),
            ),
            ("**Resume**", resume),
        )

    def test_scheduler_late(self):
        cron = self.env.ref("healthcare_rcm_connectors.cron_process_events")
        cron.active = False
        event = self.receive(self.submitted())

        def look():
            measure = self.env["rcm.alert.measure"]
            off = measure._rcm_measure("cron_off", self.company, 15, self.now())
            self.assertEqual(off["cron:cron_process_events"][1], 1)

        def activate():
            cron.active = True

        def run():
            self.process()
            self.assertNotEqual(event.state, "received")

        self.follow(
            "scheduler-late",
            ("is it active", look),
            ("activate it", activate),
            ("log has the place", None),
            ("max_cron_threads", None),
            ("**Run Manually**", run),
        )

    def now(self):
        self.env.flush_all()
        return fields.Datetime.now()

    def test_connector_down(self):
        support = self.as_support(self.connector)

        def send():
            self.event = self.receive(self.completed("E-DOWN"))
            self.process()
            self.assertEqual(self.event.state, "received")

        def resume():
            support.action_resume()
            self.process()

        self.follow(
            "connector-down",
            ("**Mark Down**", lambda: (support.action_mark_down(), send())),
            (
                "*Oldest Waiting*",
                lambda: self.assertTrue(self.connector.oldest_waiting_at),
            ),
            ("**Up Again**", resume),
            ("*Last Success*", lambda: self.assertTrue(self.connector.last_success_at)),
            ("*Source Totals*", None),
        )
        self.assertEqual((self.event.state, self.connector.waiting_count), ("done", 0))
        case = self.case_of(self.connector, "interface_down")
        self.assertEqual(case.state, "resolved")

    def test_pull_failed(self):
        event = self.submitted()
        gone, good = (503, b""), json.dumps({"events": [event], "cursor": 1}).encode()
        answers = []

        def answer(path, query, headers):
            known = headers.get("Authorization") == "Bearer fresh"
            answers.append(known)
            return (200, good) if known else gone

        with source(answer) as address:
            pull = self.env["rcm.connector.pull"].create(
                {
                    "name": "Gateway",
                    "connector_id": self.connector.id,
                    "address": address,
                    "private_allowed": True,
                }
            )
            for _number in range(outbound.BREAKER_FAILURES):
                pull._rcm_poll()
            self.env.invalidate_all()
            case = self.case_of(pull, "pull_failed")

            def credential():
                dialog = self.env["rcm.connector.pull.token"].with_user(self.admin)
                dialog.create({"pull_id": pull.id, "token": "fresh"}).action_keep()

            def check():
                panel = self.env["rcm.event.check"].with_user(self.support)
                text = json.dumps({**event, "id": "other"})
                self.assertTrue(panel._rcm_check(self.connector, text)[0])

            self.follow(
                "pull-failed",
                ("*Last Failure*", lambda: self.assertTrue(pull.last_error)),
                ("**Credential**", credential),
                ("**Check an Event**", check),
                ("**Reprocess**", lambda: self.as_support(case).action_reprocess()),
            )
        self.assertTrue(answers[-1])
        self.assertEqual((pull.failures, case.state), (0, "resolved"))

    def test_unusual_traffic(self):
        rule = self.env["rcm.alert.rule"].create(
            {
                "name": "Much",
                "company_id": self.company.id,
                "measure": "waiting_events",
                "threshold": 1,
                "clear_threshold": 1,
            }
        )
        event = self.receive(self.submitted())
        self.env["rcm.alert"]._rcm_evaluate(self.company, self.now())
        alert = self.env["rcm.alert"].search([("rule_id", "=", rule.id)])
        self.make_key(self.service_user)
        self.connector._rcm_list_keys()
        key = self.connector.key_ids[:1]

        def explained():
            self.as_support(alert).action_take_note()
            self.as_support(self.connector).action_resume()

        self.follow(
            "unusual-traffic",
            (
                "**Events**",
                lambda: self.assertEqual(
                    alert.with_user(self.support).action_open_connector()["res_id"],
                    self.connector.id,
                ),
            ),
            ("Ask the sender's owner", None),
            ("**Pause**", lambda: self.as_support(self.connector).action_pause()),
            ("**Revoke**", lambda: self.as_admin(key).action_revoke()),
            ("**Take Note**", explained),
        )
        self.assertEqual(key.state, "revoked")
        self.assertEqual(alert.noted_by_id, self.support)
        self.assertEqual((self.connector.state, event.state), ("active", "received"))


@tagged("post_install", "-at_install")
class TestRunbooksAtTheDoors(RunbookMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_runbook_world()

    def setUp(self):
        super().setUp()
        for memory in (dispatcher._rates, ir_http._failures):
            memory._by_key.clear()
        ir_http._verified.clear()
        rcm_event_intake._queue_depth.clear()

    def status(self, key):
        response = self.url_open(
            "/rcm/v1/events/none", headers={"Authorization": f"Bearer {key}"}
        )
        self.env.invalidate_all()
        return response.status_code

    def new_key(self):
        wizard = self.env["rcm.connector.key.wizard"].with_user(self.admin)
        made = wizard.create({"connector_id": self.connector.id, "name": "Next"})
        return made.sudo()._rcm_make_key()

    def test_key_expiry(self):
        old = self.make_key(self.service_user, days=3)
        self.connector._rcm_list_keys()
        first = self.connector.key_ids
        keys = {}

        def make():
            keys["new"] = self.new_key()

        def use():
            self.assertEqual(self.status(keys["new"]), 404)
            self.assertEqual(self.status(old), 404, "both hold meanwhile")

        self.follow(
            "key-expiry",
            ("**New API Key**", make),
            ("safe way", None),
            ("*Last Use*", use),
            ("**Revoke**", lambda: self.as_admin(first).action_revoke()),
        )
        self.assertEqual(self.status(old), 401)
        self.assertEqual(self.status(keys["new"]), 404)

    def test_door_lockout(self):
        old = self.make_key(self.service_user)
        self.connector._rcm_list_keys()
        first = self.connector.key_ids
        failures = self.env["rcm.auth.failure"]
        for _number in range(rcm_auth_failure.LOCK_FAILURES):
            failures._rcm_note("127.0.0.1", "key")
        self.assertEqual(self.status(old), 429)
        keys = {}

        def let_in():
            keys["new"] = self.new_key()
            found = failures.search([("locked", "=", True)])
            self.as_support(found).action_let_in_again()
            self.assertEqual(self.status(keys["new"]), 404)

        def networks():
            self.as_admin(self.connector).allowed_networks = "127.0.0.0/8"
            self.assertEqual(self.status(keys["new"]), 404)

        def revoke():
            self.as_admin(first).action_revoke()
            self.assertEqual(self.status(old), 401)

        self.follow(
            "door-lockout",
            (
                "**Failed Sign-Ins**",
                lambda: self.assertEqual(failures.search([]).address, "127.0.0.1"),
            ),
            ("old key or secret", None),
            ("**Let In Again**", let_in),
            ("*Allowed Networks*", networks),
            ("**Revoke**", revoke),
        )

    # ------------------------------------------------------------------
    # The pages
    # ------------------------------------------------------------------
    def test_runbooks_are_shown_to_people_with_a_role(self):
        self.authenticate("run-support", "run-support-password")
        for path in FOLDER.glob("*.md"):
            response = self.url_open(f"/rcm/runbooks/{path.stem}")
            self.assertEqual(response.status_code, 200, path.stem)
            self.assertIn("<ol><li>", response.text)
            policy = response.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
        for name in ("nothing", "..%2f..%2fmodels", "Event-Schema"):
            self.assertEqual(self.url_open(f"/rcm/runbooks/{name}").status_code, 404)

    def test_outsiders_read_none(self):
        self.env["res.users"].create(
            {
                "name": "Plain",
                "login": "plain-employee",
                "password": "plain-employee-password",
                "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        self.authenticate("plain-employee", "plain-employee-password")
        self.assertEqual(self.url_open("/rcm/runbooks/event-failed").status_code, 403)
        self.assertEqual(self.url_open("/rcm/docs").status_code, 403)

    def test_the_interface_is_a_page_for_support_and_for_a_sender(self):
        self.authenticate("run-support", "run-support-password")
        everything = self.url_open("/rcm/docs")
        self.assertEqual(everything.status_code, 200)
        for words in ("encounter.completed.v1", "/rcm/v1/jsonrpc", "too-many-requests"):
            self.assertIn(words, everything.text)
        for outside in ("http://", "https://fonts", "<script", "src=", "cdn"):
            self.assertNotIn(outside, everything.text.replace("http://json-schema", ""))
        self.connector.event_type_ids = self.connector.event_type_ids.filtered(
            lambda kind: kind.name == "claim.submitted"
        )
        own = self.url_open(f"/rcm/docs?connector={self.connector.id}&download=1")
        self.assertNotIn("encounter.completed.v1", own.text)
        self.assertIn("attachment", own.headers["Content-Disposition"])
        for wrong in ("x", "0", "99999999999999999999"):
            answer = self.url_open(f"/rcm/docs?connector={wrong}")
            self.assertEqual(answer.status_code, 404)
        self.logout()
        key = self.make_key(self.service_user)
        sender = self.url_open(
            "/rcm/v1/docs", headers={"Authorization": f"Bearer {key}"}
        )
        self.assertEqual(sender.status_code, 200)
        self.assertIn("claim.submitted.v1", sender.text)
        self.assertNotIn("encounter.completed.v1", sender.text)
