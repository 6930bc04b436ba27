"""What an invoicing user can do to stock Odoo, tried on entries of the suite.

Every attempt goes over HTTP, with the contexts that open the door in stock Odoo and
with every context key that any code reads.
"""

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import submap

from . import builders
from .ledger_common import LedgerCase
from .wire_common import WireCase, context_keys

PASSWORD = "stock-doors-1"
# What opens these doors in stock Odoo.
OPENERS = (
    {},
    {"check_move_validity": False, "skip_readonly_check": True},
    {"skip_invoice_sync": True, "force_delete": True, "tracking_disable": True},
    {"rcm_ticket": True, "default_state": "posted", "bypass_audit": True},
    {"rcm_ticket": {"_model": "account.move", "_ids": None, "_fields": ["state"]}},
)
# Contexts in which a call means something else altogether.
VALUES = {"lang": "en_US", "tz": "UTC", "active_test": False, "uid": 1}


@tagged("post_install", "-at_install")
class TestStockDoors(LedgerCase, WireCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = builders.invoiced_claim(cls.env)
        cls.invoice = cls.claim.invoice_id
        cls.debt = cls.invoice.line_ids.filtered(
            lambda line: line.rcm_purpose == "receivable_payer"
        )
        paid = builders.invoiced_claim(cls.env)
        cls.remittance = cls.post_remittance(
            cls,
            paid,
            {"clearing": 400, "reserve": 600, "receivable_payer": -1000},
        )
        cls.match = cls.remittance.line_ids.matched_debit_ids
        cls.match |= cls.remittance.line_ids.matched_credit_ids
        cls.user = new_test_user(
            cls.env,
            "stock_doors",
            groups="account.group_account_invoice",
            password=PASSWORD,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.manager = new_test_user(
            cls.env,
            "stock_doors_manager",
            groups="account.group_account_manager,base.group_system",
            password=PASSWORD,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.messages = cls.invoice.message_post(body="Said once.")
        cls.other = cls.env["account.journal"].search(
            [
                ("type", "=", "general"),
                ("company_id", "=", cls.company.id),
                ("id", "not in", cls.company._rcm_journals().ids),
            ],
            limit=1,
        )
        cls.payment = cls._open_payment()
        cls.env.flush_all()

    @classmethod
    def _open_payment(cls):
        """Money an accountant took from the payer outside of any remittance."""
        payment = cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": cls.debt.partner_id.id,
                "amount": 400,
                "destination_account_id": cls.debt.account_id.id,
            }
        )
        payment.action_post()
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_id == cls.debt.account_id
        )

    # -- the attempts --------------------------------------------------------------

    def attempts(self):
        """(name, model, method, arguments) of each; none may change anything."""
        move, line, ids = "account.move", "account.move.line", self.invoice.ids
        other = builders.money("-1")
        writes = {
            "payment_state": "paid",
            "amount_residual": 0,
            "amount_residual_signed": 0,
            "amount_total": 1,
            "state": "draft",
            "name": "RCMC/1",
            "posted_before": False,
            "rcm_kind": False,
            "inalterable_hash": "x",
            "line_ids": [[1, self.debt.id, {"balance": 1}]],
            "invoice_line_ids": [[2, self.invoice.invoice_line_ids[:1].id, 0]],
        }
        for name, value in writes.items():
            yield f"write {name}", move, "write", (ids, {name: value})
        for name, value in {
            "balance": other,
            "debit": 1,
            "amount_residual": 0,
            "amount_residual_currency": 0,
            "reconciled": True,
            "price_unit": 1,
            "matching_number": "I1",
            "full_reconcile_id": False if self.debt.full_reconcile_id else 1,
            "account_id": self.other.default_account_id.id or 1,
            "parent_state": "draft",
            "rcm_purpose": False,
        }.items():
            yield f"write item {name}", line, "write", (self.debt.ids, {name: value})
        yield "web_save", move, "web_save", (ids, {"state": "draft"}, {})
        yield "load", move, "load", ([".id", "state"], [[str(ids[0]), "draft"]])
        yield "unlink", move, "unlink", (ids,)
        yield "unlink item", line, "unlink", (self.debt.ids,)
        yield "draft", move, "button_draft", (ids,)
        yield "cancel", move, "button_cancel", (ids,)
        yield "chatter", "mail.message", "unlink", (self.messages.ids,)
        yield "reword", "mail.message", "write", (self.messages.ids, {"body": "No."})
        items = (self.debt | self.payment).ids
        yield "reconcile", line, "reconcile", (items,)
        settled = self.remittance.line_ids.ids
        yield "unreconcile", line, "remove_move_reconcile", (settled,)
        yield "assign", move, "js_assign_outstanding_line", (ids, self.payment.id)
        for match in self.match:
            undo = "js_remove_outstanding_partial"
            yield "unassign", move, undo, (self.remittance.ids, match.id)
            yield "unmatch", "account.partial.reconcile", "unlink", (match.ids,)
        for journal in self.company._rcm_journals():
            yield f"entry in {journal.code}", move, "create", (self.entry(journal),)

    def entry(self, journal, balance=500.0):
        """Values of an entry out of balance."""
        return {
            "move_type": "entry",
            "state": "posted",
            "journal_id": journal.id,
            "line_ids": [
                Command.create({"account_id": account.id, "balance": amount})
                for account, amount in (
                    (self.company._rcm_account("gateway"), balance),
                    (self.company._rcm_account("clearing"), 0.0),
                )
            ],
        }

    def state(self):
        """Everything the attempts are after."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT 'entry', id, state, payment_state, amount_residual, amount_total,
                   name, rcm_kind, inalterable_hash
              FROM account_move WHERE rcm_kind IS NOT NULL AND company_id = %(company)s
             UNION ALL
            SELECT 'item', id, parent_state, matching_number, amount_residual, balance,
                   rcm_purpose, reconciled::text, account_id::text
              FROM account_move_line
             WHERE rcm_purpose IS NOT NULL AND company_id = %(company)s
             UNION ALL
            SELECT 'match', p.id, NULL, NULL, p.amount, 0, NULL, NULL, NULL
              FROM account_partial_reconcile p
             WHERE p.company_id = %(company)s
             UNION ALL
            SELECT 'said', m.id, NULL, NULL, 0, 0, m.body, NULL, NULL
              FROM mail_message m WHERE m.id = ANY(%(messages)s)
             UNION ALL
            SELECT 'journal', journal_id, NULL, NULL, COUNT(*), 0, NULL, NULL, NULL
              FROM account_move WHERE company_id = %(company)s
             GROUP BY journal_id
             ORDER BY 1, 2
            """,
            {"company": self.company.id, "messages": self.messages.ids},
        )
        return self.env.cr.fetchall()

    def refused(self, name, model, method, args, context):
        answer = self.call(model, method, *args, context=context)
        if method == "load":
            return not answer.get("result", {}).get("ids")
        return "error" in answer

    # -- the tests -----------------------------------------------------------------

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_every_attempt_is_refused(self):
        """As the invoicing user, and as one with every right Odoo has."""
        before = self.state()
        for login in ("stock_doors", "stock_doors_manager"):
            self.authenticate(login, PASSWORD)
            for number, attempt in enumerate(self.attempts()):
                for place, context in enumerate(OPENERS):
                    if place and (number + place) % 2 and login != "stock_doors":
                        continue  # half of the pairs are enough the second time
                    with self.subTest(attempt[0], who=login, context=context):
                        self.assertTrue(self.refused(*attempt, context))
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_every_context_key_set_and_unset(self):
        """Each key alone, over the wire, with attempts in turn."""
        keys = context_keys()
        self.assertGreater(len(keys), 300)
        self.authenticate("stock_doors", PASSWORD)
        before = self.state()
        attempts = list(self.attempts())
        number = 0
        for key in keys:
            for value in (VALUES.get(key, True), False):
                attempt = attempts[number % len(attempts)]
                number += 1
                with self.subTest(attempt[0], key=key, value=value):
                    self.assertTrue(self.refused(*attempt, {key: value}))
        everything = {key: VALUES.get(key, True) for key in keys}
        everything = submap(
            everything, set(keys) - {"allowed_company_ids", "force_company", "company"}
        )
        nothing = dict.fromkeys(everything, False)
        for attempt in attempts:
            for context in (everything, {**nothing, "lang": "en_US", "tz": "UTC"}):
                with self.subTest(attempt[0], keys=len(context)):
                    self.assertTrue(self.refused(*attempt, context))
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_nothing_out_of_balance_is_posted_anywhere(self):
        """In accounting's own journals too: the database refuses it at the end."""
        self.authenticate("stock_doors", PASSWORD)
        entries = self.env["account.move"].search_count([("state", "=", "posted")])
        for context in OPENERS:
            values = self.entry(self.other)
            values.pop("state")
            answer = self.call("account.move", "create", values, context=context)
            if "error" in answer:
                continue
            answer = self.call(
                "account.move", "action_post", [answer["result"]], context=context
            )
            self.assertIn("error", answer)
            self.assertIn("balance", str(answer["error"]["data"]["message"]))
        after = self.env["account.move"].search_count([("state", "=", "posted")])
        self.assertEqual(after, entries)

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_the_same_attempts_work_on_entries_of_others(self):
        """So it is the guards that refuse, and not a mistake in the attempt."""
        move = self.env["account.move"].create(
            {**self.entry(self.other, 0.0), "state": "draft"}
        )
        move._post()
        message = move.message_post(body="Said once.")
        self.env.flush_all()
        self.authenticate("stock_doors", PASSWORD)
        for model, method, args in (
            ("account.move", "write", (move.ids, {"amount_residual": 5})),
            ("account.move", "write", (move.ids, {"payment_state": "paid"})),
            ("account.move.line", "write", (move.line_ids.ids, {"reconciled": True})),
            ("mail.message", "unlink", (message.ids,)),
            ("account.move", "button_draft", (move.ids,)),
            ("account.move", "write", (move.ids, {"state": "posted"})),
        ):
            with self.subTest(method=method, args=args):
                self.assertNotIn("error", self.call(model, method, *args))

    @mute_logger("odoo.http")
    def test_payment_wizard_is_refused_on_claims(self):
        self.authenticate("stock_doors", PASSWORD)
        before = self.state()
        context = {"active_model": "account.move", "active_ids": self.invoice.ids}
        wizard = self.call("account.payment.register", "create", {}, context=context)
        self.assertIn("result", wizard)
        answer = self.call(
            "account.payment.register",
            "action_create_payments",
            [wizard["result"]],
            context=context,
        )
        self.assertIn("open items of claims", answer["error"]["data"]["message"])
        self.assertEqual(self.state(), before)

    def test_author_does_not_take_words_back(self):
        self.authenticate("stock_doors", PASSWORD)
        message = self.invoice.with_user(self.user).message_post(
            body="Mine.", message_type="comment"
        )
        self.env.flush_all()
        with mute_logger("odoo.http"):
            self.opener.post(
                f"{self.base_url()}/mail/message/update_content",
                json={
                    "jsonrpc": "2.0",
                    "method": "call",
                    "params": {
                        "message_id": message.id,
                        "update_data": {"body": "", "attachment_ids": []},
                    },
                },
                timeout=60,
            )
        message.invalidate_recordset()
        self.assertIn("Mine.", message.body)
