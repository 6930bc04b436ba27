"""Invoices of what the payer left to the patient."""

from decimal import Decimal as D

from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestClaimPatientInvoice(LedgerCase):
    """Asked once, no second revenue, paid like any invoice."""

    def with_patient_share(self, share="80"):
        claim = builders.invoiced_claim(self.env, charge="200", expected=share)
        self.post_remittance(
            claim,
            {
                "reserve": D("200") - D(share),
                "patient_unbilled": D(share),
                "receivable_payer": D("-200"),
            },
        )
        return claim

    def test_patient_invoice_is_asked_once(self):
        claim = self.with_patient_share()
        move = claim._rcm_create_patient_invoices()
        self.assertEqual(move.rcm_kind, "patient_invoice")
        self.assertEqual(move.partner_id, claim.guarantor_id)
        self.assertEqual(move.amount_total, 80)
        self.assertEqual(move.journal_id, self.company._rcm_journal("patient"))
        items = self.env["account.move.line"].search(
            [("rcm_claim_id", "=", claim.id), ("rcm_purpose", "=", "patient_unbilled")]
        )
        self.assertEqual(len(items), 2)
        self.assertTrue(all(items.mapped("reconciled")))
        self.assertFalse(claim._rcm_create_patient_invoices())

    def test_patient_invoice_is_no_second_revenue(self):
        claim = self.with_patient_share()
        move = claim._rcm_create_patient_invoices()
        self.env.flush_all()
        report = self.env["account.invoice.report"]
        self.assertTrue(report.search_count([("move_id", "=", claim.invoice_id.id)]))
        self.assertFalse(report.search_count([("move_id", "=", move.id)]))
        self.assertEqual(claim.guarantor_id.total_invoiced, 0)
        self.assertEqual(claim.payer_id.partner_id.total_invoiced, 200)

    def test_patient_pays_by_the_usual_wizard(self):
        claim = self.with_patient_share()
        move = claim._rcm_create_patient_invoices()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": 80})._create_payments()
        self.assertEqual(move.amount_residual, 0)
        self.assertIn(move.payment_state, ("paid", "in_payment"))

    def test_settled_claim_invoice_is_closed_by_matching(self):
        claim = self.with_patient_share()
        self.assertEqual(claim.invoice_id.amount_residual, 0)
        self.assertFalse(claim._rcm_receivable_lines()[claim])
