from decimal import Decimal as D

from odoo import Command
from odoo.tests import tagged

from ..core.ledger_entries import (
    Base,
    ClaimAmounts,
    EntryError,
    Tax,
    claim_invoice,
    patient_invoice,
    taxes_between,
    totals,
)
from . import builders
from .ledger_common import LedgerCase

TAXED = "COSMETIC1"


@tagged("post_install", "-at_install")
class TestClaimTax(LedgerCase):
    """Guarantors are taxed where a service says so; payers never are."""

    def setUp(self):
        super().setUp()
        self.service = builders.service_code(self.env, TAXED)
        self.service.tax_ids = builders.tax(self.company, 7.25)

    def encounter(self, charges=("100", "33.33"), payers=(), company=None, **values):
        """An encounter whose second charge is the taxed service."""
        made = builders.encounter(
            self.env, charges, payers, company=company or self.company, **values
        )
        made.charge_ids[1].write({"service_code_id": self.service.id, "code": TAXED})
        return made

    def claim(self, **values):
        return builders.claims_of(self.encounter(**values))

    def invoiced(self, **values):
        claim = self.claim(**values)
        claim._rcm_create_invoices()
        self.assertEqual(
            claim.invoice_state, "posted", claim.rcm_case_ids.mapped("message")
        )
        return claim

    def change(self, before):
        after = self.trial_balance()
        keys = set(after) | set(before)
        found = {key: after.get(key, 0) - before.get(key, 0) for key in keys}
        named = {key: value for key, value in found.items() if value}
        return {
            ("tax" if key.startswith("account ") else key): value
            for key, value in named.items()
        }

    # -- self-pay ------------------------------------------------------------------

    def test_self_pay_invoice_asks_for_the_tax(self):
        before = self.trial_balance()
        claim = self.invoiced()
        self.assertEqual(
            self.change(before),
            {
                "receivable_patient": D("135.75"),
                "revenue": D("-133.33"),
                "tax": D("-2.42"),
            },
        )
        move = claim.invoice_id
        self.assertEqual(
            (move.amount_untaxed, move.amount_tax, move.amount_total),
            (133.33, 2.42, 135.75),
        )
        taxed = move.line_ids.filtered("tax_ids")
        self.assertEqual(taxed.tax_ids, self.service.tax_ids)
        self.assertEqual((taxed.price_subtotal, taxed.price_total), (33.33, 35.75))
        [tax] = move.line_ids.filtered("tax_line_id")
        self.assertEqual((tax.tax_line_id, tax.tax_base_amount), (taxed.tax_ids, 33.33))
        self.assertEqual((claim.tax_amount, claim.open_balance), (2.42, 135.75))

    def test_categories_tax_services_without_taxes_of_their_own(self):
        category = self.env["rcm.charge.category"].create(
            {"name": "Aesthetic", "code": "AES", "tax_ids": self.service.tax_ids}
        )
        self.service.write({"tax_ids": False, "category_id": category.id})
        self.assertEqual(self.invoiced().tax_amount, 2.42)

    def test_tax_in_the_price_comes_out_of_the_charge(self):
        self.service.tax_ids = builders.tax(
            self.company, 21, price_include_override="tax_included"
        )
        before = self.trial_balance()
        claim = self.invoiced(charges=("100", "121"))
        self.assertEqual(
            self.change(before),
            {
                "receivable_patient": D("221.00"),
                "revenue": D("-200.00"),
                "tax": D("-21.00"),
            },
        )
        self.assertEqual((claim.tax_amount, claim.open_balance), (0.0, 221.0))

    def test_fiscal_position_of_the_guarantor_maps_taxes(self):
        exempt = self.env["account.fiscal.position"].create(
            {"name": "Exempt", "company_id": self.company.id}
        )
        zero = builders.tax(self.company, 0)
        zero.write(
            {
                "fiscal_position_ids": [Command.set(exempt.ids)],
                "original_tax_ids": [Command.set(self.service.tax_ids.ids)],
            }
        )
        encounter = self.encounter()
        guarantor = encounter.guarantor_id.with_company(self.company)
        guarantor.property_account_position_id = exempt
        claim = builders.claims_of(encounter)
        claim._rcm_create_invoices()
        self.assertEqual(claim.invoice_id.amount_total, 133.33)

    def test_credit_takes_the_tax_back_whole(self):
        before = self.trial_balance()
        claim = self.invoiced()
        credit = claim._rcm_credit_invoices("Charges corrected")
        self.assertEqual(self.change(before), {})
        self.assertEqual(credit.amount_tax, 2.42)
        [item] = credit.line_ids.filtered("tax_line_id")
        self.assertEqual(item.tax_repartition_line_id.document_type, "refund")
        self.assertEqual(claim.invoice_id.amount_residual, 0)

    def test_tax_without_account_becomes_a_case(self):
        self.service.tax_ids.invoice_repartition_line_ids.account_id = False
        claim = self.claim()
        claim._rcm_create_invoices()
        self.assertEqual(claim.invoice_state, "none")
        self.assertIn("has no account", claim.rcm_case_ids[:1].message)

    def test_other_company_has_its_own_taxes(self):
        other = builders.company(self.env, "Other Clinic")
        env = self.env(context={**self.env.context, "allowed_company_ids": other.ids})
        self.service.tax_ids |= builders.tax(other.with_env(env), 10)
        foreign = builders.encounter(env, ("100", "50"), company=other.with_env(env))
        foreign.charge_ids[1].write({"service_code_id": self.service.id, "code": TAXED})
        claim = builders.claims_of(foreign)
        claim._rcm_create_invoices()
        self.assertEqual(claim.invoice_id.amount_tax, 5.0)
        self.assertEqual(self.invoiced().invoice_id.amount_tax, 2.42)

    # -- payers --------------------------------------------------------------------

    def insured(self):
        payer = builders.payer(self.env, self.company)
        builders.contract(self.env, payer, percent=100)
        return self.invoiced(charges=("100", "80"), payers=(payer,))

    def test_claims_to_payers_carry_no_tax(self):
        claim = self.insured()
        self.assertEqual((claim.tax_amount, claim.invoice_id.amount_tax), (0, 0))
        with self.assertRaises(EntryError):
            claim_invoice(ClaimAmounts(D(9), taxes=(Tax(1, D(1), D(9)),)))

    def left_to_patient(self, modifier):
        """A claim whose second line the payer left to the patient whole."""
        claim = self.insured()
        line = claim.line_ids[1]
        line._rcm_write({"modifiers": modifier})
        claim._rcm_apply_posting([(claim.id, line.id, "patient", D("80.00"))])
        self.shift(claim, D("80.00"))
        return claim

    def shift(self, claim, amount):
        """The entry of a remittance that leaves ``amount`` to the patient."""
        self.post_remittance(
            claim, {"patient_unbilled": amount, "receivable_payer": -amount}
        )

    def test_patient_invoice_of_what_is_not_covered_is_taxed(self):
        claim = self.left_to_patient("GY")
        before = self.trial_balance()
        move = claim._rcm_create_patient_invoices()
        self.assertEqual(
            self.change(before),
            {
                "receivable_patient": D("85.80"),
                "patient_unbilled": D("-80.00"),
                "tax": D("-5.80"),
            },
        )
        self.assertEqual((move.amount_tax, move.amount_total), (5.8, 85.8))

    def test_patient_share_of_a_covered_service_is_not_taxed(self):
        move = self.left_to_patient("59")._rcm_create_patient_invoices()
        self.assertEqual((move.amount_tax, move.amount_total), (0, 80))

    def test_share_taken_back_takes_its_tax_back(self):
        claim = self.left_to_patient("GY")
        claim._rcm_create_patient_invoices()
        before = self.trial_balance()
        line = claim.line_ids[1]
        claim._rcm_apply_posting([(claim.id, line.id, "patient", D("-80.00"))])
        self.shift(claim, D("-80.00"))
        credit = claim._rcm_create_patient_invoices()
        self.assertEqual(credit.move_type, "out_refund")
        self.assertEqual(credit.amount_total, 85.8)
        self.assertEqual(
            self.change(before),
            {
                "receivable_patient": D("-85.80"),
                "receivable_payer": D("80.00"),
                "tax": D("5.80"),
            },
        )

    def test_tax_inside_a_patient_share_comes_out_of_revenue(self):
        lines = patient_invoice(
            D("121.00"),
            (Base((1,), D("100.00"), D("121.00")),),
            (Tax(5, D("21.00"), D("100.00")),),
            D("21.00"),
        )
        self.assertEqual(
            totals(lines),
            {
                "receivable_patient": D("121.00"),
                "patient_unbilled": D("-121.00"),
                "revenue": D("21.00"),
                "tax": D("-21.00"),
            },
        )

    def test_difference_of_taxes_keeps_what_changed(self):
        old = ((Base((1,), D(10), D(11)),), (Tax(5, D(1), D(10)),))
        new = ((Base((1,), D(10), D(11)), Base((2,), D(4), D(5))), old[1])
        self.assertEqual(taxes_between(new, old), ((Base((2,), D(4), D(5)),), ()))
        self.assertEqual(taxes_between(old, old), ((), ()))
