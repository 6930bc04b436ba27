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


@tagged("post_install", "-at_install")
class TestRightsFromTheGroupSSide(TransactionCase):
    """Given to a role's people instead of to a person's roles: logged alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = ground.role_user(cls.env, "biller")
        cls.approver = cls.env.ref("healthcare_rcm_base.group_approver")
        cls.collector = cls.env.ref("healthcare_rcm_base.group_collector")

    def changes(self, record, event, field):
        """What the newest row of this event that names ``field`` says of it."""
        bodies = ground.audit_rows(self.env, record, event)._rcm_bodies()
        fitting = [id_ for id_, body in bodies.items() if field in body]
        self.assertTrue(fitting, f"no audit row for {field} in {event}")
        before, after = bodies[max(fitting)][field]
        return set(after or ()) - set(before or ()), set(before or ()) - set(after)

    def both(self, group, name, other, mirror):
        """(gained, lost) on the group, and as seen from the other record."""
        return (
            self.changes(group, "res.groups.changed", name),
            self.changes(other, f"{other._name}.changed", mirror),
        )

    def test_people_put_into_a_role_and_taken_out(self):
        ids, roles = {self.user.id}, {self.approver.id}
        for command, expected in (
            (Command.link(self.user.id), ((ids, set()), (roles, set()))),
            (Command.unlink(self.user.id), ((set(), ids), (set(), roles))),
        ):
            with self.subTest(command=command):
                self.approver.write({"user_ids": [command]})
                self.assertEqual(
                    self.both(self.approver, "user_ids", self.user, "group_ids"),
                    expected,
                )
        row = ground.audit_rows(self.env, self.user)[-1]
        self.assertEqual(row.record_name, self.user.login)

    def test_an_archived_person_too(self):
        self.user.active = False
        self.approver.write({"user_ids": [Command.link(self.user.id)]})
        self.assertEqual(
            self.both(self.approver, "user_ids", self.user, "group_ids"),
            (({self.user.id}, set()), ({self.approver.id}, set())),
        )

    def test_through_the_list_of_all_people_of_a_role(self):
        self.approver.all_user_ids = [Command.link(self.user.id)]
        self.assertEqual(
            self.both(self.approver, "user_ids", self.user, "group_ids"),
            (({self.user.id}, set()), ({self.approver.id}, set())),
        )

    def test_a_role_that_others_come_to_imply(self):
        self.approver.write({"implied_by_ids": [Command.link(self.collector.id)]})
        self.assertEqual(
            self.both(self.approver, "implied_by_ids", self.collector, "implied_ids"),
            (({self.collector.id}, set()), ({self.approver.id}, set())),
        )
        self.approver.write({"implied_by_ids": [Command.unlink(self.collector.id)]})
        self.assertEqual(
            self.both(self.approver, "implied_by_ids", self.collector, "implied_ids"),
            ((set(), {self.collector.id}), (set(), {self.approver.id})),
        )

    def test_record_rules_of_a_role(self):
        rule = self.approver.rule_groups[:1]
        if not rule:
            rule = self.env["ir.rule"].search([("groups", "!=", False)], limit=1)
            self.approver.write({"rule_groups": [Command.link(rule.id)]})
        self.approver.write({"rule_groups": [Command.unlink(rule.id)]})
        self.assertEqual(
            self.both(self.approver, "rule_groups", rule, "groups"),
            ((set(), {rule.id}), (set(), {self.approver.id})),
        )

    def test_a_new_role_with_people_in_it_and_its_end(self):
        group = self.env["res.groups"].create(
            {
                "name": "Backdoor",
                "user_ids": [Command.set(self.user.ids)],
                "implied_by_ids": [Command.set(self.collector.ids)],
            }
        )
        created = self.changes(group, "res.groups.created", "user_ids")
        self.assertEqual(created, ({self.user.id}, set()))
        given = self.changes(self.user, "res.users.changed", "group_ids")
        self.assertEqual(given, ({group.id}, set()))
        given = self.changes(self.collector, "res.groups.changed", "implied_ids")
        self.assertEqual(given, ({group.id}, set()))
        group_id = group.id
        group.unlink()
        taken = self.changes(self.user, "res.users.changed", "group_ids")
        self.assertEqual(taken, (set(), {group_id}))

    def test_nothing_changed_writes_nothing(self):
        self.approver.write({"user_ids": [Command.link(self.user.id)]})
        records = (self.approver, self.user)
        before = [len(ground.audit_rows(self.env, record)) for record in records]
        self.approver.write({"user_ids": [Command.link(self.user.id)]})
        after = [len(ground.audit_rows(self.env, record)) for record in records]
        self.assertEqual(after, before)
