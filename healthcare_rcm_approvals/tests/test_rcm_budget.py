from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from ..policy.split import split
from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestBudget(SpendingCase):
    # ------------------------------------------------------------------
    # Committed, actual, available
    # ------------------------------------------------------------------
    def test_a_confirmed_order_commits_and_a_draft_does_not(self):
        line = self.budget(1000)
        order = self.order(300)
        self.assertEqual(self.figures(line), (0, 0, 1000))
        order.button_confirm()
        self.assertEqual(self.figures(line), (300, 0, 700))

    def test_billing_in_parts_turns_committed_into_actual(self):
        line = self.budget(1000)
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order, quantity=1)
        self.assertEqual(
            self.figures(line), (400, 0, 600), "a draft bill takes nothing"
        )
        bill.action_post()
        self.assertEqual(self.figures(line), (300, 100, 600))
        self.bill(order, quantity=3).action_post()
        self.assertEqual(self.figures(line), (0, 400, 600))

    def test_a_cheaper_bill_gives_the_rest_back(self):
        line = self.budget(1000)
        order = self.confirmed(100, quantity=4)
        self.bill(order, price=90).action_post()
        self.assertEqual(self.figures(line), (0, 360, 640))

    def test_cancelling_gives_back(self):
        line = self.budget(1000)
        order = self.confirmed(300)
        order.button_cancel()
        self.assertEqual(self.figures(line), (0, 0, 1000))

    def test_a_credit_note_gives_back_and_revives_no_order(self):
        line = self.budget(1000)
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order)
        bill.action_post()
        reverse = bill._reverse_moves([{"invoice_date": fields.Date.today()}])
        reverse.action_post()
        self.assertEqual(reverse.state, "posted")
        self.assertEqual(self.figures(line), (0, 0, 1000))

    def test_a_bill_reset_to_draft_commits_its_order_again(self):
        line = self.budget(1000)
        order = self.confirmed(100, quantity=4)
        bill = self.bill(order)
        bill.action_post()
        bill.button_draft()
        self.assertEqual(self.figures(line), (400, 0, 600))

    def test_amounts_are_in_company_currency_at_each_documents_rate(self):
        line = self.budget(1000)
        order = self.confirmed(100, currency_id=self.euro.id)
        self.assertEqual(self.figures(line), (200, 0, 800))
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.euro.id,
                "company_id": self.company.id,
                "name": fields.Date.today(),
                "rate": 0.4,
            }
        )
        self.bill(order).action_post()
        self.assertEqual(self.figures(line), (0, 250, 750))

    def test_percentages_are_shared_out_without_losing_a_cent(self):
        third = self.analytic("Third")
        accounts = sorted([self.ward, self.lab, third], key=lambda item: item.id)
        lines = [self.budget(1000, account) for account in accounts]
        spread = {
            str(accounts[0].id): 33.33,
            str(accounts[1].id): 33.33,
            str(accounts[2].id): 33.34,
        }
        self.confirmed(100.01, spread=spread)
        parts = split(
            Decimal("100.01"), [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
        )
        found = [self.figures(line)[0] for line in lines]
        self.assertEqual(found, [float(part) for part in parts])
        self.assertAlmostEqual(sum(found), 100.01, places=9)

    def test_each_plan_takes_the_whole_amount(self):
        project = self.analytic(
            "Project", self.env["account.analytic.plan"].create({"name": "Projects"})
        )
        ward, other = self.budget(1000), self.budget(1000, project)
        self.confirmed(
            100,
            spread={
                f"{self.ward.id},{project.id}": 50,
                f"{self.lab.id},{project.id}": 50,
            },
        )
        self.assertEqual(self.figures(ward)[0], 50)
        self.assertEqual(self.figures(other)[0], 100)

    def test_a_line_of_a_facility_counts_that_facility_only(self):
        facility = builders.facility(self.env, self.company)
        line = self.budget(1000, facility_id=facility.id)
        self.confirmed(100)
        self.assertEqual(self.figures(line)[0], 0)
        order = self.confirmed(70, rcm_facility_id=facility.id)
        self.assertEqual(self.figures(line)[0], 70)
        order.order_line.qty_received = 1
        order.action_rcm_create_bill()
        self.assertEqual(order.invoice_ids.rcm_spending_facility_id, facility)

    def test_many_lines_are_measured_in_one_query(self):
        lines = self.env["rcm.budget.line"]
        for number in range(20):
            lines += self.budget(100, self.analytic(f"Account {number}"))
        self.confirmed(50)
        self.env.flush_all()
        lines.mapped("currency_id.decimal_places")
        with self.assertQueryCount(1):
            self.env["rcm.spending"]._rcm_of_budgets(lines)

    def test_the_analysis_adds_up_to_the_figures_of_the_line(self):
        line = self.budget(1000)
        order = self.confirmed(100, quantity=4)
        self.bill(order, quantity=1).action_post()
        report = self.env["rcm.budget.report"].with_user(self.manager)
        sums = report._read_group(
            [("budget_line_id", "=", line.id)],
            [],
            ["budgeted:sum", "committed:sum", "spent:sum", "available:sum"],
        )[0]
        self.assertEqual(sums, (1000, 300, 100, 600))
        self.assertEqual(self.figures(line), (300, 100, 600))

    # ------------------------------------------------------------------
    # The check
    # ------------------------------------------------------------------
    def test_an_order_beyond_the_budget_is_refused_with_figures(self):
        line = self.budget(250)
        self.confirmed(200)
        order = self.order(51)
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            order.button_confirm()
        self.assertIn("1.00", str(caught.exception))
        self.assertIn("Ward", str(caught.exception))
        self.assertEqual(self.figures(line), (200, 0, 50))
        self.order(50).button_confirm()
        self.assertEqual(self.figures(line), (250, 0, 0))

    def test_nobody_is_asked_to_approve_what_the_budget_refuses(self):
        self.budget(250)
        order = self.order(1500)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.button_confirm()
        self.assertFalse(self.requests(order))

    def test_two_orders_at_once_are_measured_together(self):
        self.budget(250)
        orders = self.order(200) | self.order(200)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            orders.button_confirm()

    def test_a_bill_without_an_order_is_measured_too(self):
        self.budget(100)
        bill = self.move(150)
        bill.invoice_line_ids.analytic_distribution = {str(self.ward.id): 100}
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bill.action_post()
        self.assertEqual(bill.state, "draft")

    def test_a_bill_of_what_is_committed_needs_no_second_money(self):
        line = self.budget(400)
        self.bill(self.confirmed(100, quantity=4)).action_post()
        self.assertEqual(self.figures(line), (0, 400, 0))

    def test_an_excess_with_approval_waits_for_the_override(self):
        line = self.budget(100, on_excess="approval")
        order = self.order(150)
        order.button_confirm()
        self.assertEqual(order.state, "draft")
        request = self.requests(order)
        self.assertEqual(request.effect, "exceed_budget")
        self.assertEqual(request.amount, 50)
        self.approve(order)
        self.assertEqual(order.state, "purchase")
        self.assertEqual(self.figures(line), (150, 0, -50))

    def test_another_buyer_sees_what_an_excess_waits_for(self):
        self.budget(100, on_excess="approval")
        order = self.order(150)
        order.button_confirm()
        request = self.requests(order)
        self.assertEqual(request.document_type, "override")
        self.assertEqual(request.name, f"Exceed the budget with {order.name}")
        table = str(request.facts_table)
        for text in (self.ward.name, self.goods.name, "100 %", "Budgeted"):
            self.assertIn(text, table)
        colleague = self.person("payables", groups=None)
        self.assertTrue(request.with_user(colleague).name)
        self.assertTrue(request.step_ids.with_user(colleague).mapped("name"))
        self.assertTrue(request.log_ids.with_user(colleague).mapped("kind"))

    def test_an_approved_excess_that_grew_is_asked_for_again(self):
        self.budget(100, on_excess="approval")
        self.company.po_double_validation = "two_step"
        self.company.po_double_validation_amount = 110
        order = self.order(150)
        order.button_confirm()
        self.approve(order)
        self.assertEqual(order.state, "to approve")
        self.confirmed(60)
        manager = self.person(None, groups="purchase.group_purchase_manager")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.with_user(manager).button_approve()

    def test_a_warning_lets_it_through_and_is_kept(self):
        self.budget(100, on_excess="warn")
        order = self.confirmed(150)
        self.assertIn(
            "budget is not enough", " ".join(order.message_ids.mapped("body"))
        )
        rows = self.env["rcm.audit.log"].search_count(
            [("res_id", "=", order.id), ("event", "=", "budget.exceeded")]
        )
        self.assertEqual(rows, 1)

    def test_draft_and_closed_budgets_bind_nobody(self):
        line = self.budget(100)
        line.budget_id.with_user(self.manager).action_close()
        self.confirmed(500)

    def test_another_companys_budget_is_not_used(self):
        other = builders.company(self.env, "Other Clinic")
        shared = self.env["account.analytic.account"].create(
            {"name": "Shared", "plan_id": self.plan.id, "company_id": False}
        )
        line = self.budget(100, shared)
        self.confirmed(40, spread={str(shared.id): 100})
        foreign = self.env["purchase.order"].create(
            {
                "company_id": other.id,
                "partner_id": self.vendor.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.service.id,
                            "product_qty": 1,
                            "price_unit": 90,
                            "tax_ids": [Command.clear()],
                            "analytic_distribution": {str(shared.id): 100},
                        }
                    )
                ],
            }
        )
        foreign.button_confirm()
        self.assertEqual(foreign.state, "purchase")
        self.assertEqual(self.figures(line)[0], 40)

    # ------------------------------------------------------------------
    # Who keeps budgets, and revisions
    # ------------------------------------------------------------------


