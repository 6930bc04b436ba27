from decimal import Decimal as D

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core.ticket import Ticket
from . import builders
from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestEntryGuards(LedgerCase):
    """Entries of the revenue cycle cannot be made, changed or removed around it.

    Every attack is tried with all rights, and as an accountant with every accounting
    group: neither helps.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = builders.invoiced_claim(cls.env)
        cls.move = cls.claim.invoice_id
        cls.accountant = new_test_user(
            cls.env,
            "guard_accountant",
            groups="account.group_account_manager,account.group_account_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def attackers(self):
        """The invoice as seen by the system and by an accountant, with bad contexts."""
        contexts = (
            {},
            {"skip_readonly_check": True, "check_move_validity": False},
            {"skip_invoice_sync": True, "force_delete": True},
            {"rcm_ticket": True},
            {"rcm_ticket": {"_model": "account.move", "_ids": None}},
        )
        for name, env in (
            ("system", self.env),
            ("accountant", self.env(user=self.accountant)),
        ):
            for context in contexts:
                yield name, context, self.move.with_env(env).with_context(**context)

    def refused(self, attack):
        """Assert that ``attack`` raises for each attacker and changes nothing."""
        before = self.trial_balance()
        for name, context, move in self.attackers():
            with self.subTest(who=name, context=context):
                self.assertTrue(self.raises(attack, move), "it went through")
        self.assertEqual(self.trial_balance(), before)
        self.assertEqual(self.move.state, "posted")

    def raises(self, attack, move):
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                attack(move)
                move.env.flush_all()
        except (UserError, AccessError, IntegrityError):
            self.env.invalidate_all()
            return True
        return False

    def test_state_and_identity(self):
        other = (
            self.env["account.journal"].search(
                [("type", "=", "sale"), ("company_id", "=", self.company.id)]
            )
            - self.company._rcm_journals()
        )
        for vals in (
            {"state": "draft"},
            {"state": "cancel"},
            {"name": "RCMC/2026/00099"},
            {"journal_id": other[:1].id},
            {"partner_id": self.claim.guarantor_id.id},
            {"date": "2026-01-01"},
            {"rcm_kind": False},
            {"rcm_kind": "remittance"},
            {"rcm_claim_id": False},
            {"rcm_correlation_id": "x"},
            {"auto_post": "monthly"},
        ):
            with self.subTest(vals=vals):
                self.refused(lambda move, vals=vals: move.write(vals))

    def test_buttons(self):
        self.refused(lambda move: move.button_draft())
        self.refused(lambda move: move.button_cancel())
        self.refused(lambda move: move.unlink())

    def test_reversal_by_accounting(self):
        self.refused(lambda move: move._reverse_moves(cancel=True))
        self.refused(lambda move: move._reverse_moves())

    def test_lines(self):
        for vals in (
            {"balance": 1.0},
            {"debit": 5.0, "credit": 0.0},
            {"account_id": self.company._rcm_account("bad_debt").id},
            {"partner_id": self.claim.guarantor_id.id},
            {"name": "E119"},
            {"move_id": False},
            {"rcm_claim_id": False},
            {"rcm_purpose": "charity"},
        ):
            with self.subTest(vals=vals):
                self.refused(lambda move, vals=vals: move.line_ids[0].write(vals))
        self.refused(lambda move: move.line_ids[0].unlink())
        self.refused(
            lambda move: move.env["account.move.line"].create(
                {
                    "move_id": move.id,
                    "account_id": self.company._rcm_account("charity").id,
                    "balance": 0,
                }
            )
        )
        self.refused(
            lambda move: move.write(
                {"line_ids": [Command.update(move.line_ids[0].id, {"balance": 7})]}
            )
        )

    def test_due_date_and_analytics_stay_open_to_accounting(self):
        move = self.move.with_user(self.accountant)
        line = move.line_ids.filtered(lambda item: item.display_type == "payment_term")
        line.date_maturity = "2026-12-31"
        self.assertEqual(str(line.date_maturity), "2026-12-31")

    def test_own_entries_in_our_journals(self):
        """Nobody makes entries in our journals, or marks others as ours."""
        account = self.company._rcm_account("gateway")
        lines = [
            Command.create({"account_id": account.id, "balance": 5.0}),
            Command.create({"account_id": account.id, "balance": -5.0}),
        ]

        def create(move, **values):
            return move.env["account.move"].create(
                {"move_type": "entry", "line_ids": lines, **values}
            )

        for kind in ("remittance", "adjustment"):
            journal = self.company._rcm_journal(kind)
            self.refused(lambda move, j=journal: create(move, journal_id=j.id))
        self.refused(lambda move: create(move, rcm_kind="local_entry"))
        self.refused(lambda move: create(move, rcm_claim_id=self.claim.id))
        marked = [
            Command.create(
                {
                    "account_id": account.id,
                    "balance": 5.0,
                    "rcm_claim_id": self.claim.id,
                }
            ),
            Command.create({"account_id": account.id, "balance": -5.0}),
        ]
        self.refused(lambda move: create(move, line_ids=marked))

        def move_into(move):
            created = create(move)
            created.write({"journal_id": self.company._rcm_journal("adjustment").id})

        self.refused(move_into)

    def test_defaults_mark_nothing(self):
        account = self.company._rcm_account("gateway")
        move = (
            self.env["account.move"]
            .with_context(
                default_rcm_kind="remittance", default_rcm_claim_id=self.claim.id
            )
            .create(
                {
                    "move_type": "entry",
                    "line_ids": [
                        Command.create({"account_id": account.id, "balance": 5.0}),
                        Command.create({"account_id": account.id, "balance": -5.0}),
                    ],
                }
            )
        )
        self.assertFalse(move.rcm_kind)
        self.assertFalse(move.rcm_claim_id)

    def test_copy_is_not_ours(self):
        entry = self.claim._rcm_local_entry(
            "small_balance",
            {"small_balance_writeoff": D("1"), "receivable_payer": D("-1")},
            "Test",
        )
        with self.assertRaises(UserError):
            entry.copy()

    def test_ticket_opens_only_what_it_names(self):
        other = builders.invoiced_claim(self.env).invoice_id
        key = Ticket("account.move", other._ids, {"state"})
        with self.assertRaises(UserError):
            self.move.with_context(**{Ticket.KEY: key}).write({"state": "draft"})
        key = Ticket("account.move", self.move._ids, {"name"})
        with self.assertRaises(UserError):
            self.move.with_context(**{Ticket.KEY: key}).write({"state": "draft"})

    def test_ticket_does_not_travel_on(self):
        entry = self.claim._rcm_local_entry(
            "small_balance",
            {"small_balance_writeoff": D("1"), "receivable_payer": D("-1")},
            "Test",
        )
        for record in (entry, entry.line_ids, self.claim):
            self.assertNotIn(Ticket.KEY, record.env.context)

    def test_matches_are_not_written_over_the_wire(self):
        partial = self.env["account.partial.reconcile"]
        for name in ("create", "write"):
            with self.subTest(method=name), self.assertRaises(AccessError):
                get_public_method(partial, name)

    def test_sealed_remittance(self):
        """In the sealed journal the database itself refuses, whatever the context."""
        move = self.post_remittance(
            self.claim,
            {"clearing": D("400"), "reserve": D("600"), "receivable_payer": D("-1000")},
        )
        self.assertTrue(move.inalterable_hash)
        line = move.line_ids[0]
        for query in (
            "UPDATE account_move_line SET balance = balance + 1 WHERE id = %s",
            "UPDATE account_move_line SET account_id = account_id + 1 WHERE id = %s",
            "DELETE FROM account_move_line WHERE id = %s",
        ):
            with (
                self.subTest(query=query),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "sealed"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [line.id])
        company = self.company.with_user(self.accountant)
        results = company._check_hash_integrity()["results"]
        journal = self.company._rcm_journal("remittance")
        own = [row for row in results if journal.name in row["journal_name"]]
        self.assertEqual([row["status"] for row in own], ["verified"])


@tagged("post_install", "-at_install")
class TestBalanceCheck(LedgerCase):
    """The database does not commit a posted entry that is out of balance."""

    def check_now(self):
        """What a commit would check."""
        self.env.flush_all()
        self.env.cr.execute(
            "SET CONSTRAINTS rcm_move_balance IMMEDIATE;"
            "SET CONSTRAINTS rcm_move_balance DEFERRED"
        )

    def posted(self):
        return self.post_other({"bank": D("10"), "gateway": D("-10")})

    def assertOutOfBalance(self, query, *values):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "out of balance"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(query, values)
            self.check_now()

    def test_balanced_entries_pass(self):
        self.posted()
        builders.invoiced_claim(self.env)
        self.check_now()
        self.env.cr.execute("SELECT count(*) FROM rcm_move_balance_check")
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_changed_inserted_and_deleted_lines(self):
        move = self.posted()
        line = move.line_ids[0]
        self.assertOutOfBalance(
            "UPDATE account_move_line SET balance = balance + 0.01 WHERE id = %s",
            line.id,
        )
        self.assertOutOfBalance("DELETE FROM account_move_line WHERE id = %s", line.id)
        self.assertOutOfBalance(
            """INSERT INTO account_move_line
                    (move_id, account_id, company_id, currency_id, display_type,
                     parent_state, balance, debit, credit, amount_currency)
               SELECT move_id, account_id, company_id, currency_id, display_type,
                      parent_state, 0.01, 0.01, 0, 0.01
                 FROM account_move_line WHERE id = %s""",
            line.id,
        )

    def test_posting_out_of_balance(self):
        move = self.posted()
        self.env.cr.execute(
            "UPDATE account_move SET state = 'draft' WHERE id = %s", [move.id]
        )
        self.env.cr.execute(
            "UPDATE account_move_line SET balance = balance + 1 WHERE id = %s",
            [move.line_ids[0].id],
        )
        self.check_now()
        self.assertOutOfBalance(
            "UPDATE account_move SET state = 'posted' WHERE id = %s", move.id
        )

    def test_line_moved_to_another_entry(self):
        one, two = self.posted(), self.posted()
        self.assertOutOfBalance(
            "UPDATE account_move_line SET move_id = %s WHERE id = %s",
            two.id,
            one.line_ids[0].id,
        )

    def test_core_skipping_its_own_check_is_caught(self):
        move = self.posted()
        line = move.line_ids[0]
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            line.with_context(
                check_move_validity=False, skip_readonly_check=True
            ).write({"balance": line.balance + 5})
            self.check_now()

    def test_our_entry_out_of_balance_is_refused(self):
        claim = builders.invoiced_claim(self.env)
        with self.assertRaisesRegex(UserError, "out of balance by 0.01"):
            claim._rcm_local_entry(
                "small_balance",
                {"small_balance_writeoff": D("1.00"), "receivable_payer": D("-0.99")},
                "Test",
            )
