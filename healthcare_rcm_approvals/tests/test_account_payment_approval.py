"""Outgoing payments through the gate: form, wizard, entry, run by others."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestPaymentApproval(DocumentCase):
    def bill(self, amount):
        """A posted bill."""
        bill = self.move(amount)
        bill.action_post()
        if bill.state == "draft":
            self.approve(bill)
        self.assertEqual(bill.state, "posted")
        return bill

    def register(self, bills, user=None, **vals):
        """What the payment wizard makes of these bills."""
        wizard = (
            self.env["account.payment.register"]
            .with_user(user or self.clerk)
            .with_context(active_model="account.move", active_ids=bills.ids)
            .create({"journal_id": self.bank().id, **vals})
        )
        wizard.action_create_payments()
        return bills.matched_payment_ids

    def test_below_the_limit_is_paid_at_once(self):
        payment = self.payment(999.99)
        payment.action_post()
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertEqual(payment.move_id.state, "posted")

    def test_from_the_limit_on_it_is_asked_for_and_paid_when_approved(self):
        payment = self.payment(1000)
        self.assertEqual(payment.action_post()["tag"], "display_notification")
        self.assertEqual(
            (payment.state, payment.rcm_approval_state), ("draft", "pending")
        )
        self.assertFalse(payment.move_id)
        self.approve(payment)
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertEqual(payment._rcm_duties_done()["pay"], {self.clerk.id})

    def test_money_that_comes_in_needs_no_approval(self):
        payment = self.payment(90000, payment_type="inbound", partner_type="customer")
        payment.action_post()
        self.assertIn(payment.state, ("in_process", "paid"))

    def test_the_wizard_pays_small_bills_and_leaves_large_ones_as_asked_for(self):
        small, large = self.bill(100), self.bill(5000)
        payer = self.second_clerk
        payments = self.register(small | large, user=payer, group_payment=False)
        by_amount = {payment.amount: payment for payment in payments}
        self.assertIn(by_amount[100].state, ("in_process", "paid"))
        self.assertEqual(small.payment_state, "paid")
        self.assertEqual(by_amount[5000].state, "draft")
        self.assertEqual(large.payment_state, "not_paid")
        self.approve(by_amount[5000])
        self.assertIn(by_amount[5000].state, ("in_process", "paid"))
        self.assertEqual(large.payment_state, "paid")

    def test_a_discount_taken_in_the_wizard_waits_too(self):
        bill = self.bill(5000)
        payment = self.register(
            bill,
            user=self.second_clerk,
            amount=4900,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self.assertEqual(payment.state, "draft")
        self.assertNotEqual(payment.move_id.state, "posted")
        self.assertEqual(bill.payment_state, "not_paid")
        self.approve(payment)
        self.assertEqual(bill.payment_state, "paid")

    def test_changing_what_is_paid_voids(self):
        other = self.partner("Other")
        for values in (
            {"amount": 2000},
            {"partner_id": other.id},
            {"payment_type": "inbound"},
        ):
            with self.subTest(values=values):
                payment = self.payment(1000)
                payment.action_post()
                request = self.requests(payment)
                payment.write(values)
                self.assertEqual(request.state, "voided")

    def test_paid_money_is_not_rewritten(self):
        payment = self.payment(10)
        payment.action_post()
        with self.assertRaises(UserError):
            payment.write({"amount": 50000})
        self.assertEqual(payment.amount, 10)

    def test_every_other_way_to_pay_is_refused(self):
        def entry_then_post(payment):
            payment.sudo()._generate_journal_entry()
            payment.move_id._post()

        ways = {
            "state": lambda payment: payment.write({"state": "in_process"}),
            "paid": lambda payment: payment.write({"state": "paid"}),
            "assign": lambda payment: setattr(payment, "state", "paid"),
            "entry": entry_then_post,
            "linked": lambda payment: payment.write(
                {"rcm_source_model": "rcm.payment.run", "rcm_source_id": 1}
            ),
        }
        for name, way in ways.items():
            for user in (self.clerk, self.env.user):
                with self.subTest(way=name, user=user.login):
                    payment = self.payment(5000)
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        way(payment.with_user(user))
                    self.assertEqual(payment.state, "draft")
                    self.assertNotEqual(payment.move_id.state, "posted")

    def test_validate_on_a_draft_asks_first(self):
        payment = self.payment(5000)
        payment.action_validate()
        self.assertEqual(
            (payment.state, payment.rcm_approval_state), ("draft", "pending")
        )

    def test_nobody_makes_a_payment_that_is_paid_already(self):
        with self.assertRaises(UserError):
            self.payment(5, state="paid")
        made = (
            self.env["account.payment"]
            .with_user(self.clerk)
            .with_context(default_state="paid")
            .create(
                {
                    "payment_type": "outbound",
                    "partner_id": self.vendor.id,
                    "amount": 5,
                    "journal_id": self.bank().id,
                }
            )
        )
        self.assertEqual(made.state, "draft")

    def test_another_currency_counts_in_the_companys(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": "2020-01-01",
                "rate": 0.5,
                "company_id": self.company.id,
            }
        )
        payment = self.payment(600, currency_id=euro.id)
        payment.action_post()
        self.assertEqual(self.requests(payment).amount, 1200)

    def test_a_role_without_accounting_cannot_pay(self):
        payment = self.payment(10)
        with self.assertRaises(AccessError):
            payment.with_user(self.person("biller", groups=None)).action_post()

    def test_the_payer_of_the_request_must_still_be_allowed(self):
        payment = self.payment(5000)
        payment.action_post()
        self.clerk.sudo().group_ids = [
            Command.unlink(self.env.ref("account.group_account_invoice").id)
        ]
        self.approve(payment)
        self.assertEqual(
            (payment.state, payment.rcm_approval_state), ("draft", "approved")
        )
        case = self.env["rcm.exception.case"].search(
            [("res_model", "=", "account.payment"), ("res_id", "=", payment.id)]
        )
        self.assertEqual(case.type_code, "approval_stalled")
        payment.with_user(self.second_clerk).action_post()
        self.assertIn(payment.state, ("in_process", "paid"))
