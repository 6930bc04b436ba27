import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestFund(SpendingCase):
    def fund(self, amount=1000, **vals):
        fund = self.env["rcm.fund"].create(
            {
                "number": f"G-{self.env['rcm.fund'].search_count([])}",
                "name": "Nursing grant",
                "company_id": self.company.id,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
                "amount": amount,
                **vals,
            }
        )
        fund.with_user(self.manager).action_open()
        return fund

    def on(self, fund, price, **vals):
        return self.order(price, line={"rcm_fund_id": fund.id}, **vals)

    def refused(self, order, text):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            order.button_confirm()
        self.assertIn(text, str(caught.exception))
        self.assertEqual(order.state, "draft")

    def test_money_of_a_fund_is_committed_spent_and_given_back(self):
        fund = self.fund()
        order = self.on(fund, 300)
        order.button_confirm()
        self.assertEqual((fund.committed, fund.available), (300, 700))
        bill = self.bill(order)
        self.assertEqual(bill.invoice_line_ids.rcm_fund_id, fund)
        bill.action_post()
        fund.invalidate_recordset()
        self.assertEqual((fund.committed, fund.spent, fund.available), (0, 300, 700))
        bill._reverse_moves([{"invoice_date": bill.invoice_date}]).action_post()
        fund.invalidate_recordset()
        self.assertEqual(fund.available, 1000)

    def test_a_credit_note_keeps_the_fund_of_its_bill(self):
        fund = self.fund()
        bill = self.bill(self.confirmed(300, line={"rcm_fund_id": fund.id}))
        bill.action_post()
        credit = bill._reverse_moves([{"invoice_date": bill.invoice_date}])
        self.assertEqual(credit.invoice_line_ids.rcm_fund_id, fund)

    def test_more_than_is_left_is_refused(self):
        fund = self.fund(500)
        self.on(fund, 300).button_confirm()
        self.refused(self.on(fund, 201), "1.00 more than is left")
        self.on(fund, 200).button_confirm()

    def test_conditions_say_what_to_do(self):
        other = self.env["product.category"].create({"name": "Devices"})
        vendor = self.partner("Allowed")
        cases = [
            ({"category_ids": [Command.set(other.ids)]}, "product category"),
            ({"vendor_ids": [Command.set(vendor.ids)]}, "allowed vendor"),
            ({"date_to": "2020-12-31"}, "outside its term"),
            ({"analytic_account_id": self.lab.id}, "Charge the line to its account"),
        ]
        for vals, text in cases:
            with self.subTest(text):
                self.refused(self.on(self.fund(**vals), 10), text)

    def test_a_category_below_an_allowed_one_is_allowed(self):
        parent = self.env["product.category"].create({"name": "Supplies"})
        self.goods.categ_id = self.env["product.category"].create(
            {"name": "Gloves", "parent_id": parent.id}
        )
        fund = self.fund(category_ids=[Command.set(parent.ids)])
        self.on(fund, 10).button_confirm()

    def test_required_documents_have_to_be_attached(self):
        fund = self.fund(
            requirement_ids=[
                Command.create({"name": "Three quotes", "amount_from": 100})
            ]
        )
        self.on(fund, 99).button_confirm()
        order = self.on(fund, 100)
        self.refused(order, "“Three quotes” is missing")
        evidence = {
            "requirement_id": fund.requirement_ids.id,
            "file": base64.b64encode(b"quote"),
            "file_name": "quotes.pdf",
        }
        order.rcm_evidence_ids = [Command.create(evidence)]
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.rcm_evidence_ids.unlink()
        bill = self.bill(order)
        bill.action_post()
        self.assertEqual(bill.state, "posted", "the order's documents count")
        self.assertEqual(bill._rcm_payment_blockers(), {})

    def test_a_bill_on_a_fund_without_an_order_is_checked_too(self):
        fund = self.fund(100)
        bill = self.move(150)
        bill.invoice_line_ids.rcm_fund_id = fund
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bill.action_post()

    def test_a_closed_fund_bears_nothing(self):
        fund = self.fund()
        order = self.on(fund, 10)
        fund.with_user(self.manager).action_close()
        self.refused(order, "not open")

    def test_only_the_finance_manager_keeps_funds(self):
        fund = self.fund()
        for user in (self.buyer, self.approver):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                fund.with_user(user).action_close()
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                fund.with_user(user).write({"amount": 1})


