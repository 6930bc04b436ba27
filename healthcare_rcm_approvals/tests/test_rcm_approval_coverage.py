"""The coverage screen: findings as rows, for the roles that look after policies."""

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .test_rcm_approval_policy import PolicyCase


@tagged("post_install", "-at_install")
class TestCoverage(PolicyCase):
    def findings(self, user=None, kind="claim"):
        policies = self.env["rcm.approval.policy"]
        action = (
            policies.with_user(user) if user else policies
        ).action_check_coverage()
        self.assertEqual(action["res_model"], "rcm.approval.coverage")
        coverage = self.env["rcm.approval.coverage"].with_user(user or self.env.user)
        return coverage.search(
            [("create_uid", "=", coverage.env.uid), ("document_type", "=", kind)]
        )

    def test_complete_bands_find_nothing(self):
        self.assertFalse(self.findings())

    def test_a_gap_is_a_row_with_its_place_and_a_way_out(self):
        self.high.amount_from = 500
        (row,) = self.findings()
        self.assertEqual((row.kind, row.severity), ("gap", "3"))
        self.assertIn("200.00", row.scope)
        self.assertIn("500.00", row.scope)
        action = row.action_open_policy()
        self.assertEqual(action["context"]["default_amount_from"], 200)

    def test_a_policy_that_ends_is_a_gap_of_the_days_after(self):
        self.high.date_to = "2099-12-31"
        (row,) = self.findings()
        self.assertEqual(row.kind, "gap")
        self.assertIn("from 01/01/2100 on", row.scope)

    def test_overlaps_and_exceptions_name_both_policies(self):
        twin = self.make_policy("Twin", amount_from=100, amount_to=200)
        exempt = self.make_policy("Exempt", steps=0, sequence=1, amount_from=300)
        rows = {row.kind: row for row in self.findings()}
        self.assertEqual(
            rows["overlap"].policy_id | rows["overlap"].other_policy_id, self.low | twin
        )
        self.assertEqual(rows["loosening"].policy_id, exempt)
        self.assertIn("“Exempt”", rows["loosening"].finding)
        self.assertEqual(rows["loosening"].action_open_policy()["res_id"], exempt.id)

    def test_a_type_without_policies_is_one_gap(self):
        (row,) = self.findings(kind="refund")
        self.assertEqual((row.kind, row.amount_from), ("gap", 0))

    def test_looking_again_replaces_what_was_found(self):
        self.high.amount_from = 500
        self.findings()
        self.high.amount_from = 200
        self.assertFalse(self.findings())

    def test_the_button_of_the_list_works_over_the_wire(self):
        user = self.make_role_user("auditor")
        policies = self.env["rcm.approval.policy"].with_user(user)
        action = call_kw(policies, "action_check_coverage", [[]], {})
        self.assertEqual(action["res_model"], "rcm.approval.coverage")

    def test_the_menu_entry_works_for_those_who_only_read(self):
        action = self.env.ref(
            "healthcare_rcm_approvals.rcm_approval_coverage_action_check"
        )
        answer = action.with_user(self.make_role_user("auditor")).run()
        self.assertEqual(answer["res_model"], "rcm.approval.coverage")

    def test_roles(self):
        self.high.amount_from = 500
        for role in ("administrator", "finance_manager", "auditor"):
            with self.subTest(role=role):
                self.assertEqual(len(self.findings(self.make_role_user(role))), 1)
        for role in ("biller", "approver"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.findings(self.make_role_user(role))

    def test_policies_of_other_companies_are_not_told(self):
        elsewhere = self.make_company("Elsewhere")
        self.make_policy("Secret", company_id=elsewhere.id, sequence=1, steps=0)
        auditor = self.make_role_user("auditor")
        names = " ".join(self.findings(auditor).mapped("finding"))
        self.assertNotIn("Secret", names)
