from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestRightsAreAudited(TransactionCase):
    def changes(self, record, event):
        row = ground.audit_rows(self.env, record, event)[-1:]
        self.assertTrue(row, f"no audit row for {event}")
        return row._rcm_bodies()[row.id]

    def test_a_new_role_of_a_person(self):
        user = ground.role_user(self.env, "biller")
        approver = self.env.ref("healthcare_rcm_base.group_approver")
        user.group_ids = [Command.link(approver.id)]
        before, after = self.changes(user, "res.users.changed")["group_ids"]
        self.assertEqual(set(after) - set(before), {approver.id})
        row = ground.audit_rows(self.env, user)[-1]
        self.assertEqual(row.record_name, user.login)

    def test_patients_in_the_portal_are_not_named(self):
        patient = self.env["res.users"].create(
            {
                "name": "CANARY",
                "login": "canary@example.com",
                "group_ids": [Command.set([self.env.ref("base.group_portal").id])],
            }
        )
        patient.active = False
        self.assertFalse(ground.audit_rows(self.env, patient))

    def test_rules_jobs_and_automation(self):
        rule = self.env.ref("healthcare_rcm_base.rcm_exception_case_rule_company")
        rule.domain_force = "[(1, '=', 1)]"
        self.assertEqual(
            self.changes(rule, "ir.rule.changed")["domain_force"][1], "[(1, '=', 1)]"
        )
        cron = self.env.ref("healthcare_rcm_base.cron_seal_audit_log")
        cron.active = False
        self.assertEqual(
            self.changes(cron, "ir.cron.changed"), {"active": [True, False]}
        )
        automation = self.env.ref("healthcare_rcm_base.automation_case_created")
        automation.active = False
        self.assertEqual(
            self.changes(automation, "base.automation.changed"),
            {"active": [True, False]},
        )

    def test_what_an_automation_runs(self):
        action = self.env.ref("healthcare_rcm_base.automation_case_created_action")
        action.code = "pass"
        changes = self.changes(action, "ir.actions.server.changed")
        self.assertEqual(changes["code"], ["records._rcm_assign()", "pass"])

    def test_an_access_right(self):
        access = self.env["ir.model.access"].create(
            {
                "name": "test",
                "model_id": self.env["ir.model"]._get_id("rcm.exception.type"),
                "group_id": self.env.ref("healthcare_rcm_base.group_biller").id,
                "perm_write": True,
            }
        )
        created = self.changes(access, "ir.model.access.created")
        self.assertEqual(created["perm_write"], [None, True])

    def test_other_fields_write_nothing(self):
        user = ground.role_user(self.env, "biller")
        before = len(ground.audit_rows(self.env, user))
        user.signature = "<p>x</p>"
        self.assertEqual(len(ground.audit_rows(self.env, user)), before)
