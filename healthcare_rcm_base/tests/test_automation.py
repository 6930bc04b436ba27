from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.rcm_automation import LINKS, MODELS
from ..models.rcm_automation_run import failure_text
from . import common_ground as ground


class AutomationCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Entry = cls.env["rcm.automation"]
        cls.Run = cls.env["rcm.automation.run"]
        cls.administrator = ground.role_user(cls.env, "administrator")
        cls.cron = cls.env.ref("healthcare_rcm_base.cron_watch_exceptions")
        cls.entry = cls.Entry.search([("cron_id", "=", cls.cron.id)])
        cls.mine = cls.entry.with_user(cls.administrator)

    def own(self, kind):
        """The suite's own automations of a kind."""
        domain = [("model_id.model", "=like", "rcm.%")]
        if kind == "button":
            domain.append(("usage", "=", "ir_actions_server"))
        return self.env[MODELS[kind]].with_context(active_test=False).search(domain)


@tagged("post_install", "-at_install")
class TestRegister(AutomationCase):
    def test_everything_the_suite_does_by_itself_is_in_the_register(self):
        for kind in MODELS:
            with self.subTest(kind=kind):
                works = self.own(kind)
                self.assertTrue(works)
                entries = self.Entry.search([("kind", "=", kind)])
                self.assertEqual(entries[LINKS[kind]], works)

    def test_each_says_what_it_does(self):
        self.Entry._rcm_sync()  # as the upgrade of a database does
        silent = self.Entry.search([("purpose", "=", False)])
        self.assertEqual(silent.mapped("name"), [], "give the method a docstring")
        self.assertFalse(self.Entry.search([("review_date", "=", False)]))
        self.assertIn("Wake waiting cases", self.entry.purpose)

    def test_a_new_one_enters_itself(self):
        rule = self.env["base.automation"].create(
            {
                "name": "Theirs and ours",
                "model_id": self.env.ref("healthcare_rcm_base.model_rcm_claim").id,
                "trigger": "on_create",
            }
        )
        self.assertTrue(self.Entry.search([("rule_id", "=", rule.id)]))
        other = rule.copy({"model_id": self.env.ref("base.model_res_partner").id})
        self.assertFalse(self.Entry.search([("rule_id", "=", other.id)]))
        before = self.Entry.search_count([])
        self.Entry._rcm_sync()
        self.assertEqual(self.Entry.search_count([]), before)

    def test_a_change_raises_the_version_and_is_logged(self):
        version = self.entry.version
        self.cron.interval_number = 7
        self.assertEqual(self.entry.version, version + 1)
        self.cron.interval_number = 7
        self.cron.nextcall = fields.Datetime.now()
        self.assertEqual(self.entry.version, version + 1, "nothing changed")
        self.cron.code = "model._cron_watch()\n"
        self.assertEqual(self.entry.version, version + 2)
        self.assertTrue(ground.audit_rows(self.env, self.cron, "ir.cron.changed"))
        row = ground.audit_rows(self.env, self.entry, "rcm.automation.changed")[-1]
        self.assertEqual(
            row._rcm_bodies()[row.id]["version"], [version + 1, version + 2]
        )

    def test_a_rule_s_action_is_part_of_the_rule(self):
        rule = self.env.ref("healthcare_rcm_base.automation_case_created")
        entry = self.Entry.search([("rule_id", "=", rule.id)])
        version = entry.version
        rule.action_server_ids.code = "records._rcm_assign()  # changed"
        self.assertEqual(entry.version, version + 1)

    def test_the_administrator_switches_and_times(self):
        self.mine.write(
            {"enabled": False, "interval_number": 15, "interval_type": "minutes"}
        )
        self.assertEqual(
            (self.cron.active, self.cron.interval_number, self.cron.interval_type),
            (False, 15, "minutes"),
        )
        self.assertIn("15 minutes", self.entry.when)
        self.mine.enabled = True
        self.assertTrue(self.cron.active)
        with self.assertRaises(UserError):
            self.mine.interval_number = 0

    def test_what_it_runs_and_its_version_are_not_the_administrator_s(self):
        for vals in ({"version": 9}, {"cron_id": False}, {"reviewed_by_id": 1}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                self.mine.write(vals)
        self.assertFalse(
            self.env["ir.cron"].with_user(self.administrator).has_access("write")
        )

    def test_run_now(self):
        before = self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.cron.id)]
        )
        self.mine.action_run_now()
        after = self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.cron.id)]
        )
        self.assertEqual(after, before + 1)
        button = self.Entry.search([("kind", "=", "button")], limit=1)
        with self.assertRaises(UserError):
            button.with_user(self.administrator).action_run_now()

    def test_roles(self):
        readers = (
            "administrator",
            "auditor",
            "integration_support",
            "finance_manager",
        )
        for role in ground.ROLES:
            user = ground.role_user(self.env, role)
            entry = self.entry.with_user(user)
            with self.subTest(role=role):
                self.assertEqual(entry.has_access("read"), role in readers)
                self.assertEqual(
                    self.Run.with_user(user).has_access("read"), role in readers
                )
                self.assertEqual(entry.has_access("write"), role == "administrator")
                self.assertFalse(entry.has_access("create"))
                self.assertFalse(entry.has_access("unlink"))
                if role != "administrator":
                    for step in (entry.action_run_now, entry.action_reviewed):
                        with self.assertRaises(AccessError):
                            step()


