"""Runbooks of systems that do not take, do not send or do not answer."""

import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..protocol import outbound
from .receiver import Receiver
from .runbook_common import RunbookCase
from .test_connector_pull import source


@tagged("post_install", "-at_install")
class TestRunbooksSystems(RunbookCase):
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