@tagged("post_install", "-at_install")
class TestBudgetRequired(SpendingCase):
    """Where the company wants it, what no budget covers is stopped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.rcm_budget_required = True

    def stopped(self, record, button="button_confirm"):
        with self.assertRaisesRegex(UserError, "no open budget covers it"):
            with self.env.cr.savepoint():
                getattr(record, button)()
        self.env.invalidate_all()

    def test_an_order_without_any_budget_is_stopped_before_anybody_is_asked(self):
        order = self.order(5000)
        self.stopped(order)
        self.assertFalse(self.requests(order))
        self.assertIn("no open budget covers it", order.rcm_spending_note)
        self.budget(10000)
        order.button_confirm()
        self.assertEqual(order.rcm_approval_state, "pending")

    def test_not_even_one_line_or_share_may_lack_it(self):
        self.budget(10000)
        self.stopped(self.order(100, spread={}))
        self.stopped(self.order(100, spread={str(self.lab.id): 100}))
        half = {str(self.ward.id): 50, str(self.lab.id): 50}
        self.stopped(self.order(100, spread=half))
        self.assertEqual(self.confirmed(100).state, "purchase")

    def test_a_draft_or_closed_budget_and_another_facilitys_cover_nothing(self):
        line = self.budget(10000)
        line.budget_id.with_user(self.manager).action_close()
        self.stopped(self.order(100))
        place = builders.facility(self.env)
        self.budget(10000, facility_id=place.id)
        self.stopped(self.order(100))
        self.confirmed(100, rcm_facility_id=place.id)

    def test_a_bill_is_stopped_too_and_a_credit_note_never(self):
        bill = self.move(100)
        self.stopped(bill, "action_post")
        with self.assertRaisesRegex(UserError, "no open budget"):
            bill.sudo()._post()
        credit = self.move(100, kind="in_refund")
        credit.action_post()
        self.assertEqual(credit.state, "posted")

    def test_other_companies_and_without_the_setting_nothing_is_stopped(self):
        self.company.rcm_budget_required = False
        self.confirmed(100)
        self.assertFalse(self.env["res.company"].new({}).rcm_budget_required)
