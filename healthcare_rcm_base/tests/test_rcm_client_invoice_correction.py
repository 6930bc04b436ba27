"""Charges change after the month was invoiced, or just before."""

from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from .client_invoice_common import ClientInvoiceCase
from .ledger_common import difference

MARCH = date(2026, 3, 1)


@tagged("post_install", "-at_install")
class TestClientInvoiceCorrection(ClientInvoiceCase):
    """Corrections go on the next invoice; what nobody saw yet stays in its month."""

    def test_correction_is_credited_and_charged_next_month(self):
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        charge = encounter.charge_ids
        before = self.trial_balance()
        charge._rcm_replace({"units": 3.0, "external_ref": "C1/2"}, "units")
        self.assertEqual(encounter.state, "ready")
        second = self.run_on(date(2026, 5, 3)) - invoice
        self.assertEqual(sorted(second.line_ids.mapped("amount")), [-40.0, 120.0])
        second._rcm_post()
        self.assertEqual(
            difference(self.trial_balance(), before),
            {"receivable_client": Decimal(80), "revenue": Decimal(-80)},
        )
        self.assertFalse(self.run_on(date(2026, 6, 3)) - invoice - second)

    def test_withdrawn_charge_becomes_a_credit_note(self):
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        before = self.trial_balance()
        encounter.charge_ids._rcm_withdraw("not_rendered")
        self.assertEqual(encounter.state, "billed")
        second = self.run_on(date(2026, 5, 3)) - invoice
        second._rcm_post()
        self.assertEqual(second.move_id.move_type, "out_refund")
        self.assertEqual(
            difference(self.trial_balance(), before),
            {"receivable_client": Decimal(-40), "revenue": Decimal(40)},
        )

    def test_credit_in_full_makes_the_charges_due_again(self):
        before = self.trial_balance()
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        invoice.with_user(self.user("finance_manager")).action_credit()
        self.assertEqual(invoice.state, "credited")
        self.assertEqual(difference(self.trial_balance(), before), {})
        self.assertEqual(invoice.move_id.payment_state, "reversed")
        self.assertEqual(encounter.state, "ready")
        self.client_of.next_invoice_date = "2026-04-03"
        again = self.run_on(date(2026, 4, 3)) - invoice
        self.assertEqual((again.period_start, again.amount_total), (MARCH, 40.0))

    def test_changed_charges_are_shown_before_they_are_posted(self):
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        encounter.charge_ids._rcm_replace(
            {"units": 2.0, "external_ref": "C1/2"}, "units"
        )
        answer = invoice.action_post()
        self.assertEqual(answer["params"]["type"], "warning")
        self.assertEqual((invoice.state, invoice.amount_total), ("draft", 80.0))
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_correction_before_posting_stays_on_the_draft_of_its_month(self):
        encounter = self.ready()
        march = self.run_on(date(2026, 4, 3))
        encounter.charge_ids._rcm_replace(
            {"units": 2.0, "external_ref": "C1/2"}, "units"
        )
        self.ready(service_date=date(2026, 4, 10))
        april = self.run_on(date(2026, 5, 3)) - march
        self.assertEqual((march.amount_total, april.amount_total), (80.0, 40.0))
        self.assertEqual(march.line_ids.units, 2.0)
        (march | april)._rcm_post()

    def test_draft_that_came_to_nothing_is_given_up(self):
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        encounter.charge_ids._rcm_withdraw("other")
        self.assertEqual(self.run_on(date(2026, 5, 3)), invoice, "no other one")
        self.assertEqual((invoice.state, len(invoice.line_ids)), ("cancelled", 0))

    def test_cancelled_draft_goes_on_the_next_invoice(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice.action_cancel()
        later = self.run_on(date(2026, 5, 3)) - invoice
        self.assertEqual(later.amount_total, 40.0)
