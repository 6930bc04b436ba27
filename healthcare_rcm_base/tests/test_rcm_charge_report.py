from odoo.exceptions import AccessError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestChargeReport(BillingCase):
    """Charges and claims in figures: every charge once, self-pay by its name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = (("99213", "150.00"), ("80053", "60.00"))
        cls.insured = cls.intake(number="R1", charges=lines)
        cls.claim = cls.insured._rcm_bill()
        cls.selfpay = cls.intake(number="R2", self_pay=True)
        cls.selfpay._rcm_bill()
        cls.waiting = cls.intake(number="R3")

    def sums(self, model, groupby, measure):
        self.env.flush_all()
        groups = self.env[model]._read_group(
            [("company_id", "=", self.company.id)], [groupby], [measure]
        )
        return dict(groups)

    def test_charges_by_payer_name_self_pay_and_what_is_not_billed(self):
        found = self.sums("rcm.charge.report", "payer_name", "amount:sum")
        self.assertEqual(
            found, {"Acme": 210.0, "Self-pay": 150.0, "Not billed yet": 150.0}
        )
        found = self.sums("rcm.charge.report", "code", "amount:sum")
        self.assertEqual(found, {"99213": 450.0, "80053": 60.0})
        found = self.sums("rcm.charge.report", "service_date:month", "__count")
        self.assertEqual(list(found.values()), [4])

    def test_charges_by_category_of_their_service(self):
        category = self.env["rcm.charge.category"].create(
            {"name": "Laboratory", "code": "LABX"}
        )
        service = self.clinic["services"].filtered(lambda one: one.code == "80053")
        service.category_id = category
        later = self.intake(number="R4", charges=(("80053", "60.00"),))
        self.assertEqual(later.charge_ids.category_id, category)
        found = self.sums("rcm.charge.report", "category_id", "amount:sum")
        self.assertEqual(found[category], 60.0, "as it was when it was charged")

    def test_a_charge_counts_once_and_a_void_one_not(self):
        self.claim._rcm_void()
        found = self.sums("rcm.charge.report", "payer_name", "amount:sum")
        self.assertEqual(found, {"Self-pay": 150.0, "Not billed yet": 360.0})
        self.waiting.charge_ids._rcm_move("void")
        found = self.sums("rcm.charge.report", "payer_name", "amount:sum")
        self.assertEqual(found, {"Self-pay": 150.0, "Not billed yet": 210.0})

    def test_claims_by_payer_leave_no_nameless_column(self):
        found = self.sums("rcm.claim.report", "payer_name", "total_charge:sum")
        self.assertEqual(found, {"Acme": 210.0, "Self-pay": 150.0})

    def test_no_patient_in_it_and_not_for_everyone(self):
        executive, desk = self.make_user("executive"), self.make_user("front_desk")
        for model in ("rcm.charge.report", "rcm.claim.report"):
            names = self.env[model]._fields
            allowed = {"patient_amount"}
            self.assertFalse(
                [n for n in names if "patient" in n and n not in allowed], model
            )
            self.env[model].with_user(executive).search([])
            with self.assertRaises(AccessError):
                self.env[model].with_user(desk).search([])

    def test_other_facilities_are_not_counted(self):
        user = self.make_user("biller")
        user.rcm_facility_ids = self.env["rcm.facility"].create(
            {"name": "North", "code": "NORTH", "company_id": self.company.id}
        )
        for model in ("rcm.charge.report", "rcm.claim.report"):
            self.assertFalse(self.env[model].with_user(user).search([]))
