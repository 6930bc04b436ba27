import base64
from datetime import date
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import tagged

from ..core import table
from ..tools import write_csv
from ..wizard.rcm_table_opening_claims import COLUMNS
from . import builders, opening_rows
from .ledger_common import LedgerCase, difference
from .walk_common import WalkMixin, profile

DAY = date(2026, 6, 30)
STEPS = ("import", "say", "say_wrong", "pay", "close", "undo")
CENT = Decimal("0.01")


@tagged("post_install", "-at_install")
class TestWalkOpening(WalkMixin, LedgerCase):
    """Whatever is imported, paid, closed or undone: file, claims and ledger tie."""

    number = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env, cls.company)
        cls.payer = builders.payer(cls.env, cls.company)
        cls.group = builders.provider_group(cls.env, cls.company)
        cls.patient = builders.patient(cls.env, cls.facility)
        builders.coverage(cls.env, cls.patient, cls.payer)
        builders.service_code(cls.env)

    def test_openings_tie_or_do_not_close(self):
        self.walk()
        self.assert_reached(
            "imported",
            "closed",
            "undone",
            "credit",
            "patient",
            "self_pay",
            "paid",
            "close refused",
            "undo refused",
        )

    @profile(25)
    @given(opening_rows.claims(3), st.lists(st.sampled_from(STEPS), max_size=7))
    def walk(self, found, steps):
        assume(found)
        type(self).number += 1
        self.begin(found)
        for step in ("import", *steps):
            done = self.attempt(getattr(self, f"take_{step}"))
            self.opening.invalidate_recordset()
            self.check(step, done)

    def begin(self, found):
        self.found, self.paid, self.said = found, Decimal(0), Decimal(0)
        self.total = opening_rows.total(found)
        self.account = self.env["account.account"].create(
            {
                "name": f"Opening {self.number}",
                "code": f"3999{self.number:02d}",
                "account_type": "equity",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        self.opening = self.env["rcm.opening"].create(
            {
                "date": DAY,
                "provider_group_id": self.group.id,
                "clearing_account_id": self.account.id,
            }
        )
        self.before = self.trial_balance()
        if any(self_pay for self_pay, _lines in found):
            self.reach("self_pay")
        for _self_pay, lines in found:
            if sum(line["open"] for line in lines) < 0:
                self.reach("credit")
            if any(line["patient_open"] for line in lines):
                self.reach("patient")

    # -- steps -----------------------------------------------------------------------

    def take_import(self):
        rows = opening_rows.rows_of(
            self.found,
            prefix=f"W{self.number}N",
            facility=self.facility.code,
            payer=self.payer.code,
            mrn=self.patient.mrn,
        )
        sheet = [table.header(COLUMNS)]
        sheet += [table.cells(record, COLUMNS) for record in rows]
        action = self.opening.action_import()
        Wizard = self.env["rcm.table.import"].with_context(**action["context"])
        wizard = Wizard.create(
            {
                "file_content": base64.b64encode(write_csv(sheet)),
                "file_name": "open.csv",
            }
        )
        wizard.action_import()
        self.assertFalse(wizard.fault_ids.mapped("remedy"))

    def take_say(self):
        self.opening.write(
            {"control_total": float(self.total), "control_count": len(self.found)}
        )
        self.said = self.total

    def take_say_wrong(self):
        self.opening.control_total = float(self.total + CENT)
        self.said = self.total + CENT

    def take_pay(self):
        claim = self.opening.claim_ids.filtered(
            lambda one: not one.self_pay and one.open_balance > 0 and one._rcm_stands()
        )[:1]
        if not claim:
            return
        amount = Decimal(str(claim.open_balance)).quantize(CENT)
        self.post_remittance(claim, {"clearing": amount, "receivable_payer": -amount})
        claim._rcm_apply_posting([(claim.id, claim.line_ids[:1].id, "paid", amount)])
        self.paid += amount
        self.reach("paid")

    def take_close(self):
        self.opening.action_close()

    def take_undo(self):
        self.opening.action_undo()

    # -- what always holds -----------------------------------------------------------

    def check(self, step, done):
        opening = self.opening
        self.reach(opening.state)
        told = self.said == self.total
        if step == "close":
            self.assertEqual(done, opening.state == "closed")
            if done:
                self.assertTrue(told, "closed though it does not tie")
            else:
                self.reach("close refused")
        if step == "undo" and not done:
            self.reach("undo refused")
        standing = opening.state in ("imported", "closed")
        self.assertEqual(opening.is_tied, standing and told)
        change = difference(self.trial_balance(), self.before)
        self.assertEqual(change, self.books() if standing else {})
        if standing:
            for name in ("ledger_total", "claims_total", "imported_total"):
                self.assertEqual(
                    Decimal(str(opening[name])).quantize(CENT), self.total, name
                )

    def books(self):
        """The opening's own entries, and what was paid since."""
        books = opening_rows.expected(self.found)
        if "opening" in books:
            books[f"account {self.account.id}"] = books.pop("opening")
        books["clearing"] = books.get("clearing", 0) + self.paid
        books["receivable_payer"] = books.get("receivable_payer", 0) - self.paid
        return {purpose: amount for purpose, amount in books.items() if amount}
