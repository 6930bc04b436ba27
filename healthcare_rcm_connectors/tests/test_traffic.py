from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..models import rcm_traffic
from ..protocol import latency
from .common import ConnectorMixin

START = "2026-11-02 10:00:30"


@tagged("post_install", "-at_install")
class TestTraffic(ConnectorMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.traffic = cls.env["rcm.traffic"]

    def setUp(self):
        super().setUp()
        self.keep_one_clock()

    def totals(self):
        counted = self.traffic._rcm_totals(fields.Datetime.now())
        return counted["connector", self.connector.id]

    def hours(self):
        return self.traffic.search(
            [("kind", "=", "hour"), ("connector_id", "=", self.connector.id)],
            order="hour",
        )

    def close(self, minutes=0):
        """The scheduled action, so much later."""
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            self.traffic._cron_close()
            self.env.invalidate_all()

    def test_what_came_is_counted_before_and_after_it_is_kept(self):
        with freeze_time(START):
            self.traffic._cron_close()
            self.receive(self.completed("E-1"), self.completed("E-2"))
            self.process()
            before = self.totals()
            self.assertEqual(before["received_count"], 2)
            self.assertEqual(before["done_count"], 2)
            self.assertFalse(self.hours())
            self.close(20)
            self.assertEqual(self.hours().received_count, 2)
            after = self.totals()
        self.assertEqual(
            {name: after[name] for name in before}, dict(before), "counted once"
        )
        self.assertEqual(sum(after["latency_counts"]), 2)

    def test_closing_again_counts_nothing_twice(self):
        with freeze_time(START):
            self.receive(self.completed())
            self.process()
            for minutes in (20, 25, 80):
                self.close(minutes)
            self.assertEqual(sum(self.hours().mapped("received_count")), 1)
            self.assertEqual(self.totals()["received_count"], 1)

    def test_what_is_young_stays_open_for_late_commits(self):
        with freeze_time(START):
            self.traffic._cron_close()
            self.receive(self.completed())
            self.close(3)
            self.assertFalse(self.hours())

    def test_counters_never_fall(self):
        seen = []
        with freeze_time(START) as clock:
            for number in range(6):
                self.receive(self.submitted(f"RTEST000{number:04}"))
                self.process()
                clock.tick(timedelta(minutes=7))
                if number % 2:
                    self.traffic._cron_close()
                seen.append(self.totals()["received_count"])
        self.assertEqual(seen, [1, 2, 3, 4, 5, 6])

    def test_failures_have_their_kind(self):
        data = {**self.completed()["data"]}
        data["encounter"] = {**data["encounter"], "facility": "NOWHERE"}
        with freeze_time(START):
            [event] = self.receive(self.envelope("encounter.completed", data))
            self.process()
            counted = self.totals()
        self.assertEqual(counted[f"{event.state}_count"], 1)
        self.assertEqual(counted["failures"], {event.error_class: 1})

    def test_amounts_are_noted_and_the_largest_kept(self):
        with freeze_time(START):
            [first, _second] = self.receive(
                self.completed("E-1"), self.submitted("RTEST0000001")
            )
            self.assertEqual(first.amount, 150.0)
            counted = self.totals()
        self.assertEqual((counted["amount_count"], counted["amount_max"]), (1, 150.0))

    def test_a_window_of_attempts_is_found_by_its_index(self):
        self.receive(self.completed())
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for table, column, index in (
            ("rcm_event_attempt", "started_at", "started_brin"),
            ("rcm_delivery_attempt", "tried_at", "tried_brin"),
        ):
            self.env.cr.execute(
                SQL(
                    "EXPLAIN SELECT count(*) FROM %s WHERE %s >= now()",
                    SQL.identifier(table),
                    SQL.identifier(column),
                )
            )
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            self.assertIn(index, plan)

    def test_buckets_agree_with_the_pure_ones(self):
        [event] = self.receive(self.submitted())
        start = fields.Datetime.now().replace(microsecond=0)
        for number, seconds in enumerate((0.2, 0.5, 3, 59, 99999), 1):
            self.env.cr.execute(
                "INSERT INTO rcm_event_attempt (event_id, number, started_at,"
                " duration_ms, outcome) VALUES (%s, %s, %s, %s, 'done')",
                [event.id, number, event.received_at, int(seconds * 1000)],
            )
        counted = self.traffic._rcm_count(
            event.received_at, start + timedelta(seconds=5)
        )["connector", self.connector.id]
        expected = [0] * latency.SIZE
        for seconds in (0.2, 0.5, 3, 59, 99999):
            expected[latency.bucket_of(seconds)] += 1
        self.assertEqual(counted["latency_counts"], expected)

    def test_old_hours_go_and_the_sum_stays(self):
        with freeze_time(START):
            self.receive(self.completed())
            self.close(20)
        later = fields.Datetime.to_datetime(START) + timedelta(
            days=rcm_traffic.KEPT_DAYS + 1
        )
        with freeze_time(later):
            self.traffic._gc_old_hours()
            self.assertFalse(self.hours())
            self.assertEqual(self.totals()["received_count"], 1)
