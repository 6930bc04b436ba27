"""Invoices of further versions of a claim, and credits."""

from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestClaimInvoiceReplacement(LedgerCase):
    """A version is invoiced for what differs; a credit takes all of it back."""

    def replacement_of(self, claim, charge, contractual):
        """The next version of ``claim``, with other amounts."""
        values = {
            name: claim[name].id if hasattr(claim[name], "ids") else claim[name]
            for name in (
                "name",
                "encounter_id",
                "company_id",
                "patient_id",
                "guarantor_id",
                "facility_id",
                "provider_group_id",
                "payer_id",
                "coverage_id",
                "contract_id",
                "service_date",
                "state",
            )
        }
        return claim._rcm_create(
            [
                {
                    **values,
                    "version": claim.version + 1,
                    "replaces_id": claim.id,
                    "original_reference": "PCN1",
                    "frequency_code": "7",
                    "total_charge": charge,
                    "expected_contractual": contractual,
                }
            ]
        )

    def test_replacement_is_invoiced_for_the_difference(self):
        claim = builders.invoiced_claim(self.env, charge="1000", expected="400")
        for charge, contractual, move_type, total in (
            (1200, 720, "out_invoice", 200),
            (900, 540, "out_refund", 300),
        ):
            with self.subTest(charge=charge):
                claim = self.replacement_of(claim, charge, contractual)
                claim._rcm_create_invoices()
                self.assertEqual(claim.invoice_id.move_type, move_type)
                self.assertEqual(claim.invoice_id.amount_total, total)
                balance = self.trial_balance()
                self.assertEqual(balance["revenue"], -charge)
                self.assertEqual(balance["reserve"], -contractual)

    def test_replacement_at_the_same_charge_changes_the_reserve_only(self):
        claim = builders.invoiced_claim(self.env, charge="1000", expected="400")
        second = self.replacement_of(claim, 1000, 650)
        second._rcm_create_invoices()
        self.assertEqual(second.invoice_id, claim.invoice_id)
        balance = self.trial_balance()
        self.assertEqual(balance["revenue"], -1000)
        self.assertEqual(balance["reserve"], -650)

    def test_credit_takes_an_unpaid_claim_back_whole(self):
        claim = builders.invoiced_claim(
            self.env,
            charge="1000",
            expected="400",
            patient_percent=20,
            concession_percent=10,
        )
        claim._rcm_credit_invoices("Void")
        self.assertEqual(self.trial_balance(), {})
        self.assertEqual(claim.invoice_state, "credited")
        self.assertEqual(claim.invoice_id.amount_residual, 0)
        self.assertFalse(claim._rcm_receivable_lines()[claim])
