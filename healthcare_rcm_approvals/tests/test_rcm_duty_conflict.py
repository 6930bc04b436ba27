"""Incompatible duties: the table, the check, the superuser, the report of people."""

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .requests_common import RequestCase
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
class TestDutyOfPolicies(RequestCase):
    """Who changed a policy does not approve under it, whatever role he holds."""

    def both(self, user):
        """An administrator who may approve as well."""
        user.group_ids = [Command.link(self.approvers.id)]
        return user

    def test_who_changed_the_policy_does_not_approve_under_it(self):
        author = self.both(self.administrator)
        self.high.with_user(author).amount_to = 9000
        request = self.ask()
        self.assertIn(author.id, self.high.version_ids[0]._rcm_changed_by())
        self.assertNotIn(author, request.asked_ids)
        with self.assertRaisesRegex(UserError, "excludes approving"):
            request.with_user(author).action_approve()
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_a_changed_step_counts_and_so_does_a_delegate(self):
        author = self.both(self.administrator)
        self.high.step_ids.with_user(author).sla_hours = 4
        self.delegate(author, self.manager, user=author)
        request = self.ask()
        for user in (author, self.manager):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                request.with_user(user).action_approve()

    def test_an_administrator_who_changed_nothing_approves(self):
        other = self.both(self.make_role_user("administrator"))
        self.high.with_user(self.administrator).amount_to = 9000
        request = self.ask()
        request.with_user(other).action_approve()
        self.assertEqual(request.state, "approved")

    def test_later_changes_do_not_count_for_earlier_requests(self):
        author = self.both(self.administrator)
        request = self.ask()
        self.high.with_user(author).amount_to = 9000
        request.with_user(author).action_approve()
        self.assertEqual(request.state, "approved")

    def test_switched_off_by_the_table_he_may(self):
        self.env.ref(
            "healthcare_rcm_approvals.rcm_duty_conflict_policy_change_approve"
        ).active = False
        author = self.both(self.administrator)
        self.high.with_user(author).amount_to = 9000
        request = self.ask()
        request.with_user(author).action_approve()
        self.assertEqual(request.state, "approved")


@tagged("post_install", "-at_install")
class TestSystemUserDecides(RequestCase):
    """Nobody is OdooBot: what is decided in its name is an override, with a reason."""

    def setUp(self):
        super().setUp()
        self.root = self.env["res.users"].browse(SUPERUSER_ID)

    def marks(self, request):
        return self.env["rcm.audit.log"].search(
            [("event", "=", "duty.override"), ("res_id", "=", request.id)]
        )

    def test_it_is_not_one_of_the_approvers(self):
        request = self.ask()
        with self.assertRaisesRegex(UserError, "not for you"):
            request.with_user(self.root).action_approve()
        self.assertEqual(request.state, "pending")

    def test_made_one_it_needs_a_reason_and_is_marked(self):
        with self.assertRaisesRegex(UserError, "superuser"):
            self.root.active = True
        self.root.write(
            {
                "group_ids": [Command.link(self.approvers.id)],
                "company_ids": [Command.link(self.company.id)],
            }
        )
        self.env.flush_all()
        # Odoo refuses it; whoever has the database can
        self.env.cr.execute("UPDATE res_users SET active = true WHERE id = 1")
        self.env.invalidate_all()
        request = self.ask()
        self.env.flush_all()
        # tests run as that user: it made the claim and the policy
        self.env.ref(
            "healthcare_rcm_approvals.rcm_duty_conflict_policy_change_approve"
        ).active = False
        self.env.cr.execute(
            "UPDATE rcm_claim SET create_uid = %s WHERE id = %s",
            [self.biller.id, request.res_id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "with a reason"):
            request.with_user(self.root).action_approve()
        self.assertFalse(self.marks(request))
        request.with_user(self.root)._rcm_decide_many("approved", "Outage, case 4711")
        self.assertEqual(request.state, "approved")
        mark = self.marks(request)
        self.assertEqual(len(mark), 1)
        self.assertIn("Outage, case 4711", str(mark._rcm_bodies()))

    def test_a_person_leaves_no_such_mark(self):
        request = self.ask()
        request.with_user(self.approver).action_approve()
        self.assertFalse(self.marks(request))


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

    def test_purchase_groups_of_odoo_count(self):
        cases = {
            "group_purchase_user": {("create", "approve")},
            "group_purchase_manager": {("create", "approve")},
        }
        for name, pairs in cases.items():
            group = self.env.ref(f"purchase.{name}")
            user = self.make_role_user("approver")
            user.group_ids = [Command.link(group.id)]
            rows = self.rows_of(user)
            with self.subTest(group=name):
                found = {(row.duty, row.other_duty) for row in rows}
                self.assertEqual(found, pairs)
                self.assertIn(
                    self.env.ref("purchase.group_purchase_user"), rows.group_id
                )
        manager = self.make_role_user("user")
        manager.group_ids = [
            Command.link(self.env.ref("purchase.group_purchase_manager").id),
            Command.link(self.env.ref("account.group_account_invoice").id),
        ]
        self.assertIn(
            ("vendor_create", "pay"),
            {(row.duty, row.other_duty) for row in self.rows_of(manager)},
        )

    def test_payables_post_and_pay(self):
        """The role is wide; on each document the check keeps one from doing both."""
        rows = self.rows_of(self.make_role_user("payables"))
        self.assertEqual(
            {(row.duty, row.other_duty) for row in rows},
            {("post", "pay"), ("vendor_create", "pay")},
        )

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
