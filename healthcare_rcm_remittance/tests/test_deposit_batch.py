"""Deposits: control totals, matching by trace, the daily close."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import era
from .remittance_common import RemittanceCase


class DepositCase(RemittanceCase):
    """A cash poster with a deposit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.poster = cls.person("cash_poster")
        cls.manager = cls.person("finance_manager")

    def deposit(self, *items, count=None, amount=None, **values):
        """A deposit keyed by the cash poster; items are (trace, amount)."""
        values.setdefault("bank_reference", f"SLIP{next(self.numbers)}")
        values.setdefault("deposit_date", "2026-11-18")
        return (
            self.env["rcm.deposit.batch"]
            .with_user(self.poster)
            .create(
                {
                    **values,
                    "control_count": len(items) if count is None else count,
                    "control_amount": sum(money for _, money in items)
                    if amount is None
                    else amount,
                    "item_ids": [
                        (0, 0, {"trace": trace, "amount": money})
                        for trace, money in items
                    ],
                }
            )
        )

    def paid(self, trace, **values):
        """A remittance of 400 for a claim of its own."""
        answer = self.answer(self.claim(), 400, ("CO-45", 600))
        return self.post(400, answer, trace=trace, **values)


@tagged("post_install", "-at_install")
class TestDepositBatch(DepositCase):
    """Bank deposit to remittances, with control totals."""

    def test_deposit_matches_its_remittances_balances_and_closes(self):
        first, second = self.paid("D1"), self.paid("D2")
        batch = self.deposit(("D1", 400), ("D2", 400))
        batch.action_balance()
        self.assertEqual(batch.state, "posted")
        self.assertEqual(batch.item_ids.remittance_id, first | second)
        self.assertEqual(str(first.bank_date), "2026-11-18")
        self.assertNotEqual(first.posting_date, first.bank_date)
        self.assertEqual(first.state, "posted")
        batch.action_close()
        self.assertEqual(batch.state, "closed")
        self.assertEqual(set((first | second).mapped("state")), {"reconciled"})
        self.assertBooksHold()

    def test_out_of_balance_is_shown_and_cannot_be_confirmed_nor_closed(self):
        self.paid("D1")
        batch = self.deposit(("D1", 400), count=2, amount=450)
        self.assertEqual(batch.amount_difference, -50)
        self.assertEqual(batch.count_difference, -1)
        for text in ("450.00", "400.00", "does not balance", "difference -1"):
            self.assertIn(text, str(batch.balance_html))
        with self.assertRaisesRegex(UserError, "expected 2, found 1, difference -1"):
            batch.action_balance()
        with self.assertRaisesRegex(UserError, "cannot be closed"):
            batch.action_close()
        self.assertEqual(batch.state, "open")

    def test_cheque_of_another_amount_than_its_remittance_does_not_balance(self):
        remittance = self.paid("D1")
        batch = self.deposit(("D1", 390))
        batch.item_ids.remittance_id = remittance
        with self.assertRaisesRegex(UserError, "D1: its remittance pays"):
            batch.action_balance()

    def test_another_amount_is_not_matched_by_itself(self):
        self.paid("D1")
        batch = self.deposit(("D1", 390))
        batch.action_match()
        self.assertFalse(batch.item_ids.remittance_id)

    def test_named_payer_meets_a_remittance_whose_payer_is_not_known_yet(self):
        strange = {"payer_trace": "1000000009", "payer_name": "STRANGER"}
        remittance = self.paid("D7", **strange)
        self.assertFalse(remittance.payer_id)
        batch = self.deposit(("D7", 400))
        batch.item_ids.payer_id = self.payer
        batch.action_match()
        self.assertEqual(batch.item_ids.remittance_id, remittance)

    def test_money_before_its_remittance_is_balanced_and_posted_later(self):
        batch = self.deposit(("D9", 400))
        batch.action_balance()
        self.assertEqual(batch.state, "balanced")
        self.assertEqual(batch.unmatched_count, 1)
        with self.assertRaisesRegex(UserError, "no remittance explains it"):
            batch.action_close()
        remittance = self.paid("D9")
        self.assertPosted(remittance)
        self.assertEqual(batch.item_ids.remittance_id, remittance)
        self.assertEqual(str(remittance.bank_date), "2026-11-18")
        self.assertEqual(batch.state, "posted")

    def test_unposting_takes_the_deposit_back_to_balanced(self):
        remittance = self.paid("D1")
        batch = self.deposit(("D1", 400))
        batch.action_balance()
        remittance._rcm_unpost("Wrong clinic")
        self.assertEqual(batch.state, "balanced")

    def test_one_remittance_is_in_one_deposit_only(self):
        self.paid("D1")
        self.deposit(("D1", 400)).action_balance()
        again = self.deposit(("D1", 400))
        again.action_balance()
        self.assertFalse(again.item_ids.remittance_id)
        self.assertEqual(again.state, "balanced")

    def test_patient_cheque_on_the_slip_needs_no_remittance(self):
        self.paid("D1")
        batch = self.deposit(("D1", 400), ("P7", 20))
        batch.item_ids[1].kind = "other"
        batch.action_balance()
        self.assertEqual(batch.state, "posted")

    def test_balanced_deposit_is_not_changed(self):
        self.paid("D1")
        batch = self.deposit(("D1", 400))
        batch.action_balance()
        for change in (
            lambda: batch.write({"control_amount": 1}),
            lambda: batch.item_ids.write({"amount": 1}),
            lambda: batch.item_ids.unlink(),
            lambda: self.env["rcm.deposit.item"].create(
                {"batch_id": batch.id, "amount": 1}
            ),
        ):
            with self.assertRaisesRegex(UserError, "no longer changed"):
                change()
        with self.assertRaises(AccessError):
            batch.write({"state": "closed"})
        with self.assertRaises(UserError):
            batch.unlink()

    def test_reopening_is_for_finance_managers_and_takes_the_day_back(self):
        remittance = self.paid("D1")
        batch = self.deposit(("D1", 400))
        batch.action_balance()
        with self.assertRaises(AccessError):
            batch.action_reopen()
        batch.with_user(self.manager).action_reopen()
        self.assertEqual(batch.state, "open")
        self.assertFalse(remittance.bank_date)

    def test_other_roles_read_only_and_other_companies_see_nothing(self):
        batch = self.deposit(("D1", 400))
        biller = self.person("biller")
        self.assertEqual(batch.with_user(biller).control_amount, 400)
        with self.assertRaises(AccessError):
            batch.with_user(biller).write({"note": "x"})
        with self.assertRaises(AccessError):
            batch.with_user(biller).action_balance()
        other = self.env["res.company"].create({"name": "Other Clinic"})
        stranger = self.person("cash_poster", other)
        with self.assertRaises(AccessError):
            batch.with_user(stranger).read(["control_amount"])
        with self.assertRaises(AccessError):
            batch.item_ids.with_user(stranger).read(["amount"])

    def test_steps_are_audited(self):
        self.paid("D1")
        batch = self.deposit(("D1", 400))
        batch.action_balance()
        events = self.env["rcm.audit.log"].search(
            [("model", "=", "rcm.deposit.batch"), ("res_id", "=", batch.id)]
        )
        self.assertIn("rcm.deposit.batch.state_changed", events.mapped("event"))
        self.assertIn("rcm.deposit.batch.created", events.mapped("event"))


