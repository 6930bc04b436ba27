"""Who keeps budgets, and how an open one is changed."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestBudgetRevision(SpendingCase):
    """An open budget changes by a revision that another person approves."""

    def test_only_the_finance_manager_opens_a_budget(self):
        line = self.budget(100)
        budget = line.budget_id
        for user in (self.buyer, self.approver, self.person("auditor", groups=None)):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                budget.with_user(user).action_close()
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            budget.with_user(self.manager).write({"state": "closed"})

    def test_an_open_budget_is_not_edited(self):
        line = self.budget(100).with_user(self.manager)
        for change in (
            lambda: line.write({"amount": 900}),
            lambda: line.with_context(rcm_budget_revision=True).write({"amount": 900}),
            lambda: line.unlink(),
            lambda: line.budget_id.write({"on_excess": "warn"}),
            lambda: line.copy({"analytic_account_id": self.lab.id}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        self.assertEqual(line.amount, 100)

    def test_no_line_is_moved_into_an_open_budget(self):
        open_, other = self.budget(100), self.budget(70, account=self.lab)
        other.budget_id.with_user(self.manager).action_draft()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            other.with_user(self.manager).budget_id = open_.budget_id
        self.assertEqual(open_.budget_id.line_ids, open_)

    def test_no_change_is_moved_into_a_revision_that_was_asked_for(self):
        line = self.budget(100)
        asked, draft = self.revision(line, 180), self.revision(line, 900)
        asked.action_apply()
        with self.assertRaisesRegex(UserError, "while it is a draft"):
            draft.line_ids.revision_id = asked

    def test_a_revision_is_approved_by_another_and_keeps_what_it_was(self):
        line = self.budget(100)
        revision = self.revision(line, 180)
        revision.action_apply()
        self.assertEqual((revision.state, line.amount), ("asked", 100))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.approve(revision, self.manager)
        self.approve(revision)
        self.assertEqual((revision.state, line.amount), ("applied", 180))
        self.assertEqual(revision.line_ids.amount_before, 100)

    def test_a_revision_of_yesterdays_amounts_is_refused(self):
        line = self.budget(100)
        first, second = self.revision(line, 180), self.revision(line, 150)
        first.action_apply()
        self.approve(first)
        with self.assertRaises(UserError):
            second.action_apply()

    def test_a_revision_may_add_a_line(self):
        line = self.budget(100)
        revision = self.revision(
            self.env["rcm.budget.line"], 70, budget=line.budget_id, account=self.lab
        )
        revision.action_apply()
        self.approve(revision)
        added = line.budget_id.line_ids - line
        self.assertEqual((added.analytic_account_id, added.amount), (self.lab, 70))

    def test_one_account_is_not_twice_in_a_budget(self):
        line = self.budget(100)
        line.budget_id.with_user(self.manager).action_draft()
        with self.assertRaises(ValidationError):
            line.copy()

    def revision(self, line, amount, budget=None, account=None):
        return (
            self.env["rcm.budget.revision"]
            .with_user(self.manager)
            .create(
                {
                    "budget_id": (budget or line.budget_id).id,
                    "reason": "More patients",
                    "line_ids": [
                        Command.create(
                            {
                                "line_id": line.id,
                                "amount": amount,
                                **(
                                    {"analytic_account_id": account.id}
                                    if account
                                    else {}
                                ),
                            }
                        )
                    ],
                }
            )
        )
