from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestBillMatch(SpendingCase):
    def cases(self, bill):
        return self.env["rcm.exception.case"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", bill.id)]
        )

    def test_a_bill_that_agrees_is_posted(self):
        bill = self.bill(self.confirmed(100, quantity=4))
        self.assertEqual(bill.rcm_match_state, "matched")
        bill.action_post()
        self.assertEqual(bill.state, "posted")
        self.assertFalse(self.cases(bill))

    def test_a_bill_without_an_order_is_not_compared(self):
        bill = self.move(50)
        self.assertEqual(bill.rcm_match_state, "none")
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_what_was_not_received_is_held_with_a_case_that_says_where(self):
        bill = self.bill(self.confirmed(100, quantity=4), received=3)
        bill.action_post()
        self.assertEqual(bill.state, "draft")
        self.assertEqual(bill.rcm_match_state, "mismatch")
        case = self.cases(bill)
        self.assertEqual(case.type_code, "bill_mismatch")
        self.assertEqual((case.expected, case.actual, case.difference), ("3", "4", "1"))
        self.assertEqual(case.amount, 100)
        self.assertIn("Gloves", case.message)
        bill.action_post()
        self.assertEqual(len(self.cases(bill)), 1, "asked again: the same case")

    def test_confirming_says_what_holds_it_and_not_that_approval_was_asked(self):
        bill = self.bill(self.confirmed(100, quantity=4), price=101)
        said = bill.action_post()["params"]["message"]
        self.assertIn("a case was opened", said)
        self.assertIn("Gloves", said)
        self.assertIn("Accept Difference", said)
        self.assertNotIn("asked for", said)
        bill.with_user(self.buyer).action_rcm_accept_difference()
        self.assertIn("asked for", bill.action_post()["params"]["message"])

    def test_posting_from_the_list_says_it_too(self):
        bill = self.bill(self.confirmed(100, quantity=4), price=101)
        wizard = self.env["validate.account.move"].create({"move_ids": bill.ids})
        said = wizard.validate_move()["params"]["message"]
        self.assertIn("a case was opened", said)

    def test_posting_by_another_way_is_refused(self):
        bill = self.bill(self.confirmed(100, quantity=4), received=3)
        for way in (
            lambda: bill.sudo()._post(),
            lambda: bill.sudo().write({"state": "posted"}),
            lambda: bill.sudo().with_context(bypass_match=True)._post(soft=False),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                way()
        bill.invalidate_recordset()
        self.assertEqual(bill.state, "draft")

    def test_lines_written_along_with_the_state_are_compared_too(self):
        bill = self.bill(self.confirmed(100, quantity=4))
        extra = {
            "name": "Extra",
            "account_id": self.expense.id,
            "price_unit": 5000,
            "tax_ids": [Command.clear()],
        }
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bill.write({"state": "posted", "invoice_line_ids": [Command.create(extra)]})
        bill.invalidate_recordset()
        self.assertEqual((bill.state, bill.amount_total), ("draft", 400))

    def test_receiving_the_rest_closes_the_case_by_itself(self):
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order, received=3)
        bill.action_post()
        order.order_line.qty_received = 4
        self.assertEqual(self.cases(bill).state, "resolved")
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_correcting_the_bill_closes_the_case_by_itself(self):
        bill = self.bill(self.confirmed(100, quantity=4), received=3)
        bill.action_post()
        bill.write(
            {
                "invoice_line_ids": [
                    Command.update(bill.invoice_line_ids.id, {"quantity": 3})
                ]
            }
        )
        self.assertEqual(self.cases(bill).state, "resolved")

    def test_a_credit_note_of_the_first_bill_makes_room_for_the_second(self):
        order = self.confirmed(100, quantity=4)
        first = self.bill(order)
        first.action_post()
        second = self.bill(order)
        second.action_post()
        self.assertEqual(second.state, "draft", "billed twice")
        credit = first._reverse_moves([{"invoice_date": first.invoice_date}])
        credit.action_post()
        case = self.cases(second)
        case.with_user(self.buyer).action_reprocess()
        self.assertEqual(case.state, "resolved")
        second.action_post()
        self.assertEqual(second.state, "posted")

    def test_reprocess_keeps_a_case_that_still_holds(self):
        bill = self.bill(self.confirmed(100, quantity=4), received=3)
        bill.action_post()
        case = self.cases(bill)
        case.with_user(self.buyer).action_reprocess()
        self.assertNotEqual(case.state, "resolved")

    def test_a_difference_is_accepted_by_an_approval_and_for_this_one_only(self):
        bill = self.bill(self.confirmed(100, quantity=4), price=101)
        bill.action_post()
        self.assertEqual(bill.state, "draft")
        bill.with_user(self.buyer).action_rcm_accept_difference()
        request = self.requests(bill)
        self.assertEqual((request.effect, request.amount), ("accept_mismatch", 4))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bill.sudo()._post()
        self.approve(bill)
        self.assertEqual(bill.rcm_match_state, "accepted")
        self.assertEqual(self.cases(bill).state, "resolved")
        self.assertEqual(bill.state, "posted", "it goes on by itself")

    def test_an_accepted_difference_that_grows_is_not_accepted(self):
        bill = self.bill(self.confirmed(100, quantity=4), price=101)
        bill.with_user(self.buyer).action_rcm_accept_difference()
        request = self.requests(bill)
        bill.invoice_line_ids.price_unit = 102
        self.assertEqual(request.state, "voided")
        self.assertEqual(bill.rcm_match_state, "mismatch")

    def test_tolerances_by_vendor_tag(self):
        tag = self.env["res.partner.category"].create({"name": "Utilities"})
        self.env["rcm.match.tolerance"].create(
            {
                "name": "Utilities",
                "sequence": 1,
                "vendor_category_ids": [Command.set(tag.ids)],
                "price_percent": 2,
                "amount": 10,
            }
        )
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order, price=101)
        self.assertEqual(bill.rcm_match_state, "mismatch")
        self.vendor.category_id = tag
        bill.invalidate_recordset()
        self.assertEqual(bill.rcm_match_state, "matched")
        bill.action_post()
        self.assertEqual(bill.state, "posted")

    def test_currencies_are_compared_at_the_bills_own_rate(self):
        order = self.confirmed(100, currency_id=self.euro.id)
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.euro.id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 0.4,
            }
        )
        self.assertEqual(self.bill(order).rcm_match_state, "matched")
        dollars = self.bill(order, price=250, currency_id=self.company.currency_id.id)
        self.assertEqual(dollars.rcm_match_state, "matched")
        dearer = self.bill(order, price=251, currency_id=self.company.currency_id.id)
        self.assertEqual(dearer.rcm_match_state, "mismatch")

    def test_units_are_compared_in_the_orders_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.confirmed(
            120,
            quantity=1,
            line={"product_uom_id": dozen.id, "product_id": self.goods.id},
        )
        bill = self.bill(order)
        bill.invoice_line_ids.write(
            {
                "product_uom_id": self.env.ref("uom.product_uom_unit").id,
                "quantity": 12,
                "price_unit": 10,
            }
        )
        self.assertEqual(bill.rcm_match_state, "matched")
        bill.invoice_line_ids.quantity = 13
        bill.invalidate_recordset()
        self.assertEqual(bill.rcm_match_state, "mismatch")

    def test_services_are_received_by_hand(self):
        order = self.confirmed(50, quantity=2, line={"product_id": self.service.id})
        bill = self.bill(order, received=0)
        self.assertEqual(bill.rcm_match_state, "mismatch")
        order.order_line.qty_received = 2
        bill.invalidate_recordset()
        self.assertEqual(bill.rcm_match_state, "matched")

    def test_payments_hear_what_stands_against_a_bill(self):
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order)
        bill.action_post()
        self.assertEqual(bill._rcm_payment_blockers(), {})
        order.order_line.qty_received = 1
        blockers = bill._rcm_payment_blockers()
        self.assertEqual(list(blockers), [bill.id])
        self.assertIn("received 1", blockers[bill.id][0])

    def test_no_payment_goes_out_for_a_bill_that_does_not_agree(self):
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order)
        bill.action_post()
        payment = self.payment(
            400, user=self.second_clerk, invoice_ids=[Command.set(bill.ids)]
        )
        order.order_line.qty_received = 1
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            payment.action_post()
        self.assertIn("received 1", str(caught.exception))
        self.assertEqual(payment.state, "draft")
        run = self.env["rcm.payment.run"].create(
            {
                "company_id": self.company.id,
                "journal_id": self.bank().id,
                "line_ids": [Command.create({"move_id": bill.id, "amount": 400})],
            }
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            run._rcm_check_ask()
        order.order_line.qty_received = 4
        run._rcm_check_ask()
        run.line_ids.unlink()
        payment.action_post()
        self.assertNotEqual(payment.state, "draft")

    def test_odoos_wizard_pays_no_bill_that_does_not_agree(self):
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order)
        bill.action_post()
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.second_clerk)
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": self.bank().id})
        )
        order.order_line.qty_received = 1
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            wizard.action_create_payments()
        self.assertIn("received 1", str(caught.exception))
        self.assertFalse(bill.matched_payment_ids)
        order.order_line.qty_received = 4
        wizard.action_create_payments()
        self.assertIn(bill.matched_payment_ids.state, ("in_process", "paid"))

    def test_who_does_not_pay_bills_accepts_no_difference(self):
        bill = self.bill(self.confirmed(100, quantity=4), price=101)
        for role in ("biller", "auditor"):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                bill.with_user(
                    self.person(role, groups=None)
                ).action_rcm_accept_difference()

    def test_payables_post_bills_without_accounting_rights(self):
        order = self.confirmed(100, quantity=4)
        order.order_line.qty_received = 4
        order.action_rcm_create_bill()
        bill = order.invoice_ids.with_user(self.buyer)
        bill.write({"invoice_date": "2026-05-05", "ref": "V-1"})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            bill.action_post()
        bill.action_rcm_post_bill()
        self.assertEqual(bill.state, "posted")
        self.assertFalse(self.buyer.has_group("account.group_account_invoice"))

    def test_payables_post_no_customer_invoice(self):
        invoice = self.move(10, kind="out_invoice")
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            invoice.with_user(self.buyer).action_rcm_post_bill()

    def test_a_large_bill_of_the_buyer_waits_for_its_approval_too(self):
        order = self.order(400, quantity=4)
        order.button_confirm()
        self.approve(order)
        order.order_line.qty_received = 4
        order.action_rcm_create_bill()
        bill = order.invoice_ids.with_user(self.buyer)
        bill.invoice_date = "2026-05-05"
        bill.action_rcm_post_bill()
        self.assertEqual(bill.state, "draft")
        self.approve(bill)
        self.assertEqual(bill.state, "posted")

    def test_the_table_says_line_by_line_what_differs(self):
        bill = self.bill(self.confirmed(100, quantity=4), received=3)
        table = str(bill.rcm_match_html)
        for text in ("Gloves", "table-danger", "received 3"):
            self.assertIn(text, table)
