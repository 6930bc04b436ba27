"""Incompatible duties: the table, the check, the superuser, the report of people."""

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_rcm_approval_request import ApprovalCase


@tagged("post_install", "-at_install")
class TestDutyConflict(ApprovalCase):
    def setUp(self):
        super().setUp()
        self.claim = self.make_claim("100.00")
        self.conflicts = self.env["rcm.duty.conflict"]

    def check_as(self, user, duty, done, **values):
        conflicts = self.conflicts.with_user(user)
        return conflicts._rcm_check(self.claim, duty, done, **values)

    def test_shipped_pairs(self):
        self.assertEqual(
            {frozenset(pair) for pair in self.conflicts._rcm_pairs()},
            {
                frozenset(pair)
                for pair in (
                    ("create", "approve"),
                    ("approve", "post"),
                    ("post", "pay"),
                    ("policy_change", "approve"),
                    ("vendor_create", "pay"),
                )
            },
        )

    def test_who_did_the_other_duty_is_refused_and_told_why(self):
        done = {"approve": {self.approver.id}}
        with self.assertRaisesRegex(UserError, "someone else"):
            self.check_as(self.approver, "post", done)
        self.check_as(self.other_approver, "post", done)
        self.check_as(self.approver, "pay", done)

    def test_a_pair_excludes_in_both_directions(self):
        with self.assertRaises(UserError):
            self.check_as(self.approver, "approve", {"post": {self.approver.id}})

    def test_sudo_does_not_help(self):
        conflicts = self.conflicts.with_user(self.approver).sudo()
        with self.assertRaises(UserError):
            conflicts._rcm_check(self.claim, "pay", {"post": {self.approver.id}})

    def test_a_pair_switched_off_excludes_nobody(self):
        self.env.ref(
            "healthcare_rcm_approvals.rcm_duty_conflict_post_pay"
        ).active = False
        self.check_as(self.approver, "pay", {"post": {self.approver.id}})

    def test_switching_off_is_audited(self):
        pair = self.env.ref("healthcare_rcm_approvals.rcm_duty_conflict_post_pay")
        pair.active = False
        row = self.env["rcm.audit.log"].search(
            [("model", "=", pair._name), ("res_id", "=", pair.id)],
            order="id desc",
            limit=1,
        )
        self.assertEqual(row.event, "rcm.duty.conflict.changed")

    def test_the_system_user_passes_and_is_marked_with_the_reason(self):
        done = {"post": {SUPERUSER_ID}}
        root = self.env["res.users"].browse(SUPERUSER_ID)
        self.check_as(root, "pay", done, reason="Bank outage, ticket 4711")
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "duty.override"), ("res_id", "=", self.claim.id)]
        )
        self.assertEqual(len(row), 1)
        self.assertIn("Bank outage", str(row._rcm_bodies()))

    def test_the_system_user_without_a_conflict_leaves_no_mark(self):
        root = self.env["res.users"].browse(SUPERUSER_ID)
        self.check_as(root, "pay", {"post": {self.approver.id}})
        self.assertFalse(
            self.env["rcm.audit.log"].search(
                [("event", "=", "duty.override"), ("res_id", "=", self.claim.id)]
            )
        )

    def test_a_duty_does_not_exclude_itself_and_a_pair_is_unique(self):
        with self.assertRaises(ValidationError):
            self.conflicts.create({"duty": "pay", "other_duty": "pay", "reason": "x"})
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            with self.env.cr.savepoint():
                self.conflicts.create(
                    {"duty": "pay", "other_duty": "post", "reason": "x"}
                )
        self.assertIn("unique", str(caught.exception).lower())

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_administrators_change_the_tables(self):
        pair = self.env.ref("healthcare_rcm_approvals.rcm_duty_conflict_post_pay")
        role = self.env.ref("healthcare_rcm_approvals.rcm_duty_role_biller_create")
        for name in ("approver", "finance_manager", "auditor"):
            user = self.make_role_user(name)
            for record in (pair, role):
                with self.subTest(role=name, model=record._name):
                    with self.assertRaises(AccessError):
                        record.with_user(user).write({"active": False})
                    with self.assertRaises(AccessError):
                        record.with_user(user).unlink()
        administrator = self.make_role_user("administrator")
        role.with_user(administrator).write({"active": False})


@tagged("post_install", "-at_install")
class TestDutyReport(ApprovalCase):
    def rows_of(self, user):
        return self.env["rcm.duty.report"].search([("user_id", "=", user.id)])

    def both(self, user, *roles):
        user.group_ids = [
            Command.link(self.env.ref(f"healthcare_rcm_base.group_{role}").id)
            for role in roles
        ]

    def test_one_role_alone_is_no_conflict(self):
        self.assertFalse(self.rows_of(self.approver))
        self.assertFalse(self.rows_of(self.biller))

    def test_roles_that_combine_duties_are_listed_with_the_roles(self):
        self.both(self.biller, "approver")
        row = self.rows_of(self.biller)
        self.assertEqual(row.mapped("severity"), ["4"])
        self.assertEqual((row.duty, row.other_duty), ("create", "approve"))
        self.assertEqual(row.group_id, self.env.ref("healthcare_rcm_base.group_biller"))

    def test_implied_roles_count(self):
        group = self.env["res.groups"].create(
            {
                "name": "Everything",
                "implied_ids": [
                    Command.set(
                        [
                            self.env.ref("healthcare_rcm_base.group_cash_poster").id,
                            self.env.ref("healthcare_rcm_base.group_approver").id,
                        ]
                    )
                ],
            }
        )
        user = self.make_role_user("user")
        user.group_ids = [Command.link(group.id)]
        self.assertEqual(
            self.rows_of(user).conflict_id,
            self.env.ref("healthcare_rcm_approvals.rcm_duty_conflict_approve_post"),
        )

    def test_archived_people_and_switched_off_pairs_are_not_listed(self):
        self.both(self.biller, "approver")
        pair = self.env.ref("healthcare_rcm_approvals.rcm_duty_conflict_create_approve")
        pair.active = False
        self.assertFalse(self.rows_of(self.biller))
        pair.active = True
        self.biller.active = False
        self.assertFalse(self.rows_of(self.biller))

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_who_reads_it(self):
        self.both(self.biller, "approver")
        for role in ("administrator", "auditor", "finance_manager"):
            with self.subTest(role=role):
                report = self.env["rcm.duty.report"].with_user(
                    self.make_role_user(role)
                )
                self.assertTrue(report.search([("user_id", "=", self.biller.id)]))
        with self.assertRaises(AccessError):
            self.env["rcm.duty.report"].with_user(self.approver).search([])

    def test_other_companies_are_not_shown(self):
        self.both(self.biller, "approver")
        company = self.make_company("Elsewhere")
        auditor = self.make_role_user("auditor", company)
        report = self.env["rcm.duty.report"].with_user(auditor)
        report = report.with_context(allowed_company_ids=company.ids)
        self.assertFalse(report.search([("user_id", "=", self.biller.id)]))
