"""Orders, bills and payments of Odoo on the threads of the audit log."""

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .documents_common import DocumentCase

STEP = "healthcare_rcm_approvals/migrations/19.0.1.4.0/post-threads.py"
WIDGET = "//field[@name='rcm_correlation_id'][@widget='rcm_timeline']"


class ThreadCase(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_policy("purchase_order", 10000)
        cls.product = cls.env["product.product"].create(
            {
                "name": "Laundry",
                "type": "service",
                "purchase_method": "purchase",
                "supplier_taxes_id": [Command.clear()],
                "property_account_expense_id": cls.expense.id,
            }
        )
        cls.payables = cls.person("payables", groups=None)
        cls.buyer = cls.person("payables", groups="purchase.group_purchase_user")

    def order(self, amount, user=None):
        return (
            self.env["purchase.order"]
            .with_user(user or self.buyer)
            .create(
                {
                    "partner_id": self.vendor.id,
                    "company_id": self.company.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_qty": 1,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )

    def bill_of(self, orders):
        """A draft bill of confirmed orders."""
        orders.order_line.qty_received = 1
        before = orders.invoice_ids
        orders.with_user(self.buyer).action_rcm_create_bill()
        bill = orders.sudo().invoice_ids - before.sudo()
        bill.invoice_date = "2026-01-15"
        return bill

    def rows(self, record, event=None):
        domain = [("model", "=", record._name), ("res_id", "=", record.id)]
        if event:
            domain.append(("event", "=", event))
        return self.env["rcm.audit.log"].search(domain, order="id")

    def changes(self, row):
        return row._rcm_bodies().get(row.id)

    def thread(self, record, user=None):
        """(model, what) of each row of the timeline, oldest first."""
        log = self.env["rcm.audit.log"].with_user(user or self.payables)
        log = log.with_context(allowed_company_ids=self.company.ids)
        return [
            (row["document"], row["title"], (row["state"] or {}).get("after"))
            for row in log.get_timeline(record.sudo().rcm_correlation_id)
        ]


@tagged("post_install", "-at_install")
class TestThreads(ThreadCase):
    def test_from_order_to_journal_entry_on_one_thread(self):
        order = self.order(12000)
        order.button_confirm()
        self.assertEqual(order.state, "draft")
        self.approve(order)
        self.assertEqual(order.state, "purchase")
        bill = self.bill_of(order)
        self.assertEqual(bill.rcm_correlation_id, order.rcm_correlation_id)
        bill.with_user(self.clerk).action_post()
        self.approve(bill)
        self.assertEqual(bill.state, "posted")
        run = (
            self.env["rcm.payment.run"]
            .with_user(self.payables)
            .create({"journal_id": self.bank().id, "company_id": self.company.id})
        )
        run.action_propose()
        run.action_request()
        self.approve(run)
        self.assertEqual(run.state, "done")
        payment = run.sudo().payment_ids
        self.assertEqual(payment.rcm_correlation_id, run.correlation_id)
        self.env.flush_all()
        titles = [title for _name, title, _state in self.thread(order)]
        self.assertEqual(
            [title for title in titles if not title.startswith("Approval Request:")],
            [
                "Purchase Order: created",
                "Approval Request",
                "Purchase Order: confirmed",
                "Journal Entry: created",
                "Approval Request",
                "Journal Entry: posted",
                "Payments: posted",
                "Journal Entry: posted",
            ],
        )
        documents = {name for name, _title, _state in self.thread(order)}
        self.assertIn(payment.move_id.name, documents)
        own = self.thread(payment)
        self.assertEqual(own[0], (run.name, "Payment Run: created", None))
        self.assertIn((payment.move_id.name, "Journal Entry: posted", None), own)

    def test_what_an_order_comes_to_is_logged_once(self):
        order = self.order(100)
        [made] = self.rows(order)
        self.assertEqual(made.event, "purchase.order.created")
        self.assertEqual(self.changes(made)["amount_total"], [None, 100.0])
        order.write(
            {
                "order_line": [
                    Command.update(order.order_line.id, {"price_unit": 120}),
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_qty": 2,
                            "price_unit": 10,
                            "tax_ids": [Command.clear()],
                        }
                    ),
                ]
            }
        )
        order.order_line[0].price_unit = 130
        order.order_line[1].unlink()
        changed = self.rows(order, "purchase.order.changed")
        self.assertEqual(
            [self.changes(row)["amount_total"] for row in changed],
            [[100.0, 140.0], [140.0, 150.0], [150.0, 130.0]],
        )
        order.order_line.name = "Laundry, blue"
        self.assertEqual(len(self.rows(order, "purchase.order.changed")), 3)

    def test_a_client_cannot_keep_a_change_out_of_the_log(self):
        order = self.order(100).with_context(rcm_amounts=True)
        order.order_line.price_unit = 777
        order.write(
            {"order_line": [Command.update(order.order_line.id, {"price_unit": 8})]}
        )
        self.assertEqual(
            [
                self.changes(row)["amount_total"]
                for row in self.rows(order, "purchase.order.changed")
            ],
            [[100.0, 777.0], [777.0, 8.0]],
        )

    def test_states_of_an_order(self):
        order = self.order(100)
        order.button_confirm()
        order.button_cancel()
        order.button_draft()
        found = [
            (row.event, self.changes(row)["state"])
            for row in self.rows(order)
            if "state" in (self.changes(row) or {})
        ]
        self.assertEqual(
            found,
            [
                ("purchase.order.confirmed", ["draft", "purchase"]),
                ("purchase.order.state_changed", ["purchase", "cancel"]),
                ("purchase.order.state_changed", ["cancel", "draft"]),
            ],
        )

    def test_states_of_a_bill(self):
        bill = self.move(100)
        self.assertTrue(bill.sudo().rcm_correlation_id)
        bill.action_post()
        bill.button_draft()
        bill.button_cancel()
        rows = self.rows(bill).filtered(lambda row: "approval." not in row.event)
        self.assertEqual(
            [(row.event, self.changes(row).get("state")) for row in rows],
            [
                ("account.move.created", None),
                ("account.move.posted", ["draft", "posted"]),
                ("account.move.state_changed", ["posted", "draft"]),
                ("account.move.state_changed", ["draft", "cancel"]),
            ],
        )
        self.assertEqual(self.changes(rows[1])["amount_total"], [None, 100.0])
        self.assertEqual(set(rows.mapped("correlation_id")), {bill.rcm_correlation_id})

    def test_states_of_a_payment(self):
        payment = self.payment(50)
        payment.action_post()
        self.env.flush_all()
        payment.action_draft()
        payment.action_cancel()
        events = self.rows(payment).mapped("event")
        self.assertEqual(
            [event for event in events if "approval." not in event][:2],
            ["account.payment.created", "account.payment.posted"],
        )
        states = [
            self.changes(row)["state"]
            for row in self.rows(payment, "account.payment.state_changed")
        ]
        self.assertEqual(states[-1], ["draft", "canceled"])
        self.assertEqual(states[-2][1], "draft")
        for earlier, later in zip(states, states[1:], strict=False):
            self.assertEqual(earlier[1], later[0])

    def test_paid_by_the_bank_is_a_state_nobody_writes(self):
        payment = self.payment(60).sudo()
        payment.action_post()
        self.assertEqual(payment.state, "in_process")
        account = payment.outstanding_account_id
        open_item = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )
        lines = [(account, -open_item.balance), (self.expense, open_item.balance)]
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create({"account_id": item.id, "balance": balance})
                    for item, balance in lines
                ],
            }
        )
        entry.action_post()
        (
            open_item | entry.line_ids.filtered(lambda i: i.account_id == account)
        ).reconcile()
        self.env.flush_all()
        self.assertEqual(payment.state, "paid")
        [row] = self.rows(payment, "account.payment.state_changed")
        self.assertEqual(self.changes(row)["state"], ["in_process", "paid"])
        self.assertEqual(row.correlation_id, payment.rcm_correlation_id)

    def test_money_that_comes_in_has_its_states_too(self):
        payment = self.payment(90, payment_type="inbound", partner_type="customer")
        payment.action_post()
        [first, *_rest] = self.rows(payment, "account.payment.state_changed")
        self.assertEqual(self.changes(first)["state"], ["draft", "in_process"])

    def test_a_bill_of_several_orders_is_on_all_their_threads(self):
        orders = self.order(100) | self.order(200)
        orders.button_confirm()
        bill = self.bill_of(orders)
        threads = set(orders.mapped("rcm_correlation_id"))
        self.assertEqual(len(threads), 2)
        self.assertNotIn(bill.rcm_correlation_id, threads)
        bill.with_user(self.clerk).action_post()
        posted = self.rows(bill, "account.move.posted")
        self.assertEqual(
            set(posted.mapped("correlation_id")), {bill.rcm_correlation_id, *threads}
        )
        self.assertEqual(len(posted), 3)
        payment = self.pay(bill)
        self.assertEqual(payment.rcm_correlation_id, bill.rcm_correlation_id)
        paid = self.rows(payment, "account.payment.posted")
        self.assertEqual(
            set(paid.mapped("correlation_id")), {bill.rcm_correlation_id, *threads}
        )

    def pay(self, bill):
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.second_clerk)
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": self.bank().id})
        )
        wizard.action_create_payments()
        return bill.sudo().matched_payment_ids

    def test_nobody_chooses_or_changes_a_thread(self):
        other = self.order(100)
        forged = self.env["purchase.order"].create(
            {
                "partner_id": self.vendor.id,
                "rcm_correlation_id": other.rcm_correlation_id,
            }
        )
        self.assertNotEqual(forged.rcm_correlation_id, other.rcm_correlation_id)
        payment = self.payment(10, rcm_correlation_id=other.rcm_correlation_id)
        self.assertNotEqual(payment.rcm_correlation_id, other.rcm_correlation_id)
        for record in (forged, payment):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.sudo().write({"rcm_correlation_id": "mine"})
        self.assertNotEqual(other.copy().rcm_correlation_id, other.rcm_correlation_id)

    def test_entries_by_hand_have_none(self):
        entry = self.env["account.move"].create({"move_type": "entry"})
        self.assertFalse(entry.rcm_correlation_id)
        self.assertFalse(self.rows(entry))

    def test_memos_stay_out_of_the_log(self):
        payment = self.payment(10, memo="Refund for Jane Roe")
        payment.memo = "Jane Roe, second half"
        bodies = str([self.changes(row) for row in self.rows(payment)])
        self.assertNotIn("Jane", bodies)

    def test_forms_show_the_timeline_to_who_reads_it(self):
        manager = self.person("finance_manager", groups=None)
        for model, reader in (
            ("purchase.order", self.buyer),
            ("purchase.order", manager),
            ("account.payment", self.payables),
            ("account.payment", manager),
            ("account.move", self.clerk),
        ):
            with self.subTest(model=model, reader=reader.login):
                view = self.env[model].with_user(reader).get_view(view_type="form")
                arch = etree.fromstring(view["arch"])
                self.assertTrue(arch.xpath(f"//page[@string='Timeline']{WIDGET}"))
        plain = self.person(None, groups="account.group_account_invoice")
        view = self.env["account.payment"].with_user(plain).get_view(view_type="form")
        self.assertFalse(etree.fromstring(view["arch"]).xpath(WIDGET))

    def test_who_watches_payments_opens_one(self):
        bill = self.move(80)
        bill.action_post()
        payment = self.pay(bill)
        self.env.flush_all()
        for role in ("payables", "finance_manager", "auditor", "administrator"):
            reader = self.person(role, groups=None)
            with self.subTest(role=role):
                self.env.invalidate_all()
                seen = payment.with_user(reader)
                view = seen.get_view(view_type="form")
                arch = etree.fromstring(view["arch"])
                names = {node.get("name") for node in arch.xpath("//field")}
                names &= set(payment._fields)
                self.assertIn("rcm_correlation_id", names)
                [row] = seen.web_read({name: {} for name in names})
                self.assertEqual(row["amount"], 80)

    def test_another_companys_payables_see_nothing_of_it(self):
        order = self.order(100)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.person("payables", groups=None, company=other)
        own = {"allowed_company_ids": other.ids}
        log = self.env["rcm.audit.log"].with_user(stranger).with_context(**own)
        self.assertEqual(log.get_timeline(order.rcm_correlation_id), [])