@tagged("post_install", "-at_install")
class TestReview(AutomationCase):
    def test_every_entry_has_an_owner_from_the_start(self):
        self.assertFalse(self.Entry.search([("owner_id", "=", False)]))
        boss = ground.role_user(self.env, "administrator")
        self.assertTrue(self.Entry._rcm_default_owner())
        rule = self.env["base.automation"].create(
            {
                "name": "New",
                "model_id": self.env["ir.model"]._get_id("rcm.claim"),
                "trigger": "on_create",
            }
        )
        entry = self.Entry.search([("rule_id", "=", rule.id)])
        self.assertTrue(
            entry.owner_id == boss
            or entry.owner_id.has_group("healthcare_rcm_base.group_administrator")
        )
        entry.owner_id = False
        self.Entry._rcm_sync()
        self.assertTrue(entry.owner_id)

    def test_a_due_review_is_a_case_of_the_owner_once(self):
        support = ground.role_user(self.env, "integration_support")
        self.mine.write({"review_date": fields.Date.today(), "owner_id": support.id})
        for _time in range(2):
            self.Entry._rcm_chase_reviews()
            self.env.invalidate_all()
        case = self.entry.rcm_case_ids
        self.assertEqual(len(case), 1)
        self.assertEqual(
            (case.type_code, case.owner_id), ("automation_review", support)
        )
        self.assertEqual(case.occurrence_count, 1)
        self.mine.action_reviewed()
        self.assertEqual(case.state, "resolved")
        self.assertEqual(self.entry.reviewed_by_id, self.administrator)
        self.assertGreater(
            self.entry.review_date, fields.Date.today() + timedelta(days=360)
        )

    def test_not_due_is_left_alone(self):
        self.Entry._rcm_chase_reviews()
        self.assertFalse(self.entry.rcm_case_ids)


