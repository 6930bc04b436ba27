"""The check of balances costs an item of a large entry what it costs one of a small."""

from decimal import Decimal
from time import perf_counter

from odoo.tests import tagged

from .ledger_common import LedgerCase

SMALL, LARGE = 50, 1500
# Linear work gives LARGE / SMALL = 30, a join of all with all 900.
TOO_STEEP = 200


@tagged("post_install", "-at_install")
class TestBalanceCheckGrowth(LedgerCase):
    """PostgreSQL keeps a trigger's plan for the session, made for its first rows."""

    def items(self, count):
        """Ids of ``count`` items of one entry, written past the ORM."""
        move = self.post_other({"bank": Decimal("10"), "gateway": Decimal("-10")})
        line = move.line_ids[0]
        self.env.cr.execute(
            """
            INSERT INTO account_move_line
                   (move_id, account_id, company_id, currency_id, display_type,
                    parent_state, balance, debit, credit, amount_currency)
            SELECT move_id, account_id, company_id, currency_id, display_type,
                   parent_state, 0, 0, 0, 0
              FROM account_move_line, generate_series(1, %s) WHERE id = %s
            RETURNING id
            """,
            [count, line.id],
        )
        return [id_ for [id_] in self.env.cr.fetchall()]

    def seconds(self, ids):
        """How long one statement that touches these items takes, at best of three."""
        found = []
        for _attempt in range(3):
            started = perf_counter()
            self.env.cr.execute(
                "UPDATE account_move_line SET matching_number = 'P' WHERE id = ANY(%s)",
                [ids],
            )
            found.append(perf_counter() - started)
        return min(found)

    def test_large_statement_after_a_small_one_is_not_quadratic(self):
        ids = self.items(LARGE)
        self.seconds(ids[:1])  # the session plans its checks for a single item
        small = self.seconds(ids[:SMALL])
        large = self.seconds(ids)
        self.assertLess(large / small, TOO_STEEP)

    def test_nothing_is_joined_in_the_notes(self):
        """Which join was cheapest for a session's first rows is chance: seconds for
        750 items were seen, only with few entries behind and none analysed."""
        self.env.cr.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'rcm_note_%'"
        )
        notes = dict(self.env.cr.fetchall())
        self.assertEqual(len(notes), 4)
        for name, source in notes.items():
            with self.subTest(function=name):
                self.assertNotIn("JOIN", source.upper())

    def test_item_moved_between_entries_is_seen(self):
        one = self.post_other({"bank": Decimal("10"), "gateway": Decimal("-10")})
        other = self.post_other({"bank": Decimal("10"), "gateway": Decimal("-10")})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET move_id = %s WHERE id = %s",
            [other.id, one.line_ids[0].id],
        )
        self.env.cr.execute("SELECT move_id FROM rcm_move_balance_check ORDER BY 1")
        noted = [id_ for [id_] in self.env.cr.fetchall()]
        self.assertEqual(noted, sorted((one.id, other.id)))
