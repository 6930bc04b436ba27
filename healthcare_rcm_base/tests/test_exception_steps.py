"""What people do with a case."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestSteps(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.case = self.document._rcm_raise_case("price_missing", "x")

    def step(self, user, **vals):
        wizard = (
            self.env["rcm.exception.step"]
            .with_user(user)
            .create({"case_ids": self.case.ids, **vals})
        )
        return wizard.action_apply()

    def test_take_and_resolve(self):
        self.case.with_user(self.biller).action_take()
        self.assertEqual(self.case.owner_id, self.biller)
        self.assertEqual(self.case.state, "in_progress")
        with self.assertRaises(UserError):
            self.step(self.biller, step="resolve")
        self.step(
            self.biller,
            step="resolve",
            root_cause="master_data",
            resolution_code="corrected",
            reason="rate added",
        )
        self.assertEqual(self.case.state, "resolved")
        self.assertEqual(self.case.root_cause, "master_data")
        self.assertEqual(self.case.resolution, "rate added")

    def test_dismissing_needs_a_reason(self):
        vals = {
            "step": "dismiss",
            "root_cause": "other",
            "resolution_code": "not_an_error",
        }
        with self.assertRaises(UserError):
            self.step(self.biller, **vals)
        self.step(self.biller, **vals, reason="test file")
        self.assertEqual(self.case.state, "dismissed")

    def test_assigning_to_somebody_who_may_not_work_on_it(self):
        with self.assertRaises(UserError):
            self.step(
                self.biller,
                step="assign",
                user_id=ground.role_user(self.env, "front_desk").id,
            )
        other = ground.role_user(self.env, "coder")
        self.step(self.biller, step="assign", user_id=other.id)
        self.assertEqual(self.case.owner_id, other)

    def test_wait_and_resume(self):
        self.step(
            self.biller,
            step="wait",
            wake_at=fields.Datetime.now() + timedelta(days=1),
            reason="payer answers",
        )
        self.assertEqual(self.case.state, "waiting")
        self.case.with_user(self.biller).action_resume()
        self.assertIn(self.case.state, ("open", "in_progress"))
        self.assertFalse(self.case.wake_at)

    def test_readers_cannot_step(self):
        for role in ("auditor", "administrator", "executive", "front_desk"):
            user = ground.role_user(self.env, role)
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self.case.with_user(user).action_take()
                with self.assertRaises(AccessError):
                    self.case.with_user(user).action_reprocess()
