from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestRcmChargeReview(BillingCase):
    """Charges that people adjust: who, why, before and after."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Review = cls.env["rcm.charge.review"]

    def setUp(self):
        super().setUp()
        self.encounter = self.intake(coding_signed_off=False)
        self.charge = self.encounter.charge_ids
        self.biller = self.make_user("biller")
        self.own = self.charge.with_user(self.biller).with_company(self.company)
        self.other = self.make_user("finance_manager")

    def reviews(self):
        return self.Review.search([("charge_id", "in", self.charge.ids)])

    def by_other(self, review):
        return review.with_user(self.other).with_company(self.company)

    def bill(self):
        self.encounter._rcm_sign_off()
        self.encounter._rcm_make_ready()
        return self.encounter._rcm_bill()

    def test_adjustment_by_a_person_is_noted(self):
        self.own.write({"amount": 120.0, "adjustment_reason": "Courtesy"})
        review = self.reviews()
        self.assertEqual((review.state, review.user_id), ("pending", self.biller))
        self.assertEqual((review.old_amount, review.new_amount), (150.0, 120.0))
        self.assertEqual((review.difference, review.reason), (-30.0, "Courtesy"))
        self.assertTrue(self.charge.to_review)
        self.own.write({"units": 2.0})
        self.assertEqual(len(self.reviews()), 1)
        self.assertEqual((review.old_units, review.new_units), (1.0, 2.0))

    def test_sources_and_other_fields_are_not_reviewed(self):
        self.intake(coding_signed_off=False, charges=(("99213", "160.00"),))
        self.assertEqual(self.charge.amount, 160.0)
        self.own.write({"diagnosis_pointers": "1", "amount": 160.0})
        self.assertFalse(self.reviews())

    def test_entry_off_the_charge_master_is_noted(self):
        service = self.clinic["services"].filtered(lambda one: one.code == "80053")
        Charge = self.own.browse()
        values = {
            "encounter_id": self.encounter.id,
            "service_code_id": service.id,
            "code": "80053",
            "units": 1.0,
        }
        usual = Charge.create({**values, "external_ref": "X1", "amount": 60.0})
        self.assertFalse(usual.to_review)
        other = Charge.create({**values, "external_ref": "X2", "amount": 45.0})
        review = other.sudo().review_ids
        self.assertEqual((review.old_amount, review.new_amount), (60.0, 45.0))

    def test_entry_is_compared_with_the_price_of_the_facility_and_day(self):
        service = self.clinic["services"].filtered(lambda one: one.code == "80053")
        self.env["rcm.service.charge"].create(
            {
                "service_code_id": service.id,
                "company_id": self.company.id,
                "facility_id": self.clinic["facility"].id,
                "amount": 75.0,
                "date_from": "2026-01-01",
            }
        )
        for amount, noted in ((150.0, False), (120.0, True)):
            charge = self.own.browse().create(
                {
                    "encounter_id": self.encounter.id,
                    "external_ref": f"F{amount}",
                    "service_code_id": service.id,
                    "code": "80053",
                    "units": 2.0,
                    "amount": amount,
                }
            )
            with self.subTest(amount):
                self.assertEqual(charge.to_review, noted)
        self.assertEqual(charge.sudo().review_ids.old_amount, 150.0)

    def test_correction_in_the_dialog_is_noted_with_its_reason(self):
        wizard = self.own.env["rcm.charge.correct"].create(
            {"charge_id": self.charge.id, "amount": 90.0, "reason": "price"}
        )
        wizard.action_apply()
        review = self.charge.replaced_by_id.review_ids
        self.assertEqual((review.old_amount, review.new_amount), (150.0, 90.0))
        self.assertEqual(review.reason, "Wrong price")

    def test_flag_lets_billing_go_on(self):
        self.own.write({"amount": 120.0})
        self.assertTrue(self.bill())
        self.assertEqual(self.encounter.state, "billed")

    def test_block_holds_billing_until_somebody_else_confirms(self):
        self.company.rcm_charge_review = "block"
        with self.assertRaisesRegex(UserError, "Why adjusted"):
            self.own.write({"amount": 120.0})
        self.own.write({"amount": 120.0, "adjustment_reason": "Courtesy"})
        self.assertFalse(self.bill())
        self.assertTrue(self.open_cases(self.encounter, "charge_review"))
        self.assertFalse(self.encounter.billing_due)
        review = self.reviews()
        with self.assertRaisesRegex(UserError, "yourself"):
            review.with_user(self.biller).action_confirm()
        self.by_other(review).action_confirm()
        self.assertEqual((review.state, review.reviewer_id), ("confirmed", self.other))
        self.assertFalse(self.open_cases(self.encounter))
        self.assertTrue(self.encounter.billing_due)
        self.assertEqual(self.encounter._rcm_bill().total_charge, 120.0)

    def test_put_back(self):
        self.own.write({"amount": 120.0, "units": 3.0})
        review = self.reviews()
        self.by_other(review).action_undo()
        self.assertEqual((self.charge.amount, self.charge.units), (150.0, 1.0))
        self.assertEqual(review.state, "undone")
        self.assertEqual(len(self.reviews()), 1)

    def test_billed_charge_is_corrected_instead_of_put_back(self):
        self.own.write({"amount": 120.0})
        self.bill()
        with self.assertRaises(UserError):
            self.by_other(self.reviews()).action_undo()

    def test_off_notes_nothing(self):
        self.company.rcm_charge_review = "off"
        self.own.write({"amount": 120.0})
        self.assertFalse(self.reviews())

    def test_roles(self):
        self.own.write({"amount": 120.0})
        review = self.reviews()
        users = [self.make_user(role) for role in ("front_desk", "auditor", "approver")]
        for user in users:
            own = review.with_user(user).with_company(self.company)
            with self.subTest(user.login), self.assertRaises(AccessError):
                own.action_confirm()
            with self.subTest(user.login), self.assertRaises(AccessError):
                own.write({"state": "confirmed"})
        with self.assertRaises(AccessError):
            review.with_user(self.biller).write({"reason": "nothing"})

    def test_adjustment_is_audited(self):
        self.own.write({"amount": 120.0})
        row = self.env["rcm.audit.log"].search(
            [
                ("model", "=", "rcm.charge"),
                ("res_id", "=", self.charge.id),
                ("event", "=", "rcm.charge.adjusted"),
            ]
        )
        self.assertEqual(row.actor_uid, self.biller.id)
