"""Two administrators for the rules beside the policies, and every way round them."""

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from .test_rcm_approval_policy_change import ChangeCase

HIGH_RISK = "healthcare_rcm_approvals.rcm_approval_risk_rule_amount_10000"
MAKE_APPROVE = "healthcare_rcm_approvals.rcm_duty_conflict_create_approve"
EXACT = "healthcare_rcm_approvals.rcm_match_tolerance_default"


@tagged("post_install", "-at_install")
class TestSecondAdmin(ChangeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.risk = cls.env.ref(HIGH_RISK)
        cls.duty = cls.env.ref(MAKE_APPROVE)
        cls.tolerance = cls.env.ref(EXACT)
        cls.cases = (
            (cls.risk, "points", 90),
            (cls.duty, "severity", "1"),
            (cls.tolerance, "price_percent", 50.0),
        )

    def change_of(self, action):
        change = self.env[action["res_model"]].browse(action["res_id"])
        change.with_user(self.one).reason = "Auditors asked for it"
        return change.with_user(self.one)

    def test_one_alone_changes_makes_deletes_and_archives_nothing(self):
        for rule, name, value in self.cases:
            mine = rule.with_user(self.one)
            attempts = {
                "write": lambda m=mine, n=name, v=value: m.write({n: v}),
                "sudo": lambda m=mine, n=name, v=value: m.sudo().write({n: v}),
                "context": lambda m=mine, n=name, v=value: m.with_context(
                    rcm_applied=True, rcm_drafting=True
                ).write({n: v}),
                "archive": lambda m=mine: m.action_archive(),
                "copy": lambda m=mine: m.copy({"active": False}),
                "mark": lambda m=mine: m.write({"change_id": 1}),
                "marked": lambda m=mine: m.create({**m._rcm_new_rule, "change_id": 1}),
                "default": lambda m=mine: m.with_context(default_change_id=1).create(
                    {**m._rcm_new_rule, "active": False}
                ),
                "delete": lambda m=mine: m.sudo().unlink(),
            }
            if rule == self.duty:
                del attempts["copy"]  # a pair is unique anyhow
            for title, attempt in attempts.items():
                with self.subTest(rule=rule._name, attempt=title):
                    with self.assertRaises(UserError):
                        with self.env.cr.savepoint():
                            attempt()
                self.env.invalidate_all()
            self.assertNotEqual(rule[name], value)

    def test_another_administrators_approval_applies_the_change(self):
        for rule, name, value in self.cases:
            with self.subTest(rule=rule._name):
                before = rule[name]
                change = self.change_of(
                    rule.with_user(self.one).action_propose_change()
                )
                draft = change._rcm_draft().with_user(self.one)
                self.assertEqual((draft._name, draft.active), (rule._name, False))
                draft.write({name: value})
                self.assertTrue(change.difference)
                self.assertIn(rule.display_name, change.rule_name)
                change.action_propose()
                self.assertEqual((change.state, rule[name]), ("proposed", before))
                with self.assertRaises(UserError):
                    self.request_of(change).with_user(self.one).action_approve()
                self.decide(change, self.other)
                self.assertEqual((change.state, rule[name]), ("applied", value))
                self.assertFalse(draft.active)

    def test_a_draft_has_no_effect(self):
        change = self.change_of(self.risk.with_user(self.one).action_propose_change())
        change._rcm_draft().with_user(self.one).points = 77
        points = [one.points for one in self.risk._rcm_active_rules()]
        self.assertNotIn(77, points)
        change = self.change_of(
            self.tolerance.with_user(self.one).action_propose_change()
        )
        draft = change._rcm_draft().with_user(self.one)
        draft.write({"price_percent": 50, "amount": 1000, "sequence": 1})
        partner = self.env["res.partner"].create({"name": "Vendor"})
        lenient = self.tolerance.with_context(active_test=False)
        self.assertEqual(lenient._rcm_for(self.company, partner).price_percent, 0)
        with self.assertRaisesRegex(UserError, "by itself"):
            draft.write({"active": True})

    def test_who_edited_the_draft_does_not_approve_it_and_an_edit_voids(self):
        change = self.change_of(self.duty.with_user(self.one).action_propose_change())
        draft = change._rcm_draft()
        draft.with_user(self.other).severity = "1"
        change.action_propose()
        with self.assertRaises(UserError):
            self.request_of(change).with_user(self.other).action_approve()
        draft.with_user(self.one).severity = "2"
        self.assertEqual(self.request_of(change).state, "voided")

    def test_a_new_one_and_switching_off_and_on(self):
        new = self.change_of(
            self.env["rcm.approval.risk.rule"].with_user(self.one).action_propose_new()
        )
        draft = new._rcm_draft().with_user(self.one)
        draft.write({"limit_value": 555, "points": 33})
        new.action_propose()
        self.decide(new, self.other)
        self.assertTrue(draft.active)
        self.assertFalse(draft.change_id)
        self.assertIn(33, [one.points for one in draft._rcm_active_rules()])
        for active in (False, True):
            change = self.change_of(
                self.duty.with_user(self.one).action_propose_archive()
            )
            change.action_propose()
            self.decide(change, self.other)
            self.assertEqual(self.duty.active, active)
            self.assertEqual(("create", "approve") in self.duty._rcm_pairs(), active)

    def test_the_button_of_the_lists_works_over_the_wire(self):
        for rule, _name, _value in self.cases:
            model = self.env[rule._name].with_user(self.one)
            for chosen in ([], rule.ids):
                with self.subTest(rule=rule._name, chosen=chosen):
                    action = call_kw(model, "action_propose_new", [chosen], {})
                    change = self.env[action["res_model"]].browse(action["res_id"])
                    self.assertEqual(change._rcm_draft()._name, rule._name)
                    self.assertFalse(change._rcm_rule())

    def test_the_system_s_user_is_marked(self):
        self.risk.points = 11
        self.assertTrue(
            self.env["rcm.audit.log"].search_count(
                [
                    ("event", "=", "duty.override"),
                    ("model", "=", self.risk._name),
                    ("res_id", "=", self.risk.id),
                ]
            )
        )

    def test_without_the_setting_one_is_enough(self):
        self.company.sudo().rcm_policy_second_admin = False
        for rule, name, value in self.cases:
            rule.with_user(self.one).write({name: value})
            self.assertEqual(rule[name], value)

    def test_the_forms_bring_the_buttons(self):
        for rule, _name, _value in self.cases:
            with self.subTest(rule=rule._name):
                arch = rule.with_user(self.one).get_view(view_type="form")["arch"]
                self.assertIn("action_propose_change", arch)
                auditor = rule.with_user(self.make_role_user("auditor"))
                arch = auditor.get_view(view_type="form")["arch"]
                self.assertNotIn("action_propose_change", arch)
                with Form(rule.with_user(self.one)) as form:
                    self.assertTrue(form.second_admin)

    def test_other_roles_propose_nothing(self):
        for role in ("finance_manager", "auditor", "approver"):
            user = self.make_role_user(role)
            for rule, _name, _value in self.cases:
                with self.subTest(role=role), self.assertRaises(AccessError):
                    rule.with_user(user).action_propose_change()
            with self.assertRaises(AccessError):
                self.env["rcm.duty.conflict"].with_user(user).action_propose_new()
