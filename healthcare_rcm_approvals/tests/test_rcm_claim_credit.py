"""Taking a claim's invoice back is a credit note under the policies."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestClaimCredit(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls.person("biller", groups=None)

    def rejected(self, charge):
        claim = self.claim_open(charge=charge, expected=charge)
        claim._rcm_mark_submitted("2026-03-03 10:00:00")
        claim._rcm_apply_status("rejected", reason="A7:33")
        self.assertEqual(claim.state, "rejected")
        return claim

    def test_a_small_one_is_withdrawn_at_once(self):
        claim = self.rejected("500")
        claim.with_user(self.biller).action_withdraw()
        self.assertEqual((claim.state, claim.invoice_state), ("void", "credited"))

    def test_a_large_one_waits_and_is_withdrawn_by_its_approval(self):
        claim = self.rejected("5000")
        before = self.trial_balance()
        claim.with_user(self.biller).action_withdraw()
        self.assertEqual((claim.state, claim.invoice_state), ("rejected", "posted"))
        self.assertEqual(self.trial_balance(), before)
        request = self.requests(claim).filtered(lambda one: one.effect == "credit")
        self.assertEqual(
            (request.state, request.document_type), ("pending", "credit_note")
        )
        with self.assertRaises(UserError):
            request.with_user(self.biller).action_approve()
        request.with_user(self.approver).action_approve()
        self.assertEqual((claim.state, claim.invoice_state), ("void", "credited"))

    def test_what_cannot_be_withdrawn_is_asked_of_nobody(self):
        claim = self.claim_open(charge="5000", expected="5000")
        with self.assertRaisesRegex(UserError, "Only a claim that the payer rejected"):
            claim.with_user(self.biller).action_withdraw()
        self.assertFalse(self.requests(claim))

    def test_refused_it_stands(self):
        claim = self.rejected("5000")
        claim.with_user(self.biller).action_withdraw()
        request = self.requests(claim)
        request.with_user(self.approver)._rcm_decide_many("refused", "Send it again")
        self.assertEqual((claim.state, claim.invoice_state), ("rejected", "posted"))

    def test_a_corrected_self_pay_invoice_waits_for_its_credit_note(self):
        claim = self.claim_open(charge="5000", self_pay=True)
        encounter = claim.encounter_id
        encounter.coding_signed_off = True
        charge = encounter.charge_ids
        ref = encounter._rcm_free_ref(charge.external_ref)
        charge._rcm_replace({"amount": 300.0, "external_ref": ref}, "units")
        self.assertEqual(claim.invoice_state, "posted")
        self.assertNotEqual(claim.state, "void")
        request = self.requests(claim).filtered(lambda one: one.effect == "credit")
        self.assertEqual(request.state, "pending")
        request.with_user(self.approver).action_approve()
        self.assertEqual((claim.state, claim.invoice_state), ("void", "credited"))
        self.assertNotEqual(encounter.state, "reopened")

    def test_a_taxed_invoice_goes_back_with_its_tax(self):
        """950 pass, the 1,018.88 that the guarantor was asked for do not."""
        service = builders.service_code(self.env, "TAXED950")
        service.tax_ids = builders.tax(self.company, 7.25)
        encounter = builders.encounter(self.env, ["950"], (), company=self.company)
        charge = encounter.charge_ids
        charge.write({"service_code_id": service.id, "code": service.code})
        claim = builders.claims_of(encounter)
        claim._rcm_create_invoices()
        self.assertEqual(claim.invoice_id.amount_total, 1018.88)
        encounter.coding_signed_off = True
        ref = encounter._rcm_free_ref(charge.external_ref)
        charge._rcm_replace({"amount": 300.0, "external_ref": ref}, "units")
        self.assertEqual(claim.invoice_state, "posted")
        request = self.requests(claim).filtered(lambda one: one.effect == "credit")
        self.assertEqual((request.state, request.amount), ("pending", 1018.88))
