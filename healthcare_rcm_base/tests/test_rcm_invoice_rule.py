from decimal import Decimal

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import builders
from .billing_common import BillingCase
from .ledger_common import LedgerCase, difference


@tagged("post_install", "-at_install")
class TestRcmInvoiceRule(BillingCase):
    """When and to whom: rules by payer, facility and ordering client."""

    def rule(self, rule, **values):
        return builders.invoice_rule(self.env, rule, self.company, **values)

    def billed(self, **keywords):
        encounter = self.intake(**keywords)
        encounter._rcm_make_ready()
        return encounter._rcm_bill()

    def test_claim_keeps_the_rule_it_was_built_with(self):
        payer = self.clinic["payer"]
        rule = self.rule("adjudicated", payer_id=payer.id)
        claim = self.billed()
        self.assertEqual(claim.invoice_rule, "adjudicated")
        self.assertFalse(claim.work)
        rule.rule = "now"
        self.assertEqual(claim._rcm_invoice_rule(), "adjudicated")
        self.assertEqual(self.billed(number="E2").invoice_rule, "now")

    def test_facility_and_payer_together_count_most(self):
        payer, facility = self.clinic["payer"], self.clinic["facility"]
        self.rule("adjudicated", payer_id=payer.id)
        own = self.rule("now", payer_id=payer.id, facility_id=facility.id)
        self.assertEqual(self.billed().invoice_rule, "now")
        own.active = False
        self.assertEqual(self.billed(number="E2").invoice_rule, "adjudicated")

    def test_patient_is_invoiced_instead_of_the_payer(self):
        self.rule("patient", payer_id=self.clinic["payer"].id)
        claim = self.billed()
        self.assertTrue(claim.self_pay)
        self.assertFalse(claim.payer_id or claim.coverage_id or claim.leg_ids)
        self.assertEqual((claim.state, claim.work), ("cleared", "invoice"))
        self.assertFalse(claim.is_submittable)

    def test_rules_of_other_companies_do_not_count(self):
        other = self.make_company("Other clinic")
        builders.invoice_rule(self.env, "adjudicated", other)
        self.assertEqual(self.billed().invoice_rule, "now")

    def test_same_scope_twice_is_refused(self):
        self.rule("now", payer_id=self.clinic["payer"].id)
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            self.rule("adjudicated", payer_id=self.clinic["payer"].id)
        self.assertIn("scope_uniq", str(caught.exception))

    def test_self_pay_cannot_wait_for_a_payer(self):
        for rule in ("adjudicated", "patient"):
            with self.subTest(rule), self.assertRaises(ValidationError):
                self.rule(rule, who="self_pay")

    def test_rules_are_the_administrators_and_audited(self):
        rule = self.rule("now")
        for role in ("biller", "finance_manager", "auditor"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(rule, role).write({"rule": "adjudicated"})
        self.as_user(rule, "administrator").write({"rule": "adjudicated"})
        row = self.env["rcm.audit.log"].search(
            [("model", "=", rule._name), ("event", "=", "rcm.invoice.rule.changed")]
        )
        self.assertEqual(row.res_id, rule.id)

    def test_building_claims_asks_for_rules_once(self):
        self.rule("adjudicated", payer_id=self.clinic["payer"].id)
        encounters = self.env["rcm.encounter"]
        for number in range(4):
            encounters |= self.intake(number=f"Q{number}")
        encounters._rcm_make_ready()
        encounters[:1]._rcm_build_claims()
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            self.env["rcm.invoice.rule"]._rcm_rules(self.company.id)


@tagged("post_install", "-at_install")
class TestInvoiceRuleLedger(LedgerCase):
    """The entry of each rule."""

    def test_patient_rule_books_a_self_pay_invoice(self):
        payer = builders.payer(self.env)
        builders.contract(self.env, payer, percent=40)
        builders.invoice_rule(self.env, "patient", payer_id=payer.id)
        self.company.rcm_self_pay_concession_percent = 25.0
        before = self.trial_balance()
        claim = builders.claims_of(builders.encounter(self.env, ["200"], (payer,)))
        claim._rcm_create_invoices()
        self.assertEqual(
            difference(self.trial_balance(), before),
            {
                "receivable_patient": Decimal(200),
                "revenue": Decimal(-200),
                "concession": Decimal(50),
                "concession_reserve": Decimal(-50),
            },
        )
        self.assertEqual(claim.invoice_id.rcm_kind, "self_pay_invoice")