@tagged("post_install", "-at_install")
class TestRunLog(AutomationCase):
    def run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
        return self.entry.run_ids

    def test_idle_runs_share_a_line(self):
        self.run_cron()
        self.run_cron()
        line = self.entry.run_ids
        self.assertEqual((len(line), line.runs, line.processed), (1, 2, 0))
        self.assertEqual(line.outcome, "ok")
        self.assertTrue(self.entry.last_run_at)

    def test_work_done_is_counted(self):
        case = ground.make_case(self.env, "LATE", code="price_missing", res_id=1)
        case._rcm_write({"due_at": fields.Datetime.now() - timedelta(hours=1)})
        self.run_cron()
        self.assertEqual(self.entry.run_ids.processed, 1)
        self.assertGreaterEqual(self.entry.run_ids.seconds, 0)

    def test_a_failure_is_noted_without_its_text(self):
        def fail(model):
            raise ValueError("CANARY Smith, John")

        noted = []
        self.patch(
            self.registry["rcm.automation.run"],
            "_rcm_note_failure",
            lambda run, entry, seconds, error: noted.append((entry, error)),
        )
        self.patch(self.registry["rcm.exception.case"], "_cron_watch", fail)
        with mute_logger("odoo.addons.base.models.ir_cron"):
            self.run_cron()
        [(entry, error)] = noted
        self.assertEqual(entry, self.entry.id)
        text = failure_text(error)
        self.assertIn("ValueError", text)
        self.assertIn("test_automation.py", text)
        self.assertNotIn("CANARY", text)
        self.Run._rcm_note(entry, 0.1, 0, error=error)
        self.env.invalidate_all()
        self.assertEqual(self.entry.failed_count, 1)
        self.assertEqual(self.entry.run_ids[:1].outcome, "failed")

    def test_a_rule_leaves_one_line_a_transaction(self):
        rule = self.env.ref("healthcare_rcm_base.automation_case_created")
        entry = self.Entry.search([("rule_id", "=", rule.id)])
        before = len(entry.run_ids)
        for number in range(5):
            ground.make_case(self.env, f"R{number}", res_id=500 + number)
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        line = entry.run_ids[:1]
        self.assertEqual(len(entry.run_ids), before + 1)
        self.assertEqual((line.processed, line.runs), (5, 5))

    def test_a_failing_rule_is_noted_and_still_fails(self):
        noted = []
        self.patch(
            self.registry["rcm.automation.run"],
            "_rcm_note_failure",
            lambda run, entry, seconds, error: noted.append(entry),
        )
        with (
            patch.object(
                self.registry["rcm.exception.case"], "_rcm_assign", side_effect=KeyError
            ),
            self.assertRaises(ValueError),
            self.env.cr.savepoint(),
        ):
            ground.make_case(self.env, "F", res_id=600)
        self.assertEqual(len(noted), 1)

    def test_a_server_action_of_a_person_is_counted(self):
        action = self.env.ref("healthcare_rcm_base.action_claim_reprocess")
        entry = self.Entry.search([("action_id", "=", action.id)])
        with patch.object(
            self.registry["rcm.claim"], "action_rcm_reprocess", return_value=False
        ):
            biller = ground.role_user(self.env, "biller")
            claims = self.env["rcm.claim"]
            self.patch(
                self.registry["ir.actions.server"],
                "_can_execute_action_on_records",
                lambda self, records: None,
            )
            action.with_user(biller).sudo().with_context(
                active_model=claims._name, active_ids=[1, 2, 3], active_id=1
            ).run()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        self.assertEqual(entry.run_ids[:1].processed, 3)

    def test_old_lines_go(self):
        self.Run._rcm_note(self.entry.id, 0.1, 1)
        self.Run._rcm_note(self.entry.id, 0.1, 2)
        self.env.cr.execute(
            """UPDATE rcm_automation_run SET started_at = now() - interval '91 days'
                WHERE automation_id = %s AND processed = 1""",
            [self.entry.id],
        )
        self.Run._rcm_trim()
        self.env.invalidate_all()
        self.assertEqual(self.entry.run_ids.mapped("processed"), [2])

    def test_nobody_writes_the_log_by_hand(self):
        with self.assertRaises(AccessError):
            self.Run.sudo().create({"automation_id": self.entry.id})


@tagged("post_install", "-at_install")
class TestActor(TransactionCase):
    """A rule that runs on a person's save: the rule's work, in the person's name."""

    def setUp(self):
        super().setUp()
        self.biller = ground.role_user(self.env, "biller")
        # their own name, whatever rights the test needs
        self.theirs = self.env(user=self.biller.id, su=True)
        self.rule = self.env.ref("healthcare_rcm_base.automation_case_created")
        self.action = self.env.ref("healthcare_rcm_base.automation_case_created_action")

    def actor(self, case, event):
        row = ground.audit_rows(self.env, case, event)[-1]
        return row.actor_kind, row.source, row.actor_uid

    def test_a_rule_s_rows_say_so_and_others_do_not(self):
        self.action.code = "records._rcm_emit('test.rule', source='somewhere')"
        case = ground.make_case(self.theirs)
        self.assertEqual(
            self.actor(case, "test.rule"),
            ("automation", self.rule.name, self.biller.id),
        )
        case._rcm_emit("test.person")
        self.assertEqual(self.actor(case, "test.person")[0], "person")

    def test_a_rule_that_fails_leaves_no_mark(self):
        self.action.code = "raise UserError('no')"
        with self.assertRaises(UserError), mute_logger("odoo.addons.base.models"):
            ground.make_case(self.theirs)
        self.assertEqual(self.theirs["rcm.audit.log"]._rcm_actor()["kind"], "person")

    def test_a_button_is_the_person_s_work(self):
        case = ground.make_case(self.theirs)
        button = self.action.copy({"base_automation_id": False})
        button.write({"usage": "ir_actions_server", "code": "record._rcm_emit('b')"})
        button.with_env(self.theirs).with_context(
            active_model=case._name, active_id=case.id
        ).run()
        self.assertEqual(self.actor(case, "b")[0], "person")

    def test_no_context_makes_a_person_a_rule(self):
        forged = self.theirs["rcm.audit.log"].with_context(
            rcm_running_rule=self.rule, __action_done={self.rule: True}
        )
        self.assertEqual(forged._rcm_actor()["kind"], "person")
