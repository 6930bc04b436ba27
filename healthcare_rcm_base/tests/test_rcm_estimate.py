from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .billing_common import BillingCase
from .common_ground import audit_rows


@tagged("post_install", "-at_install")
class TestEstimateScreen(BillingCase):
    """The desk's question: what will the patient owe?"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.encounter = cls.intake(charges=(("99213", "150.00"), ("80053", "60.00")))
        cls.coverage_record = cls.encounter.coverage_ids
        cls.coverage_record.write(
            {
                "copay_amount": 20,
                "deductible_left": 30,
                "coinsurance_percent": 10,
                "eligibility_state": "active",
            }
        )

    def estimate(self, role="front_desk"):
        action = self.as_user(self.encounter, role).action_estimate()
        return self.env["rcm.estimate"].browse(action["res_id"])

    def test_encounter_brings_its_services_and_coverage(self):
        wizard = self.estimate()
        self.assertEqual(len(wizard.line_ids), 2)
        # Allowed 92 + 22 = 114; copay 20, deductible 30, 10 % of 64.
        self.assertEqual(
            (
                wizard.charge_amount,
                wizard.allowed_amount,
                wizard.discount_amount,
                wizard.patient_amount,
                wizard.payer_amount,
            ),
            (210, 114, 96, 56.4, 57.6),
        )
        self.assertFalse(wizard.warning)
        self.assertIn("Coinsurance: 10 % of 64.00", wizard.steps)

    def test_stand_alone_starts_from_the_charge_master(self):
        user = self.make_user("front_desk")
        Estimate = self.env["rcm.estimate"].with_user(user).with_company(self.company)
        self.env["rcm.service.charge"].create(
            {
                "service_code_id": self.clinic["services"][0].id,
                "facility_id": self.clinic["facility"].id,
                "company_id": self.company.id,
                "amount": 175,
                "date_from": "2026-01-01",
            }
        )
        form = Form(Estimate)
        self.assertEqual(form.facility_id, self.clinic["facility"])
        form.service_date = "2026-03-02"
        form.payer_id = self.clinic["payer"]
        form.copay_amount = 25
        with form.line_ids.new() as line:
            line.service_code_id = self.clinic["services"][0]
            line.units = 2
            self.assertEqual(line.charge_amount, 350)
        self.assertEqual(form.discount_amount, 166)
        self.assertEqual(form.patient_amount, 25)
        wizard = form.save()
        wizard.payer_id = False
        self.assertEqual(wizard.patient_amount, 350)

    def test_patient_brings_the_first_coverage_of_the_day(self):
        user = self.make_user("biller")
        Estimate = self.env["rcm.estimate"].with_user(user).with_company(self.company)
        form = Form(Estimate)
        form.patient_id = self.encounter.patient_id
        self.assertEqual(form.coverage_id, self.coverage_record)
        self.assertEqual(form.copay_amount, 20)

    def test_doubts_are_said(self):
        wizard = self.estimate()
        self.coverage_record.eligibility_state = "unknown"
        for change, words in (
            ({}, "not asked"),
            ({"line_ids": [(0, 0, {"code": "X9", "charge_amount": 5})]}, "no price"),
            ({"service_date": "2019-12-31"}, "not in force"),
            (
                {"coverage_id": False, "payer_id": self.clinic["second"].id},
                "No contract",
            ),
        ):
            with self.subTest(words=words):
                wizard.write(change)
                wizard.invalidate_recordset(["warning"])
                self.assertIn(words, wizard.warning)
        with self.assertRaises(UserError):
            wizard.coinsurance_percent = 101

    def test_print_names_the_account_and_nothing_more_of_the_patient(self):
        wizard = self.estimate()
        action = wizard.with_user(self.make_user("biller")).action_print()
        self.assertEqual(action["type"], "ir.actions.report")
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "healthcare_rcm_base.rcm_estimate_document", wizard.ids
        )
        text = html.decode().split('class="page"')[1].split('class="footer')[0]
        for shown in ("PAE1", "56.40", "Acme", "99213", "An estimate, not a bill"):
            self.assertIn(shown, text)
        for hidden in ("Sample", "1980", "W1", "ME1", "E119"):
            self.assertNotIn(hidden, text)
        self.assertTrue(audit_rows(self.env, self.encounter, "rcm.estimate.printed"))

    def test_other_roles_are_refused(self):
        for role in ("cash_poster", "auditor", "administrator"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.encounter, role).action_estimate()
        other = self.make_company("Elsewhere")
        stranger = self.make_user("front_desk", company=other)
        with self.assertRaises(AccessError):
            self.encounter.with_user(stranger).with_company(other).action_estimate()
