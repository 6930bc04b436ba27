from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestPurchaseOrderApproval(SpendingCase):
    def test_everyday_order_goes_straight_through_and_says_by_which_policy(self):
        order = self.order(900)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        row = self.env["rcm.audit.log"].search(
            [
                ("model", "=", "purchase.order"),
                ("res_id", "=", order.id),
                ("event", "=", "approval.straight_through"),
            ]
        )
        self.assertEqual(len(row), 1)

    def test_large_order_waits_and_is_confirmed_when_approved(self):
        order = self.order(1500)
        notice = order.button_confirm()
        self.assertEqual(notice["tag"], "display_notification")
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.rcm_approval_state, "pending")
        self.approve(order)
        self.assertEqual(order.state, "purchase")

    def test_asking_again_makes_no_second_request(self):
        order = self.order(1500)
        order.button_confirm()
        order.button_confirm()
        self.assertEqual(len(self.requests(order)), 1)

    def test_amount_is_judged_in_the_company_currency(self):
        order = self.order(600, currency_id=self.euro.id)  # 1,200 dollars
        order.button_confirm()
        self.assertEqual(order.state, "draft")
        self.assertAlmostEqual(self.requests(order).amount, 1200)

    def test_every_other_way_of_confirming_is_refused(self):
        for way in (
            lambda order: order.write({"state": "purchase"}),
            lambda order: order.button_approve(),
            lambda order: order.button_approve(force=True),
            lambda order: order.with_context(
                bypass_approval=True, skip_validation=True
            ).write({"state": "purchase"}),
            lambda order: order.sudo().write({"state": "purchase"}),
        ):
            order = self.order(1500)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                way(order)
            order.invalidate_recordset()
            self.assertEqual(order.state, "draft")

    def test_an_order_cannot_be_made_confirmed(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.order(1500, state="purchase")
        vals = {"partner_id": self.vendor.id, "company_id": self.company.id}
        line = {
            "product_id": self.goods.id,
            "product_qty": 1,
            "price_unit": 5000,
            "tax_ids": [Command.clear()],
        }
        model = self.env["purchase.order"].with_user(self.buyer)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            model.with_context(default_state="purchase").create(
                {**vals, "order_line": [Command.create(line)]}
            )

    def test_a_lower_total_handed_in_is_not_believed(self):
        order = self.order(1500, amount_total=1, amount_total_cc=1, currency_rate=1e9)
        order.write({"amount_total": 1, "currency_rate": 1e9})
        order.order_line.write({"price_subtotal": 1, "price_total": 1})
        self.assertEqual(order.amount_total, 1500)
        order.button_confirm()
        self.assertEqual(order.state, "draft")

    def test_a_change_voids_what_was_asked_for(self):
        order = self.order(1500)
        order.button_confirm()
        request = self.requests(order)
        order.order_line.price_unit = 2500
        self.assertEqual(request.state, "voided")
        with self.assertRaises(UserError):
            order.write({"state": "purchase"})

    def test_a_change_after_the_approval_voids_it(self):
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 100
        order = self.order(1500)
        order.button_confirm()
        self.approve(order)
        self.assertEqual(order.state, "to approve", "Odoo's own step is still to come")
        order.order_line.product_qty = 2
        manager = self.person(None, groups="purchase.group_purchase_manager")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.with_user(manager).button_approve()
        self.assertEqual(order.state, "to approve")

    def test_odoo_double_validation_comes_after_the_approval(self):
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 100
        order = self.order(1500)
        order.button_confirm()
        self.approve(order)
        manager = self.person(None, groups="purchase.group_purchase_manager")
        order.with_user(manager).button_approve()
        self.assertEqual(order.state, "purchase")

    def test_a_confirmed_order_may_shrink_but_not_grow(self):
        order = self.confirmed(100, quantity=9)
        order.order_line.product_qty = 8
        order.order_line.price_unit = 90
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.order_line.product_qty = 900
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.write(
                {
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.goods.id,
                                "product_qty": 1,
                                "price_unit": 5000,
                            }
                        )
                    ]
                }
            )
        order.invalidate_recordset()
        self.assertEqual(order.order_line.product_qty, 8)

    def test_the_buyer_does_not_approve_the_own_order(self):
        self.buyer.group_ids += self.env.ref("healthcare_rcm_base.group_approver")
        order = self.order(1500)
        order.button_confirm()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.approve(order, self.buyer)
        self.assertEqual(order.state, "draft")

    def test_who_does_not_buy_confirms_nothing(self):
        order = self.order(10)
        for role in ("biller", "approver", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                order.with_user(self.person(role, groups=None)).button_confirm()

    def test_another_companys_order_stays_out_of_sight(self):
        order = self.order(10)
        other = builders.company(self.env, "Other Clinic")
        buyer = self.person("payables", groups=None, company=other)
        with self.assertRaises(AccessError):
            order.with_user(buyer).button_confirm()
