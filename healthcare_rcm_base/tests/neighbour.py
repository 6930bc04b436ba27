"""The second company of every test that touches money."""

from odoo import Command

from . import builders

# What a test in one company must leave alone in the other: {table: columns}.
KEPT = {
    "account_move": "name, state, amount_total, date",
    "account_move_line": "account_id, partner_id, balance, amount_residual, reconciled",
    "account_partial_reconcile": "debit_move_id, credit_move_id, amount",
    "rcm_encounter": "number, state",
    "rcm_charge": "code, amount, state",
    "rcm_claim": "name, state, total_charge, paid_amount, open_balance, invoice_state",
    "rcm_remittance": "state, amount, posted_total",
}


class Neighbour:
    """Mixed into cases that post: beside the test's company stands another one.

    It has documents of its own, and whatever a test does, not an entry, an amount or
    a state of it moves.
    """

    neighbour = None

    @classmethod
    def make_invoiced_neighbour(cls):
        """A company with books and an invoiced claim; nobody of the test is in it."""
        company = builders.company(cls.env, "Neighbour Clinic")
        context = {**cls.env.context, "allowed_company_ids": company.ids}
        builders.invoiced_claim(cls.env(context=context))
        cls.env.user.company_ids = [Command.unlink(company.id)]
        return company

    def setUp(self):
        super().setUp()
        if self.neighbour:
            before = self.neighbour_books()
            self.assertTrue(before["rcm_claim"], "the second company has claims")
            self.addCleanup(self.check_neighbour, before)

    def check_neighbour(self, before):
        after = self.neighbour_books()
        for table, rows in before.items():
            self.assertEqual(after[table], rows, f"another company's {table} moved")

    def neighbour_books(self):
        """{table: rows} of the other company."""
        self.env.flush_all()
        books = {}
        for table, columns in KEPT.items():
            self.env.cr.execute("SELECT to_regclass(%s)", [table])
            if not self.env.cr.fetchone()[0]:
                continue
            # fixed names of tables and columns
            query = (
                f"SELECT id, {columns} FROM {table} WHERE company_id = %s ORDER BY 1"
            )
            self.env.cr.execute(query, [self.neighbour.id])
            books[table] = self.env.cr.fetchall()
        return books
