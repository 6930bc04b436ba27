from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestNextStep(BillingCase):
    """Every open document says what comes next, and never about the patient."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._rcm_ensure_chart("generic_coa", "USD")
        cls.company._rcm_ensure_accounting()
        cls.encounter = cls.intake(number="S1")
        cls.claim = cls.encounter._rcm_build_claims()

    def said(self):
        self.claim.invalidate_recordset()
        return self.claim.next_step or ""

    def test_a_claim_says_what_comes_next_in_each_state(self):
        claim = self.claim
        self.assertIn("Validate and bill", self.said())
        claim._rcm_validate()
        self.assertIn("cleared by", self.said())
        claim._rcm_clear()
        self.assertIn("invoice", self.said())
        claim._rcm_invoice()
        self.assertIn("Send it to Acme", self.said())
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertIn("Acme for 0 days", self.said())
        claim._rcm_write({"submitted_date": fields.Datetime.now() - timedelta(days=31)})
        self.assertIn("31 days without an answer: call", self.said())
        claim._rcm_mark_adjudicated()
        self.assertIn("150.00 still open with Acme", self.said())
        claim.line_ids._rcm_set_state("denied")
        self.assertIn("150.00 denied on line 1", self.said())
        claim.line_ids._rcm_set_state("appealed")
        self.assertIn("denied on line 1", self.said())
        rows = [(claim.id, claim.line_ids.id, "paid", Decimal("150.00"))]
        claim._rcm_apply_posting(rows)
        self.assertIn("Nothing is open", self.said())
        claim._rcm_apply_posting(rows)
        self.assertIn("150.00 paid too much", self.said())
        claim._rcm_hold()
        self.assertIn("Release", self.said())

    def test_what_blocks_a_claim_is_said_instead(self):
        self.claim._rcm_raise_case("claim_invalid", "For the test")
        self.assertFalse(self.said())
        self.assertIn("For the test", self.claim.rcm_block_reason)

    def test_next_payer_is_named(self):
        both = [self.coverage(1, "ACME"), self.coverage(2, "AID")]
        claim = self.intake(number="S2", coverages=both)._rcm_build_claims()
        claim._rcm_validate()._rcm_clear()
        claim._rcm_invoice()
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated()
        claim._rcm_open_next_leg()
        self.assertIn("next payer, Aid", claim.next_step)

    def test_self_pay_has_a_name(self):
        claim = self.intake(number="S3", self_pay=True)._rcm_bill()
        self.assertEqual(claim.billed_to, "Self-pay")
        self.assertEqual(self.claim.billed_to, "Acme")

    def test_an_encounter_says_who_is_next(self):
        encounter = self.encounter.copy({"number": "S9", "coding_signed_off": False})
        self.assertIn("Service completed", encounter.next_step)
        encounter._rcm_set_state("completed")
        encounter.invalidate_recordset()
        self.assertIn("Add the charges", encounter.next_step)
        waiting = self.intake(number="S10", coding_signed_off=False)
        self.assertIn("coder", waiting.next_step)
        ready = self.intake(number="S11")
        self.assertIn("Bill now", ready.next_step)

    def test_pipeline_shows_the_columns_that_hold_claims_in_their_order(self):
        self.intake(number="S4")._rcm_bill()
        # as the kanban view asks
        Claim = self.env["rcm.claim"].with_context(read_group_expand=True)
        found = Claim.web_read_group(
            [("company_id", "=", self.company.id)], ["state"], ["__count"]
        )
        states = [row["state"] for row in found["groups"]]
        self.assertEqual(states, ["draft", "cleared"])