@tagged("post_install", "-at_install")
class TestThreadsOfBefore(ThreadCase):
    """Documents that were there before get the thread new ones begin with."""

    def setUp(self):
        super().setUp()
        self.asked = self.order(12000)
        self.asked.button_confirm()
        self.plain = self.order(100)
        self.plain.button_confirm()
        self.bill = self.bill_of(self.plain)
        self.lone = self.move(70)
        self.paid = self.payment(30)
        self.entry = self.env["account.move"].create({"move_type": "entry"})
        self.env.flush_all()
        for table in ("purchase_order", "account_payment", "account_move"):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET rcm_correlation_id = NULL WHERE id IN %s",
                    SQL.identifier(table),
                    tuple(self.documents()[table].ids),
                )
            )
        self.env.invalidate_all()

    def documents(self):
        return {
            "purchase_order": self.asked | self.plain,
            "account_payment": self.paid,
            "account_move": self.bill.sudo() | self.lone.sudo() | self.entry,
        }

    def migrate(self):
        migration_step(STEP).migrate(self.env.cr, "19.0.1.3.0")
        self.env.invalidate_all()

    def test_each_gets_its_own_or_that_of_what_belongs_to_it(self):
        request = self.env["rcm.approval.request"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", self.asked.id)]
        )
        self.migrate()
        self.assertEqual(self.asked.rcm_correlation_id, request.correlation_id)
        self.assertEqual(self.bill.rcm_correlation_id, self.plain.rcm_correlation_id)
        threads = {
            record.sudo().rcm_correlation_id
            for record in (self.asked, self.plain, self.lone, self.paid)
        }
        self.assertEqual(len(threads - {False}), 4)
        self.assertFalse(self.entry.rcm_correlation_id)
        before = self.plain.rcm_correlation_id
        self.migrate()
        self.assertEqual(self.plain.rcm_correlation_id, before)
