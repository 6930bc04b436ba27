"""The nightly check: green on honest books, red on every planted break."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestReconciliation(RemittanceCase):
    """I1 to I8 of the accounting model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract(patient_percent=20)
        cls.one = cls.claim()
        cls.other = cls.claim(payers=(cls.payer, cls.second))

    def setUp(self):
        super().setUp()
        self.remittance = self.post(
            900,
            self.answer(self.one, 320, ("CO-45", 600), ("PR-2", 80)),
            self.answer(self.other, 300, ("CO-45", 600), ("PR-1", 100)),
            plb=[("WO", -200, "KEPT"), ("CT", -80, "X")],
        )
        self.assertPosted(self.remittance)

    def run_check(self):
        return self.env["rcm.reconciliation.run"]._rcm_check_company(self.company)

    def assertClean(self):
        run = self.run_check()
        found = run.break_ids.mapped(
            lambda item: (item.code, item.what, item.expected, item.actual)
        )
        self.assertEqual((run.state, found), ("clean", []))
        self.assertFalse(self.case_types(run))
        self.assertGreater(run.checked_count, 0)
        return run

    def assertBroken(self, code, what=None):
        """The invariant is broken, and only because of what was planted."""
        run = self.run_check()
        self.assertEqual(run.state, "broken")
        self.assertIn(code, run.break_ids.mapped("code"))
        self.assertEqual(self.case_types(run), ["ledger_invariant_broken"])
        found = run.break_ids.filtered(lambda item: item.code == code)
        if what:
            self.assertIn(what, found.mapped("what"))
        self.assertTrue(all(item.difference for item in found))
        return run, found

    def plant(self, query, *values):
        """Change a row past all guards, as only a database owner can."""
        self.env.flush_all()
        table = SQL.identifier(query.split()[1])
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", table))
        self.env.cr.execute(query, values)
        self.env.cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", table))
        self.env.invalidate_all()

    # -- honest books --------------------------------------------------------------

    def test_honest_books_are_clean(self):
        run = self.assertClean()
        self.assertEqual(
            run.result_ids.mapped("code"),
            ["I1", "I2a", "I2b", "I3", "I4", "I5", "I6", "I7", "I8"],
        )

    def test_books_stay_clean_through_what_payers_do(self):
        self.post(
            50,
            self.answer(self.other, 50, ("OA-23", 900), ("CO-45", 50), status="2"),
            payer_trace="1523456789",
        )
        self.assertClean()
        self.one._rcm_create_patient_invoices()
        self.assertClean()
        third = self.claim()
        self.post(
            80,
            self.reversal(self.one, 320, ("CO-45", 600), ("PR-2", 80)),
            self.answer(third, 400, ("CO-45", 600)),
        )
        self.assertClean()
        self.post(350, self.answer(self.one, 350, ("CO-45", 600), ("CO-50", 50)))
        self.assertClean()
        parked = self.post(100, era.clp("NOT-OURS", 100, 100))
        self.assertPosted(parked, parked=1)
        self.assertClean()
        parked.claim_ids._rcm_not_ours("Other clinic")
        self.assertClean()
        recovered = self.post(0, era.clp("N2", 200, 200), plb=[("WO", 200, "KEPT")])
        self.assertPosted(recovered, parked=1)
        self.assertClean()

    def test_unposted_remittance_leaves_clean_books(self):
        self.remittance._rcm_unpost("Wrong clinic")
        self.assertClean()

    # -- planted breaks --------------------------------------------------------------

    def test_i1_receivable_of_a_claim(self):
        self.plant(
            "UPDATE rcm_claim SET open_balance = open_balance + 5 WHERE id = %s",
            self.one.id,
        )
        _run, found = self.assertBroken("I1", "receivable_payer")
        self.assertEqual((found.res_model, found.res_id), ("rcm.claim", self.one.id))
        self.assertEqual(found.expected - found.actual, 5)

    def test_i2a_charge_of_a_claim(self):
        self.plant(
            "UPDATE rcm_claim SET contractual_amount = contractual_amount - 1"
            " WHERE id = %s",
            self.one.id,
        )
        self.assertBroken("I2a", "charge")

    def test_i2b_patient_share(self):
        self.plant(
            "UPDATE account_move_line SET balance = balance + 1, debit = debit + 1"
            " WHERE rcm_claim_id = %s AND rcm_purpose = 'patient_unbilled'",
            self.one.id,
        )
        self.assertBroken("I2b", "patient_unbilled")

    def test_i3_clearing(self):
        self.plant(
            "UPDATE account_move_line SET amount_residual = amount_residual - 3"
            " WHERE move_id = %s AND rcm_purpose = 'clearing'",
            self.remittance.sudo().move_id.id,
        )
        self.assertBroken("I3", "clearing")

    def test_i4_entry_of_a_remittance(self):
        for what, purpose in (
            ("clearing", "clearing"),
            ("provider_adjustments", "capitation_income"),
            ("claims", "reserve"),
        ):
            with self.subTest(what=what), self.env.cr.savepoint() as savepoint:
                self.plant(
                    "UPDATE account_move_line SET balance = balance + 2"
                    " WHERE move_id = %s AND rcm_purpose = %s",
                    self.remittance.sudo().move_id.id,
                    purpose,
                )
                _run, found = self.assertBroken("I4", what)
                self.assertEqual(set(found.mapped("res_id")), {self.remittance.id})
                savepoint.rollback()
                self.env.invalidate_all()

    def test_i5_overpayment_records(self):
        self.plant(
            "UPDATE rcm_payer_overpayment SET used_amount = 10 WHERE payer_id = %s",
            self.payer.id,
        )
        _run, found = self.assertBroken("I5", "payer_overpayment")
        self.assertEqual((found.expected, found.actual), (190, 200))

    def test_i6_reserve_of_a_closed_claim(self):
        self.plant("UPDATE rcm_claim SET state = 'closed' WHERE id = %s", self.one.id)
        self.assertClean()
        self.plant(
            "UPDATE account_move_line SET balance = balance + 4"
            " WHERE rcm_claim_id = %s AND rcm_purpose = 'reserve'"
            " AND move_id <> %s",
            self.one.id,
            self.remittance.sudo().move_id.id,
        )
        self.assertBroken("I6", "reserve")

    def test_i6_reserve_that_a_remittance_took(self):
        self.plant(
            "UPDATE account_move_line SET balance = balance + 4"
            " WHERE rcm_claim_id = %s AND rcm_purpose = 'reserve' AND move_id = %s",
            self.one.id,
            self.remittance.sudo().move_id.id,
        )
        self.assertBroken("I6", "reserve_taken")

    def test_i7_guarantor_below_nothing(self):
        self.one._rcm_create_patient_invoices()
        self.plant(
            "UPDATE account_move_line SET balance = -1, amount_currency = -1,"
            " debit = 0, credit = 1"
            " WHERE rcm_claim_id = %s AND rcm_purpose = 'receivable_patient'",
            self.one.id,
        )
        _run, found = self.assertBroken("I7", "receivable_patient")
        self.assertEqual(found.res_model, "res.partner")
        self.assertEqual(found.record_name, self.one.guarantor_id.rcm_account_number)

    def test_i8_replay_of_postings(self):
        self.plant(
            "UPDATE rcm_claim SET paid_amount = paid_amount + 1,"
            " open_balance = open_balance - 1 WHERE id = %s",
            self.one.id,
        )
        _run, found = self.assertBroken("I8", "paid")
        self.assertEqual(found.res_id, self.one.id)

    # -- what follows ------------------------------------------------------------------

    def test_case_ends_with_a_clean_run(self):
        self.plant(
            "UPDATE rcm_claim SET open_balance = open_balance + 5 WHERE id = %s",
            self.one.id,
        )
        run, _found = self.assertBroken("I1")
        self.plant(
            "UPDATE rcm_claim SET open_balance = open_balance - 5 WHERE id = %s",
            self.one.id,
        )
        run.rcm_case_ids.action_reprocess()
        self.assertFalse(self.case_types(run))
        self.assertEqual(run.state, "resolved")

    def test_drill_down_ends_at_record_and_items(self):
        self.plant(
            "UPDATE rcm_claim SET open_balance = open_balance + 5 WHERE id = %s",
            self.one.id,
        )
        run, found = self.assertBroken("I1")
        result = run.result_ids.filtered(lambda item: item.code == "I1")
        shown = self.env["rcm.reconciliation.break"].search(
            result.action_breaks()["domain"]
        )
        self.assertEqual(shown, found)
        self.assertEqual(found.action_record()["res_id"], self.one.id)
        items = self.env["account.move.line"].search(found.action_items()["domain"])
        self.assertEqual(items.rcm_claim_id, self.one)

    def test_other_company_is_not_asked(self):
        run = self.run_check()
        self.assertEqual(run.company_id, self.company)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "reconciliation_stranger",
            groups="healthcare_rcm_base.group_finance_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        with self.assertRaises(AccessError):
            run.with_user(stranger).read(["state"])

    def test_who_may_check_and_who_may_change(self):
        run = self.run_check()
        users = {
            role: new_test_user(
                self.env,
                f"reconciliation_{role}",
                groups=f"healthcare_rcm_base.group_{role}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            for role in ("finance_manager", "auditor", "biller")
        }
        self.assertEqual(run.with_user(users["auditor"]).state, "clean")
        with self.assertRaises(AccessError):
            run.with_user(users["biller"]).read(["state"])
        Run = self.env["rcm.reconciliation.run"]
        with self.assertRaises(AccessError):
            Run.with_user(users["auditor"]).action_run()
        shown = Run.with_user(users["finance_manager"]).action_run()
        self.assertEqual(Run.browse(shown["res_id"]).state, "clean")
        with self.assertRaises(AccessError):
            run.with_user(users["finance_manager"]).write({"state": "clean"})
