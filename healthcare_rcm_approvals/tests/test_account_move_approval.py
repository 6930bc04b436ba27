"""Invoices, credit notes, bills and entries that pay, through the gate."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestMoveApproval(DocumentCase):
    def test_below_the_limit_is_posted_at_once_and_says_why(self):
        for kind in ("in_invoice", "in_receipt", "in_refund", "out_refund"):
            with self.subTest(kind=kind):
                move = self.move(999.99, kind)
                move.action_post()
                self.assertEqual(move.state, "posted")
                log = self.env["rcm.audit.log"].search(
                    [
                        ("model", "=", "account.move"),
                        ("res_id", "=", move.id),
                        ("event", "=", "approval.straight_through"),
                    ]
                )
                self.assertEqual(len(log), 1)

    def test_from_the_limit_on_the_button_asks_and_says_so(self):
        for kind in ("in_invoice", "in_receipt", "out_invoice", "out_refund"):
            with self.subTest(kind=kind):
                move = self.move(1000, kind)
                said = move.action_post()
                self.assertEqual(said["tag"], "display_notification")
                self.assertEqual(move.state, "draft")
                self.assertEqual(move.rcm_approval_state, "pending")
                request = self.requests(move)
                self.assertEqual((request.state, request.amount), ("pending", 1000))

    def test_the_last_approval_posts_in_the_name_of_who_asked(self):
        move = self.move(5000)
        move.action_post()
        self.approve(move)
        self.assertEqual(move.state, "posted")
        self.assertEqual(move._rcm_duties_done()["post"], {self.clerk.id})
        self.assertEqual(move._rcm_duties_done()["approve"], {self.approver.id})

    def test_pressed_twice_there_is_one_request_and_one_entry(self):
        move = self.move(5000)
        move.action_post()
        move.action_post()
        self.assertEqual(len(self.requests(move)), 1)
        self.approve(move)
        with self.assertRaises(UserError):
            move.action_post()
        self.assertEqual(move.state, "posted")

    def test_a_list_posts_what_it_may_and_asks_for_the_rest(self):
        small, large = self.move(10), self.move(5000)
        wizard = (
            self.env["validate.account.move"]
            .with_user(self.clerk)
            .create({"move_ids": [Command.set((small | large).ids)]})
        )
        wizard.validate_move()
        self.assertEqual((small.state, large.state), ("posted", "draft"))
        self.assertEqual(self.requests(large).state, "pending")

    def test_a_change_of_amount_line_partner_or_account_voids(self):
        other = self.partner("Other vendor")
        line = {"price_unit": 5000, "name": "More", "tax_ids": [Command.clear()]}
        changes = {
            "amount": lambda move: move.invoice_line_ids.write({"price_unit": 6000}),
            "line": lambda move: move.write(
                {"invoice_line_ids": [Command.create(line)]}
            ),
            "line gone": lambda move: move.write(
                {"invoice_line_ids": [Command.delete(move.invoice_line_ids.id)]}
            ),
            "partner": lambda move: move.write({"partner_id": other.id}),
            "account": lambda move: move.invoice_line_ids.write(
                {"account_id": self.account("expense_direct_cost").id}
            ),
        }
        for name, change in changes.items():
            with self.subTest(change=name):
                move = self.move(5000)
                move.action_post()
                request = self.requests(move)
                change(move)
                self.assertEqual(request.state, "voided")
                self.assertFalse(move.rcm_approval_state)

    def test_what_does_not_matter_voids_nothing(self):
        move = self.move(5000)
        move.action_post()
        move.write({"ref": "INV 17", "invoice_date_due": "2030-01-01"})
        self.assertEqual(self.requests(move).state, "pending")

    def test_another_currency_is_another_question(self):
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
        move = self.move(600, currency=euro)  # 1,200 in the company's currency
        move.action_post()
        self.assertEqual(self.requests(move).amount, 1200)
        move.write({"currency_id": self.company.currency_id.id})
        self.assertEqual(self.requests(move).state, "voided")
        move.action_post()
        self.assertEqual(move.state, "posted")

    def test_a_new_rate_that_lifts_it_over_the_limit_asks_again(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.set_policy("vendor_bill", 2000, keep=True)  # 1,000: the first; then this
        rate = self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": "2020-01-01",
                "rate": 0.5,
                "company_id": self.company.id,
            }
        )
        move = self.move(600, currency=euro)
        move.action_post()
        request = self.requests(move)
        rate.rate = 0.1
        move.invalidate_recordset()
        move.invoice_currency_rate = 0.1
        self.assertEqual(move._rcm_approval_facts("post")["facts"].amount, 6000)
        self.assertFalse(move._rcm_approval_ask("post"))
        self.assertEqual(request.state, "voided")
        self.assertEqual((self.requests(move) - request).amount, 6000)

    def test_refused_stays_a_draft_until_it_is_changed(self):
        move = self.move(5000)
        move.action_post()
        self.requests(move).with_user(self.approver)._rcm_decide_many("refused", "No")
        move.action_post()
        self.assertEqual(move.state, "draft")
        with self.assertRaisesRegex(UserError, "was refused"):
            move._post()
        move.invoice_line_ids.price_unit = 4000
        move.action_post()
        self.assertEqual(move.rcm_approval_state, "pending")

    def test_without_a_policy_nothing_is_posted_and_a_case_says_so(self):
        self.env["rcm.approval.policy"].search(
            [("document_type", "=", "vendor_bill")]
        ).active = False
        move = self.move(5)
        move.action_post()
        self.assertEqual(move.state, "draft")
        case = self.env["rcm.exception.case"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", move.id)]
        )
        self.assertEqual(case.type_code, "approval_stalled")

    def test_an_entry_by_hand_that_pays_is_a_payment(self):
        entry = self.entry_out(2000)
        with self.assertRaisesRegex(UserError, "approval is needed"):
            entry._post()
        entry.action_post()
        self.assertEqual(self.requests(entry).document_type, "payment")
        self.approve(entry)
        self.assertEqual(entry.state, "posted")
        small = self.entry_out(10)
        small.action_post()
        self.assertEqual(small.state, "posted")

    def entry_out(self, amount):
        journal = self.env["account.journal"].search(
            [
                ("type", "=", "general"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.company._rcm_journals().ids),
            ],
            limit=1,
        )
        return (
            self.env["account.move"]
            .with_user(self.clerk)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": self.bank().default_account_id.id,
                                "credit": amount,
                            }
                        ),
                        Command.create(
                            {"account_id": self.expense.id, "debit": amount}
                        ),
                    ],
                }
            )
        )

    def test_a_posted_document_stays_what_was_approved(self):
        move = self.move(5000)
        move.action_post()
        self.approve(move)
        for values in ({"price_unit": 9000}, {"balance": 9000}, {"quantity": 2}):
            with self.subTest(values=values), self.assertRaises(UserError):
                move.invoice_line_ids.write(values)
        with self.assertRaises(UserError):
            move.write({"partner_id": self.partner("Other").id})
        move.button_draft()
        move.invoice_line_ids.price_unit = 6000
        move.action_post()
        self.assertEqual((move.state, move.rcm_approval_state), ("draft", "pending"))

    def test_who_made_or_changed_it_does_not_approve_it(self):
        move = self.move(5000)
        approver = self.person("approver")
        move.with_user(approver).invoice_line_ids.price_unit = 5500
        move.with_user(self.second_clerk).invoice_line_ids.price_unit = 5600
        move.action_post()
        self.assertIn(approver.id, move._rcm_duties_done()["create"])
        with self.assertRaises(UserError):
            self.requests(move).with_user(approver).action_approve()
        self.approve(move)
        self.assertEqual(move.state, "posted")

    def test_a_role_without_accounting_cannot_post(self):
        plain = self.person("biller", groups=None)
        move = self.move(10)
        with self.assertRaises(AccessError):
            move.with_user(plain).action_post()
        self.assertEqual(move.state, "draft")

    def test_another_companys_approver_cannot_open_the_request(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.person("approver", company=other)
        move = self.move(5000)
        move.action_post()
        with self.assertRaises(UserError):
            self.requests(move).with_user(stranger).action_approve()
        self.assertEqual(move.state, "draft")

    def test_deleting_the_draft_voids_its_request(self):
        move = self.move(5000)
        move.action_post()
        request = self.requests(move)
        move.unlink()
        self.assertEqual(request.state, "voided")

    def test_the_scheduled_posting_asks(self):
        move = self.move(5000, auto_post="at_date")
        with self.enter_registry_test_mode():
            self.env.ref(
                "account.ir_cron_auto_post_draft_entry"
            ).method_direct_trigger()
        self.assertEqual(move.state, "draft")
        self.assertEqual(move.rcm_approval_state, "pending")