@tagged("post_install", "-at_install")
class TestOutsourcedContract(SpendingCase):
    def contract(self, **vals):
        contract = self.env["rcm.outsourced.contract"].create(
            {
                "name": f"C-{self.env['rcm.outsourced.contract'].search_count([])}",
                "company_id": self.company.id,
                "partner_id": self.vendor.id,
                "product_id": self.service.id,
                "contract_currency_id": self.company.currency_id.id,
                "rate": 50,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
                "owner_id": self.manager.id,
                **vals,
            }
        )
        contract.with_user(self.manager).action_open()
        return contract

    def ordered(self, price=50, quantity=1, **vals):
        return self.order(price, quantity, line={"product_id": self.service.id}, **vals)

    def refused(self, order, text):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            order.button_confirm()
        self.assertIn(text, str(caught.exception))

    def test_quantities_are_in_the_contracts_unit(self):
        """A service kept in units, contracted by the dozen: 12 units are one."""
        dozen = self.env.ref("uom.product_uom_dozen")
        contract = self.contract(uom_id=dozen.id, rate=600, ceiling_quantity=5)
        self.ordered(quantity=12).button_confirm()
        contract.invalidate_recordset()
        self.assertEqual((contract.used_quantity, contract.left_quantity), (1, 4))

    def test_the_contract_is_found_by_vendor_and_service(self):
        contract = self.contract(ceiling_amount=1000, ceiling_quantity=20)
        order = self.ordered(quantity=3)
        self.assertEqual(order.order_line.rcm_outsourced_id, contract)
        order.button_confirm()
        self.assertEqual((contract.used_amount, contract.left_amount), (150, 850))
        self.assertEqual((contract.used_quantity, contract.left_quantity), (3, 17))
        self.bill(order).action_post()
        contract.invalidate_recordset()
        self.assertEqual((contract.used_amount, contract.used_quantity), (150, 3))

    def test_taking_the_line_off_the_contract_does_not_help(self):
        self.contract(ceiling_quantity=1)
        order = self.ordered(quantity=2)
        order.order_line.rcm_outsourced_id = False
        self.refused(order, "covers this service")

    def test_rate_term_and_ceilings(self):
        contract = self.contract(ceiling_amount=200, ceiling_quantity=4)
        self.refused(self.ordered(price=51), "above the agreed rate")
        self.refused(self.ordered(quantity=5), "more than its ceiling")
        self.ordered(quantity=4).button_confirm()
        self.refused(self.ordered(price=1), "more than its ceiling")
        contract.with_user(self.manager).action_close()
        self.ordered(quantity=9).button_confirm()

    def test_a_rate_in_another_currency_is_converted(self):
        self.contract(contract_currency_id=self.euro.id, rate=50)
        self.ordered(price=100).button_confirm()
        self.refused(self.ordered(price=101), "above the agreed rate")

    def test_two_running_contracts_for_one_service_are_refused(self):
        self.contract()
        with self.assertRaises(UserError):
            self.contract()

    def test_the_owner_is_reminded_once_for_each_end(self):
        contract = self.contract(date_to="2026-01-31", notice_days=30)
        model = self.env["rcm.outsourced.contract"]
        model._cron_remind()
        model._cron_remind()
        self.assertEqual(len(contract.activity_ids), 1)
        self.assertEqual(contract.activity_ids.user_id, self.manager)
        contract.with_user(self.manager).date_to = "2026-02-28"
        model._cron_remind()
        self.assertEqual(len(contract.activity_ids), 2)

    def test_a_contract_that_does_not_end_soon_is_left_alone(self):
        contract = self.contract()
        self.env["rcm.outsourced.contract"]._cron_remind()
        self.assertFalse(contract.activity_ids)

    def test_the_buyer_drafts_and_the_finance_manager_starts(self):
        contract = (
            self.env["rcm.outsourced.contract"]
            .with_user(self.buyer)
            .create(
                {
                    "name": "By the buyer",
                    "partner_id": self.vendor.id,
                    "product_id": self.service.id,
                    "rate": 10,
                    "date_from": "2026-01-01",
                    "date_to": "2026-12-31",
                }
            )
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            contract.action_open()
        contract.with_user(self.manager).action_open()
        with self.assertRaises(AccessError):
            contract.rate = 99
