from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .onboarding_common import OnboardingCase


@tagged("post_install", "-at_install")
class TestFacilityGoLive(OnboardingCase):
    """The facility's own switch: who moves it, when, and what it hands over."""

    def test_going_live_books_what_happened_since_and_nothing_twice(self):
        record = self.onboard()
        old = self.receive(self.completed("E-1", occurred_at="2026-10-30T10:00:00Z"))
        new = self.receive(self.completed("E-2"))
        self.process()
        self.assertEqual(self.go_live(record), (1, 1))
        self.process()
        self.assertEqual((old.state, new.state), ("ignored", "done"))
        self.assertEqual(
            (record.state, record.handed_over_count, record.left_behind_count),
            ("live", 1, 1),
        )
        self.assertEqual(self.facility.intake_mode, "live")
        encounters = self.env["rcm.encounter"].search(
            [("facility_id", "=", self.facility.id)]
        )
        self.assertEqual(encounters.mapped("number"), ["E-2"])
        self.assertEqual(self.results().mapped("handed_over"), [False, True])
        again = self.receive(self.completed("E-3"))
        self.process()
        self.assertEqual(again.state, "done")
        self.assertEqual(len(self.results()), 2)

    def test_after_going_live_earlier_days_are_compared_with_the_rehearsal(self):
        record = self.onboard()
        self.receive(self.completed("E-1"), self.totals(1, "150.00"))
        self.process()
        self.go_live(record, fields.Datetime.to_datetime("2026-11-10"))
        total = self.env["rcm.source.total"].search(
            [("facility_id", "=", self.facility.id)]
        )
        total._rcm_compare()
        self.assertTrue(total.equal)

    def test_the_switch_asks_for_a_reason_while_something_is_not_in_order(self):
        record = self.onboard()
        self.assertIn("Nothing was rehearsed", record.readiness)
        with self.assertRaisesRegex(UserError, "Not everything"):
            self.go_live(record, note=False)
        with self.assertRaisesRegex(UserError, "past"):
            self.go_live(record, fields.Datetime.now() + timedelta(days=1))
        self.go_live(record)
        self.assertEqual(record.state, "live")
        with self.assertRaises(UserError):
            self.go_live(record)

    def test_the_mode_is_no_field_anybody_writes(self):
        for values in ({"intake_mode": "shadow"}, {"live_since": "2026-01-01"}):
            with self.assertRaises(UserError):
                self.facility.with_user(self.administrator).write(values)
        with self.assertRaises(UserError):
            self.env["rcm.facility"].with_user(self.administrator).with_context(
                default_intake_mode="shadow"
            ).create({"name": "X", "code": "XX"})

    def test_only_administrators_take_the_steps(self):
        record = self.onboard("draft")
        for step in (
            "prepare",
            "start_shadow",
            "stop_shadow",
            "apply_again",
            "go_live",
        ):
            with self.subTest(step), self.assertRaises(AccessError):
                getattr(record.with_user(self.support), f"action_{step}")()
        with self.assertRaises(AccessError):
            record.with_user(self.administrator).write({"state": "live"})

    def test_the_steps_are_logged(self):
        record = self.onboard()
        self.go_live(record)
        logged = self.env["rcm.audit.log"].search(
            [
                ("model", "=", "rcm.facility"),
                ("res_id", "=", self.facility.id),
                ("event", "=", "rcm.facility.mode_changed"),
            ]
        )
        self.assertEqual(len(logged), 2)

    def test_stopping_lets_events_wait(self):
        record = self.onboard()
        record.with_user(self.administrator).action_stop_shadow()
        event = self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual((event.state, record.state), ("received", "prepared"))
        self.assertEqual(self.facility.intake_mode, "shadow")
