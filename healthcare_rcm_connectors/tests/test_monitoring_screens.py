import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestMonitoringScreens(ConnectorMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.users = {
            role: cls.make_user(f"screen-{role}", role)
            for role in ("integration_support", "auditor", "administrator", "biller")
        }

    def setUp(self):
        super().setUp()
        self.keep_one_clock()

    # ------------------------------------------------------------------
    # Dashboard
    # ------------------------------------------------------------------
    def board(self, role="integration_support"):
        self.env.invalidate_all()
        return self.connector.with_user(self.users[role])

    def test_a_connector_without_traffic_says_so(self):
        board = self.board()
        self.assertEqual(board.health, "quiet")
        self.assertEqual((board.day_received, board.day_failure_share), (0, 0.0))
        self.assertFalse(board.last_success_at)
        [graph] = json.loads(board.hour_graph)
        self.assertEqual(len(graph["values"]), 24)

    def test_traffic_errors_and_waiting_are_shown(self):
        lost = self.completed("E-2")
        lost["data"]["encounter"]["facility"] = "NOWHERE"
        self.receive(self.completed("E-1"), lost)
        self.process()
        board = self.board()
        self.assertEqual(board.day_received, 2)
        self.assertTrue(board.last_success_at)
        [graph] = json.loads(board.hour_graph)
        self.assertEqual(sum(one["value"] for one in graph["values"]), 2)
        dead = board.failed_count
        self.assertEqual(board.day_failure_share, 0.5 if dead else 0.0)
        self.receive(self.submitted())
        with freeze_time(fields.Datetime.now() + timedelta(minutes=9)):
            self.assertEqual(self.board().health, "failing" if dead else "waiting")
        self.connector.action_pause()
        self.assertEqual(self.board().health, "paused")

    def test_kept_and_young_hours_are_added_up_once(self):
        with freeze_time("2026-11-02 10:00:30") as clock:
            self.receive(self.completed("E-1"))
            self.process()
            clock.tick(timedelta(minutes=40))
            self.env["rcm.traffic"]._cron_close()
            self.receive(self.completed("E-2"))
            self.process()
            self.assertEqual(self.board().day_received, 2)
            clock.tick(timedelta(hours=25))
            board = self.board()
            self.assertEqual(board.day_received, 0)
            self.assertTrue(board.last_success_at)

    def test_the_dashboard_asks_a_fixed_number_of_questions(self):
        def queries():
            self.env.invalidate_all()
            records = self.env["rcm.connector"].search([])
            before = self.env.cr.sql_log_count
            records.mapped("hour_graph")
            return self.env.cr.sql_log_count - before

        few = queries()
        for number in range(6):
            user = self.make_user(f"svc-board-{number}", "integration")
            self.make_connector(user, f"board-{number}")
        self.assertLessEqual(queries(), few + 3)

    def test_links_of_the_dashboard_open_what_they_say(self):
        board = self.board()
        self.assertEqual(
            board.action_open_failed()["context"], {"search_default_failed": 1}
        )
        self.assertIn(
            ("state", "=", "firing"), board.action_open_board_alerts()["domain"]
        )
        with self.assertRaises(AccessError):
            self.board("biller").action_open_board_alerts()

    # ------------------------------------------------------------------
    # Trace
    # ------------------------------------------------------------------
    def thread(self, correlation_id, role="administrator"):
        log = self.env["rcm.audit.log"].with_user(self.users[role])
        return log.get_timeline(correlation_id)

    def test_the_thread_shows_every_attempt_where_it_was_made(self):
        early = self.envelope(
            "claim.status_changed",
            {
                "control_number": "RTEST0000009",
                "status": "accepted",
                "payer_claim_number": None,
                "reason": None,
            },
        )
        [event] = self.receive(early)
        self.process()
        event._rcm_replay()
        self.process()
        rows = self.thread(event.correlation_id, "integration_support")
        titles = [row["title"] for row in rows]
        attempts = [row for row in rows if str(row["id"]).startswith("attempt-")]
        self.assertEqual(len(attempts), event.attempt_count, titles)
        self.assertEqual(len(attempts), 2)
        self.assertLess(
            titles.index("Attempt 1"), titles.index("Attempt 2"), "in their order"
        )
        words = {change["label"] for change in attempts[0]["changes"]}
        self.assertLessEqual({"Took", "Kind of Error", "Message"}, words)

    def test_who_reads_no_events_sees_the_attempt_without_its_message(self):
        [event] = self.receive(self.completed())
        self.process()
        for row in self.thread(event.correlation_id, "biller"):
            if str(row["id"]).startswith("attempt-"):
                labels = {change["label"] for change in row["changes"]}
                self.assertNotIn("Message", labels)

    # ------------------------------------------------------------------
    # Configuration check
    # ------------------------------------------------------------------
    def test_the_check_is_for_those_who_run_the_house(self):
        for role in ("integration_support", "auditor", "administrator"):
            check = self.env["rcm.configuration.check"].with_user(self.users[role])
            with self.subTest(role):
                action = check.action_check()
                found = check.browse(action["res_id"])
                self.assertGreater(len(found.line_ids), 10)
                self.assertTrue(all(found.line_ids.mapped("name")))
                for line in found.line_ids:
                    self.assertEqual(bool(line.advice), line.level != "ok")
        with self.assertRaises(AccessError):
            self.env["rcm.configuration.check"].with_user(
                self.users["biller"]
            ).action_check()

    def test_the_check_sees_records(self):
        self.make_key(self.service_user, days=3)
        self.env["rcm.webhook"].create(
            {
                "name": "Plain",
                "url": "http://10.0.0.9/hook",
                "private_allowed": True,
                "patterns": "claim.*",
            }
        )
        findings = self.env["rcm.configuration.check"]._rcm_findings(self.env.company)
        levels = {item.code: (item.level, item.seen) for item in findings}
        self.assertEqual(levels["keys_soon"][0], "warning")
        self.assertEqual(levels["endpoints"], ("warning", "Plain"))

    def test_the_check_says_when_days_are_counted_in_utc(self):
        company = self.env.company
        for zone, level in ((False, "warning"), ("America/New_York", "ok")):
            with self.subTest(zone=zone):
                company.partner_id.tz = zone
                findings = self.env["rcm.configuration.check"]._rcm_findings(company)
                [found] = [item for item in findings if item.code == "time_zone"]
                self.assertEqual((found.level, found.seen), (level, zone or "UTC"))

    def test_the_check_tells_no_secret(self):
        key = self.make_key(self.service_user, days=3)
        findings = self.env["rcm.configuration.check"]._rcm_findings(self.env.company)
        self.assertNotIn(key, " ".join(item.seen for item in findings))
