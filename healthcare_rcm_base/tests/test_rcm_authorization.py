from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .master_common import MasterCase

DAY = date(2026, 3, 2)


@tagged("post_install", "-at_install")
class TestAuthorization(MasterCase):
    """What an authorization covers, and how it is used up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient = cls.make_patient(cls)
        cls.service = cls.env["rcm.service.code"].create(
            {"code": "T2061", "name": "Injection", "authorization_required": True}
        )
        cls.authorization = cls.env["rcm.authorization"].create(
            {
                "number": "T-A1",
                "patient_id": cls.patient.id,
                "payer_id": cls.payer.id,
                "state": "active",
                "date_from": "2026-01-01",
                "date_to": "2026-06-30",
                "service_code_ids": cls.service.ids,
                "units_authorized": 3,
            }
        )

    def test_refusals_say_why(self):
        refusal = self.authorization._rcm_refusal
        other = self.env["rcm.payer"].create({"name": "O", "code": "T-O"})
        self.assertFalse(refusal(DAY, "T2061", 3, self.payer))
        self.assertEqual(refusal(DAY, "T2061", 4), "units")
        self.assertEqual(refusal(DAY, "99213"), "code")
        self.assertEqual(refusal(DAY, "T2061", 1, other), "payer")
        self.assertEqual(refusal(date(2026, 7, 1), "T2061"), "dates")
        self.assertEqual(refusal(date(2025, 12, 31), "T2061"), "dates")
        self.authorization.action_cancel()
        self.assertEqual(refusal(DAY, "T2061"), "state")

    def test_units_are_used_up_and_given_back(self):
        self.authorization._rcm_use(2)
        self.assertEqual(self.authorization.units_left, 1)
        with self.assertRaises(UserError):
            self.authorization._rcm_use(1.5)
        self.authorization._rcm_use(-2)
        self.assertEqual(self.authorization.units_left, 3)
        with self.assertRaises(UserError):
            self.authorization._rcm_use(-1)

    def test_used_units_are_not_typed_in(self):
        biller = self.role("biller")
        with self.assertRaises(UserError):
            self.authorization.with_user(biller).units_used = 0
        fresh = (
            self.env["rcm.authorization"]
            .with_user(biller)
            .create(
                {
                    "number": "T-A2",
                    "patient_id": self.patient.id,
                    "payer_id": self.payer.id,
                    "date_from": "2026-01-01",
                    "units_used": 9,
                }
            )
        )
        self.assertEqual(fresh.units_used, 0)

    def test_used_authorization_is_kept(self):
        self.authorization._rcm_use(1)
        with self.assertRaises(UserError):
            self.authorization.unlink()

    def test_steps_are_for_those_who_ask_payers(self):
        with self.assertRaises(AccessError):
            self.authorization.with_user(self.role("collector")).action_deny()
        self.authorization.with_user(self.role("front_desk")).action_deny()
        self.assertEqual(self.authorization.state, "denied")

    def test_cancelled_stays_cancelled(self):
        self.authorization.action_cancel()
        with self.assertRaises(UserError):
            self.authorization.state = "active"