@tagged("post_install", "-at_install")
class TestDepositPolicy(DepositCase):
    """A payer whose remittances are posted with their deposit only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer.deposit_policy = "deposit"

    def test_remittance_waits_with_deadline_and_case_and_goes_on_with_its_deposit(self):
        remittance = self.paid("W1")
        self.assertEqual(remittance.state, "held")
        self.assertTrue(remittance.hold_deadline)
        self.assertTrue(remittance.plan_digest)
        self.assertEqual(self.case_types(remittance), ["remittance_deposit_awaited"])
        batch = self.deposit(("W1", 400))
        batch.item_ids.remittance_id = remittance
        remittance._rcm_process()
        self.assertEqual(remittance.state, "held", "a deposit that is only keyed")
        batch.action_balance()
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance)
        self.assertEqual(self.case_types(remittance), [])
        self.assertEqual(batch.state, "posted")

    def test_deposit_that_came_first_lets_it_through_at_once(self):
        self.deposit(("W2", 400)).action_balance()
        self.assertPosted(self.paid("W2"))

    def test_payment_without_money_does_not_wait(self):
        claim = self.claim()
        remittance = self.post(0, self.answer(claim, 0, ("CO-197", 1000)))
        self.assertEqual(remittance.state, "reconciled")

    def test_other_payers_post_on_the_remittance(self):
        self.payer.deposit_policy = "remittance"
        self.assertPosted(self.paid("W3"))

    def test_changing_the_policy_wakes_what_waits(self):
        remittance = self.paid("W4")
        self.payer.deposit_policy = "remittance"
        self.assertTrue(remittance.retry)

    def test_only_a_finance_manager_posts_without_the_deposit(self):
        remittance = self.paid("W5")
        with self.assertRaises(AccessError):
            remittance.with_user(self.poster).action_waive_deposit()
        remittance.with_user(self.manager).action_waive_deposit()
        self.assertPosted(remittance)
        self.assertTrue(remittance.deposit_waived)


@tagged("post_install", "-at_install")
class TestDepositClose(DepositCase):
    """The daily close lists what is open, and does not close over a difference."""

    def close(self, day, user=None):
        wizard = (
            self.env["rcm.deposit.close.day"]
            .with_user(user or self.poster)
            .create({"day": day, "company_id": self.company.id})
        )
        action = wizard.action_close_day()
        return self.env["rcm.deposit.close"].browse(action["res_id"])

    def test_close_lists_what_is_open(self):
        posted = self.paid("C1")
        held = self.post(100, era.clp("NONE", 100, 100), payee="999999999", trace="C2")
        self.assertEqual(held.state, "held")
        day = posted.posting_date
        self.deposit(("C3", 70), deposit_date=day).action_balance()
        close = self.close(day)
        found = {(line.kind, line.reference, line.amount) for line in close.line_ids}
        self.assertEqual(
            found,
            {
                ("no_deposit", "C1", 400.0),
                ("held", "C2", 100.0),
                ("no_remittance", "C3", 70.0),
            },
        )
        self.assertEqual(close.open_total, 570)
        self.assertEqual(close._rcm_case_amount(), 570)
        self.assertEqual(close.deposit_total, 70)
        self.assertEqual(close.closed_by_id, self.poster)

    def test_close_is_refused_while_a_deposit_does_not_balance(self):
        batch = self.deposit(("C1", 400), amount=401)
        with self.assertRaisesRegex(UserError, "do not balance"):
            self.close(batch.deposit_date)

    def test_a_day_is_closed_once_and_its_list_is_kept(self):
        remittance = self.paid("C1")
        day = remittance.posting_date
        close = self.close(day)
        with self.assertRaisesRegex(UserError, "closed already"):
            self.close(day)
        with self.assertRaises(AccessError):
            close.line_ids.write({"amount": 0})
        with self.assertRaises(AccessError):
            close.write({"open_total": 0})

    def test_other_roles_do_not_close_days(self):
        with self.assertRaises(AccessError):
            self.close("2026-11-18", self.person("biller"))
