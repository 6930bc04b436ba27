"""Reviews are chased; waiting is allowed for owned classes of low risk only."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .test_rcm_approval_policy import PolicyCase


@tagged("post_install", "-at_install")
class TestReview(PolicyCase):
    def chase(self, day):
        with freeze_time(f"{day} 08:00:00"):
            self.env["rcm.approval.policy"]._cron_chase_reviews()
        self.env.invalidate_all()

    def setUp(self):
        super().setUp()
        self.owner = self.make_role_user("finance_manager")
        self.high.write({"owner_id": self.owner.id, "next_review_on": "2026-07-01"})
        self.low.next_review_on = "2030-01-01"

    def cases(self, policy):
        return self.env["rcm.exception.case"].search(
            [
                ("res_model", "=", policy._name),
                ("res_id", "=", policy.id),
                ("type_id.code", "=", "policy_review_due"),
            ]
        )

    def test_the_owner_gets_one_activity_when_due(self):
        self.chase("2026-06-30")
        self.assertFalse(self.high.activity_ids)
        for day in ("2026-07-01", "2026-07-02"):
            self.chase(day)
        self.assertEqual(self.high.activity_ids.user_id, self.owner)
        self.assertEqual(len(self.high.activity_ids), 1)
        self.assertFalse(self.cases(self.high))

    def test_what_nobody_looked_at_or_owns_becomes_a_case(self):
        self.chase("2026-07-15")
        self.assertEqual(len(self.cases(self.high)), 1)
        self.low.next_review_on = "2026-07-15"
        self.chase("2026-07-15")
        self.assertIn("nobody owns it", self.cases(self.low).message)

    def test_a_review_settles_both_and_sets_the_next(self):
        self.chase("2026-07-15")
        with freeze_time("2026-07-16 08:00:00"):
            self.high.with_user(self.owner).action_reviewed()
        self.env.invalidate_all()
        self.assertFalse(self.high.activity_ids)
        self.assertEqual(self.cases(self.high).state, "resolved")
        self.assertEqual(self.high.next_review_on, date(2027, 7, 16))
        self.assertEqual(self.high.last_reviewed_by_id, self.owner)
        self.assertEqual(self.high.version, 1)

    def test_reviewing_is_logged_and_cannot_be_written(self):
        self.high.with_user(self.owner).action_reviewed()
        self.assertTrue(
            self.env["rcm.audit.log"].search_count(
                [
                    ("event", "=", "approval_policy.reviewed"),
                    ("res_id", "=", self.high.id),
                ]
            )
        )
        with self.assertRaises(AccessError):
            self.high.write({"last_reviewed_on": "2026-01-01"})
        with self.assertRaises(AccessError):
            self.high.with_user(self.make_role_user("auditor")).action_reviewed()

    def test_archived_and_unreviewed_policies_are_left_alone(self):
        self.high.review_months = 0
        self.low.write({"next_review_on": "2026-07-01", "active": False})
        self.chase("2026-08-01")
        self.assertFalse(self.cases(self.high) | self.cases(self.low))


@tagged("post_install", "-at_install")
class TestWaiting(PolicyCase):
    def values(self, **changes):
        return {
            "amount_to": 50,
            "risk_to": 20,
            "auto_after_hours": 8,
            "auto_reason": "Refunds of coins",
            "owner_id": self.approver.id,
            **changes,
        }

    def test_a_named_bounded_class_of_low_risk_may_wait(self):
        policy = self.make_policy(**self.values())
        self.assertIn("passes after 8 business hours", policy.sentence)
        version = policy._rcm_current_version()
        self.assertEqual(version._rcm_policy().auto_after_hours, 8)

    def test_without_any_one_of_them_it_may_not(self):
        for change in (
            {"amount_to": 0},
            {"risk_to": 0},
            {"risk_to": 21},
            {"auto_reason": False},
            {"owner_id": False},
            {"steps": 0},
        ):
            with self.subTest(**change), self.assertRaises(ValidationError):
                self.make_policy(**self.values(**change))

    def test_the_class_cannot_be_widened_afterwards(self):
        policy = self.make_policy(**self.values())
        for change in ({"amount_to": 0}, {"risk_to": 90}, {"owner_id": False}):
            with self.subTest(**change), self.assertRaises(ValidationError):
                policy.write(change)
