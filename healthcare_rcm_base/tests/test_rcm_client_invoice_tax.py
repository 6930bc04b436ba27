"""Taxes of services that a client ordered."""

from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from . import builders
from .client_invoice_common import ClientInvoiceCase
from .ledger_common import difference

MARCH = date(2026, 3, 1)


@tagged("post_install", "-at_install")
class TestClientInvoiceTax(ClientInvoiceCase):
    """Taxed by the line, never in silence, and mirrored by the credit."""

    def tax(self, amount, **values):
        return builders.tax(self.company, amount, **values)

    def test_taxable_services_only(self):
        taxed = builders.service_code(self.env, "TAXED1")
        taxed.tax_ids = self.tax(7.25)
        self.client_of.price_ids = [Command.create({"code": "TAXED1", "amount": 33.33})]
        encounter = self.ready(("100", "60"))
        encounter.charge_ids[1].write({"service_code_id": taxed.id, "code": "TAXED1"})
        before = self.trial_balance()
        invoice = self.run_on(date(2026, 4, 3))
        self.assertEqual((invoice.amount_tax, invoice.amount_total), (2.42, 75.75))
        invoice._rcm_post()
        found = difference(self.trial_balance(), before)
        self.assertEqual(found.pop("receivable_client"), Decimal("75.75"))
        self.assertEqual(found.pop("revenue"), Decimal("-73.33"))
        self.assertEqual(list(found.values()), [Decimal("-2.42")])
        self.assertEqual(invoice.move_id.amount_tax, 2.42)

    def test_tax_without_account_is_refused_with_what_to_do(self):
        tax = self.tax(7)
        tax.invoice_repartition_line_ids.account_id = False
        self.service.tax_ids = tax
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        with self.assertRaisesRegex(UserError, "has no account"):
            invoice._rcm_post()

    def test_taxed_credit_mirrors_its_invoice(self):
        self.service.tax_ids = self.tax(7.25)
        encounter = self.ready()
        before = self.trial_balance()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        encounter.charge_ids._rcm_withdraw("duplicate")
        second = self.run_on(date(2026, 5, 3)) - invoice
        self.service.tax_ids = False
        second._rcm_post()
        self.assertEqual(difference(self.trial_balance(), before), {})
        self.assertEqual(second.amount_total, -invoice.amount_total)

    def test_tax_included_in_the_price(self):
        self.service.tax_ids = self.tax(21, price_include_override="tax_included")
        self.client_of.price_ids.amount = 100.0
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        self.assertEqual(
            (invoice.amount_untaxed, invoice.amount_tax, invoice.amount_total),
            (82.64, 17.36, 100.0),
        )

    def test_fiscal_position_may_exempt_the_client(self):
        self.service.tax_ids = self.tax(10)
        self.client_of.fiscal_position_id = self.env["account.fiscal.position"].create(
            {"name": "Exempt", "company_id": self.company.id}
        )
        exempt = self.tax(0)
        exempt.original_tax_ids = self.service.tax_ids
        exempt.fiscal_position_ids = self.client_of.fiscal_position_id
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        self.assertEqual((invoice.amount_tax, invoice.amount_total), (0.0, 40.0))
