"""Late postings, unexplained deposits and the backlog: raised, ended, limited."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from . import era
from .test_deposit_batch import DepositCase


class BacklogCase(DepositCase):
    """Work that is older than it should be, beside RemittanceCase's second company."""

    def age(self, record, **columns):
        """Move dates of a record back, as time would."""
        self.env.flush_all()
        for name, value in columns.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id IN %s",
                    SQL.identifier(record._table),
                    SQL.identifier(name),
                    value,
                    record._ids,
                )
            )
        self.env.invalidate_all()

    def watch(self):
        self.env["rcm.remittance"]._cron_watch_backlog()
        self.env.invalidate_all()

    def days_ago(self, days):
        return fields.Date.context_today(self.company) - timedelta(days=days)

    def hours_ago(self, hours):
        return fields.Datetime.now() - timedelta(hours=hours)


@tagged("post_install", "-at_install")
class TestPostingDelayed(BacklogCase):
    """A remittance that could be posted and is not."""

    def waiting(self, hours):
        """A remittance that balances and came ``hours`` ago."""
        content = self.era(400, self.answer(self.claim(), 400, ("CO-45", 600)))
        remittance = self.receive(content).remittance_ids
        self.assertEqual(remittance.state, "balanced")
        self.age(remittance, create_date=self.hours_ago(hours))
        return remittance

    def test_it_is_told_once_after_its_hours(self):
        late, fresh = self.waiting(25), self.waiting(23)
        for _again in range(2):
            self.watch()
        case = late.rcm_case_ids
        self.assertEqual(case.type_code, "posting_delayed")
        self.assertEqual((case.occurrence_count, case.amount), (1, 400))
        self.assertIn("more than 24 hours", case.message)
        self.assertFalse(fresh.rcm_case_ids)

    def test_posting_ends_it_at_once(self):
        late = self.waiting(25)
        self.watch()
        case = late.rcm_case_ids
        late._rcm_process()
        self.assertPosted(late)
        self.assertEqual(case.state, "resolved")
        self.assertBooksHold()

    def test_reprocess_posts_it(self):
        late = self.waiting(25)
        self.watch()
        case = late.rcm_case_ids
        case.with_user(self.poster).action_reprocess()
        self.assertPosted(late)
        self.assertEqual(case.state, "resolved")

    def test_waiting_for_an_approval_is_not_the_end_of_it(self):
        late = self.waiting(25)
        late._rcm_set_state("matched")
        late._rcm_set_state("approval")
        self.watch()
        case = late.rcm_case_ids
        self.assertIn("In Approval", case.message)
        # whatever is tried, it stays where it is
        with patch.object(self.registry[late._name], "_rcm_process"):
            case.with_user(self.poster).action_reprocess()
        self.assertIn(case.state, ("open", "in_progress"))

    def test_what_went_into_a_hold_loses_it(self):
        late = self.waiting(25)
        self.watch()
        case = late.rcm_case_ids
        late._rcm_hold()
        self.watch()
        self.assertEqual(case.state, "resolved")

    def test_zero_hours_are_never(self):
        self.company.rcm_posting_hours = 0
        late = self.waiting(9000)
        self.watch()
        self.assertFalse(late.rcm_case_ids)

    def test_each_company_has_its_own_limit(self):
        late = self.waiting(25)
        self.company.rcm_posting_hours = 30
        self.watch()
        self.assertFalse(late.rcm_case_ids)
        self.company.rcm_posting_hours = 20
        self.watch()
        self.assertEqual(late.rcm_case_ids.company_id, self.company)

    def test_limits_cannot_be_negative(self):
        for name in (
            "rcm_posting_hours",
            "rcm_unmatched_days",
            "rcm_reconcile_days",
            "rcm_backlog_limit",
        ):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company[name] = -1
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestPaymentUnmatched(BacklogCase):
    """Money at the bank that no remittance explains."""

    def test_it_is_a_case_of_its_deposit_after_its_days(self):
        late = self.deposit(("LOST", 400), ("LOST2", 50), deposit_date=self.days_ago(4))
        self.deposit(("NEW", 400), deposit_date=self.days_ago(2))
        for _again in range(2):
            self.watch()
        case = late.sudo().rcm_case_ids
        self.assertEqual(case.type_code, "payment_unmatched")
        self.assertEqual((case.occurrence_count, case.amount), (1, 450))
        self.assertIn("explains 2 of its", case.message)
        unmatched = self.env["rcm.exception.case"].search(
            [("type_code", "=", "payment_unmatched")]
        )
        self.assertEqual(unmatched, case)

    def test_the_last_remittance_ends_it(self):
        late = self.deposit(("D7", 400), deposit_date=self.days_ago(4))
        self.watch()
        case = late.sudo().rcm_case_ids
        self.assertEqual(case.state, "open")
        self.paid("D7")
        self.assertFalse(late.unmatched_count)
        self.assertEqual(case.state, "resolved")

    def test_reprocess_looks_for_the_remittance(self):
        self.paid("D6")
        late = self.deposit(("D6", 400), deposit_date=self.days_ago(4))
        self.watch()
        case = late.sudo().rcm_case_ids
        self.assertEqual(case.state, "open")
        case.with_user(self.poster).action_reprocess()
        self.assertEqual(case.state, "resolved")
        self.assertFalse(late.unmatched_count)

    def test_matching_by_hand_ends_it_too(self):
        late = self.deposit(("TYPO", 400), deposit_date=self.days_ago(4))
        self.watch()
        case = late.sudo().rcm_case_ids
        late.item_ids.remittance_id = self.paid("D8")
        self.assertEqual(case.state, "resolved")

    def test_nothing_found_leaves_it_open(self):
        late = self.deposit(("LOST", 400), deposit_date=self.days_ago(4))
        self.watch()
        case = late.sudo().rcm_case_ids
        case.with_user(self.poster).action_reprocess()
        self.assertIn(case.state, ("open", "in_progress"))

    def test_another_company_has_its_own_days_and_its_own_case(self):
        batches = self.env["rcm.deposit.batch"].with_company(self.neighbour)
        theirs = batches.create(
            {
                "bank_reference": "THEIRS",
                "deposit_date": self.days_ago(4),
                "control_count": 1,
                "control_amount": 70,
                "item_ids": [(0, 0, {"trace": "X", "amount": 70})],
            }
        )
        ours = self.deposit(("LOST", 400), deposit_date=self.days_ago(4))
        self.company.rcm_unmatched_days = 0
        self.watch()
        case = self.env["rcm.exception.case"].search(
            [("type_code", "=", "payment_unmatched")]
        )
        self.assertEqual((case.res_id, case.company_id), (theirs.id, self.neighbour))
        self.assertFalse(ours.sudo().rcm_case_ids)
        self.assertFalse(case.with_user(self.poster).search([("id", "=", case.id)]))

    def test_money_that_needs_no_remittance_is_none(self):
        late = self.deposit(("PATIENT", 40), deposit_date=self.days_ago(9))
        late.item_ids.kind = "other"
        self.watch()
        self.assertFalse(late.sudo().rcm_case_ids)


