import gc
import weakref

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.account_move_numbering import BatchMemo
from . import builders
from .ledger_common import LedgerCase

IMPLIED = (
    "journal_id",
    "company_id",
    "company_currency_id",
    "tax_line_id",
    "tax_group_id",
    "debit",
    "credit",
    "is_storno",
)


@tagged("post_install", "-at_install")
class TestAccountMoveBatch(LedgerCase):
    """What a batch of entries is not asked twice comes out as Odoo would say it."""

    def entry(self, amount, account=None):
        """Values of an entry of the revenue cycle over ``amount``."""
        accounts = self.company._rcm_accounts()
        debit = account or accounts["patient_unbilled"]

        def item(of, balance):
            return Command.create(
                {
                    "name": "Entry",
                    "account_id": of.id,
                    "partner_id": False,
                    "currency_id": self.company.currency_id.id,
                    "balance": balance,
                    "amount_currency": balance,
                    "tax_ids": [Command.clear()],
                    "quantity": 1.0,
                    "product_uom_id": False,
                    "sequence": 100,
                    "price_unit": 0.0,
                    "display_type": "product",
                }
            )

        return {
            "move_type": "entry",
            "rcm_kind": "local_entry",
            "journal_id": self.company._rcm_journal("claims").id,
            "company_id": self.company.id,
            "date": "2026-03-02",
            "line_ids": [
                item(debit, amount),
                item(accounts["revenue"], -amount),
            ],
        }

    def values(self, move):
        return [
            {name: line[name] for name in IMPLIED}
            for line in move.line_ids.sorted("balance")
        ]

    def test_implied_values_are_those_that_odoo_finds(self):
        quick = self.env["account.move"]._rcm_post_entries([self.entry(12.35)])
        vals = self.entry(12.35)
        vals["rcm_kind"] = False
        vals["journal_id"] = (
            self.env["account.journal"]
            .search(
                [("type", "=", "general"), ("company_id", "=", self.company.id)],
                limit=1,
            )
            .id
        )
        usual = self.env["account.move"].create(vals)
        usual._post()

        expected = self.values(usual)
        for row in expected:
            row["journal_id"] = self.company._rcm_journal("claims")
        self.assertEqual(self.values(quick), expected)

    def test_incomplete_item_is_left_to_odoo(self):
        vals = self.entry(5.0)
        for _create, _id, item in vals["line_ids"]:
            del item["sequence"]

        move = self.env["account.move"]._rcm_post_entries([vals])

        self.assertEqual(sorted(move.line_ids.mapped("debit")), [0.0, 5.0])
        self.assertEqual(set(move.line_ids.mapped("sequence")), {100})

    def test_account_of_another_company_is_found_among_many(self):
        other = builders.company(self.env, "Other Clinic")
        foreign = other._rcm_accounts()["patient_unbilled"]
        entries = [self.entry(float(number)) for number in range(1, 6)]
        entries[3] = self.entry(4.0, account=foreign.with_env(self.env))

        with self.assertRaisesRegex(UserError, "another company|compan"):
            self.env["account.move"]._rcm_post_entries(entries)

    def test_client_cannot_send_a_memo(self):
        lines = self.env["account.move.line"].with_context(
            **{BatchMemo.KEY: {"account.analytic.account": ()}}
        )
        self.assertIsNone(BatchMemo.found_in(lines.env.context))

    def test_environment_of_single_fields_is_kept(self):
        once = self.company.with_context(prefetch_fields=False)
        again = self.company.with_context(prefetch_fields=False)

        self.assertIs(once.env, again.env)
        self.assertFalse(once.env.context["prefetch_fields"])
        self.assertNotIn("prefetch_fields", self.company.env.context)
        self.assertEqual(
            once.env.context, {**self.company.env.context, "prefetch_fields": False}
        )
        root = self.company.sudo().with_user(self.env.ref("base.user_root"))
        self.assertEqual(
            root.with_context(prefetch_fields=False).env.user, root.env.user
        )

    def test_environment_of_single_fields_goes_with_its_transaction(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            alone = env["res.company"].with_context(prefetch_fields=False).env
            kept = weakref.ref(env), weakref.ref(alone)
        del env, alone, cr
        gc.collect()
        self.assertEqual([one() for one in kept], [None, None])