@tagged("post_install", "-at_install")
class TestReconciliationBacklog(BacklogCase):
    """Posted and not reconciled, parked and not released: too much of it."""

    def setUp(self):
        super().setUp()
        self.company.rcm_backlog_limit = 2

    def behind(self, days, trace):
        remittance = self.paid(trace)
        self.age(remittance, posting_date=self.days_ago(days))
        return remittance

    def check(self):
        run = self.env["rcm.reconciliation.run"]._rcm_check_company(self.company)
        self.env.invalidate_all()
        return run

    def cases(self):
        return self.env["rcm.exception.case"].search(
            [
                ("type_code", "=", "reconciliation_backlog"),
                ("company_id", "=", self.company.id),
            ]
        )

    def test_past_the_limit_is_one_case_until_it_is_worked_off(self):
        old = [self.behind(6, f"B{number}") for number in range(3)]
        self.behind(2, "YOUNG")
        first = self.check()
        case = self.cases()
        self.assertEqual((case.res_model, case.res_id), (first._name, first.id))
        self.assertEqual((case.actual, case.expected), ("3", "at most 2"))
        self.assertEqual(case.amount, 1200)
        self.assertIn("3 remittances without their deposit", case.message)
        self.check()
        self.assertEqual(self.cases(), case, "a later night adds to the same case")
        self.assertEqual(case.occurrence_count, 2)
        batch = self.deposit(*[(item.trace, 400) for item in old])
        batch.action_balance()
        batch.action_close()
        self.check()
        self.assertEqual(case.state, "resolved")

    def test_within_the_limit_is_nothing(self):
        self.behind(6, "B1")
        self.behind(6, "B2")
        self.check()
        self.assertFalse(self.cases())

    def test_parked_claims_count(self):
        unknown = era.clp("NOBODY", 100, 100, services=[era.svc(100, 100)])
        for number in range(2):
            remittance = self.post(100, unknown, trace=f"P{number}")
            self.assertPosted(remittance, parked=1)
            self.age(remittance, posting_date=self.days_ago(6))
        self.check()
        self.assertIn("2 parked claims", self.cases().message)
        self.assertEqual(self.cases().actual, "4")

    def test_reprocess_counts_again(self):
        for number in range(3):
            self.behind(6, f"B{number}")
        self.check()
        case = self.cases()
        case.with_user(self.manager).action_reprocess()
        self.assertIn(case.state, ("open", "in_progress"))
        self.company.rcm_backlog_limit = 3
        case.with_user(self.manager).action_reprocess()
        self.assertEqual(case.state, "resolved")

    def test_zero_days_are_never(self):
        self.company.rcm_reconcile_days = 0
        for number in range(3):
            self.behind(60, f"B{number}")
        self.check()
        self.assertFalse(self.cases())

    def test_it_is_no_break_of_the_books(self):
        for number in range(3):
            self.behind(6, f"B{number}")
        self.assertEqual(self.check().state, "clean")
