"""Two administrators: proposals, their approval, and every way round them."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_rcm_approval_policy import PolicyCase


class ChangeCase(PolicyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one, cls.other = (cls.make_role_user("administrator") for _ in range(2))
        cls.env["rcm.approval.policy"].create(
            {
                "name": "Changes",
                "document_type": "policy_change",
                "step_ids": [
                    Command.create(
                        {
                            "group_id": cls.env.ref(
                                "healthcare_rcm_base.group_administrator"
                            ).id
                        }
                    )
                ],
            }
        )
        cls.company.rcm_policy_second_admin = True

    def begin(self, kind="change"):
        policy = self.high.with_user(self.one)
        action = {
            "change": policy.action_propose_change,
            "archive": policy.action_propose_archive,
            "new": self.env["rcm.approval.policy.change"]
            .with_user(self.one)
            .action_new_policy,
            "release": self.env["rcm.approval.policy.change"]
            .with_user(self.one)
            .action_release,
        }[kind]()
        change = self.env[action["res_model"]].browse(action["res_id"])
        change.with_user(self.one).reason = "Auditors asked for it"
        return change.with_user(self.one)

    def decide(self, change, user, decision="action_approve"):
        getattr(self.request_of(change).with_user(user), decision)()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestPolicyChange(ChangeCase):
    def test_another_administrator_s_approval_applies_the_change(self):
        change = self.begin()
        change.draft_id.with_user(self.one).write({"amount_from": 150})
        self.assertIn("150.00", change.sentence_after)
        self.assertIn("From", change.difference)
        change.action_propose()
        self.assertEqual((change.state, self.high.amount_from), ("proposed", 200))
        self.decide(change, self.other)
        self.assertEqual((change.state, self.high.amount_from), ("applied", 150))
        self.assertEqual(self.high.version_ids[0].user_id, self.one)
        self.assertIn(self.one.id, self.high.version_ids[0]._rcm_changed_by())

    def test_steps_are_taken_over_whole(self):
        change = self.begin()
        draft = change.draft_id.with_user(self.one)
        draft.step_ids = [
            Command.update(draft.step_ids.id, {"needed": 2}),
            Command.create({"sequence": 20, "approver_kind": "manager"}),
        ]
        change.action_propose()
        self.decide(change, self.other)
        self.assertEqual(
            [(step.approver_kind, step.needed) for step in self.high.step_ids],
            [("role", 2), ("manager", 1)],
        )

    def test_nobody_applies_his_own(self):
        change = self.begin()
        change.draft_id.with_user(self.one).amount_from = 150
        change.action_propose()
        with self.assertRaises(UserError):
            self.request_of(change).with_user(self.one).action_approve()
        self.assertEqual(self.high.amount_from, 200)

    def test_who_edited_the_draft_does_not_approve_it(self):
        change = self.begin()
        change.draft_id.with_user(self.other).amount_from = 150
        change.action_propose()
        self.assertIn(self.other.id, change._rcm_duties_done()["create"])
        with self.assertRaises(UserError):
            self.request_of(change).with_user(self.other).action_approve()

    def test_a_draft_edited_after_the_proposal_voids_the_request(self):
        for edit in (
            lambda draft: draft.write({"amount_from": 1}),
            lambda draft: draft.step_ids.write({"needed": 2}),
            lambda draft: draft.step_ids.unlink(),
        ):
            change = self.begin()
            change.draft_id.with_user(self.one).amount_from = 150
            change.action_propose()
            edit(change.draft_id.with_user(self.one))
            request = self.request_of(change)
            self.assertEqual(request.state, "voided")

    def test_a_policy_changed_meanwhile_voids_the_request(self):
        change = self.begin()
        change.draft_id.with_user(self.one).amount_from = 150
        change.action_propose()
        self.high.amount_to = 9000  # by the system's user: an override
        answer = self.request_of(change).with_user(self.other).action_approve()
        self.assertNotEqual(answer, True)
        self.assertEqual((change.state, self.high.amount_from), ("proposed", 200))

    def test_a_straight_through_policy_for_changes_does_not_apply_them(self):
        self.env["rcm.approval.policy"].search(
            [("document_type", "=", "policy_change")]
        ).step_ids.unlink()
        change = self.begin()
        change.draft_id.with_user(self.one).amount_from = 150
        with self.assertRaisesRegex(UserError, "another administrator"):
            change.action_propose()
        self.assertEqual(self.high.amount_from, 200)

    def test_archive_new_and_release(self):
        archive = self.begin("archive")
        archive.action_propose()
        self.decide(archive, self.other)
        self.assertFalse(self.high.active)
        new = self.begin("new")
        new.draft_id.with_user(self.one).write({"name": "Fresh", "amount_from": 200})
        new.action_propose()
        self.assertFalse(new.draft_id.active)
        self.decide(new, self.other)
        self.assertTrue(new.policy_id.active)
        self.assertFalse(new.policy_id.change_id)
        release = self.begin("release")
        release.action_propose()
        self.decide(release, self.other)
        self.assertFalse(self.company.rcm_policy_second_admin)

    def test_every_way_round_is_closed(self):
        high = self.high.with_user(self.one)
        draft = self.begin().draft_id.with_user(self.one)
        policies = self.env["rcm.approval.policy"].with_user(self.one)
        attempts = {
            "write": lambda: high.write({"amount_from": 1}),
            "context": lambda: high.with_context(
                rcm_applied=True, rcm_versioning=True
            ).write({"amount_from": 1}),
            "sudo": lambda: high.sudo().write({"amount_from": 1}),
            "archive": lambda: high.action_archive(),
            "step": lambda: high.step_ids.write({"needed": 9}),
            "step gone": lambda: high.step_ids.unlink(),
            "new step": lambda: self.env["rcm.approval.policy.step"]
            .with_user(self.one)
            .create({"policy_id": high.id, "approver_kind": "manager"}),
            "step moved": lambda: draft.step_ids.write({"policy_id": high.id}),
            "create": lambda: policies.create({"name": "x", "document_type": "claim"}),
            "copy": lambda: high.copy({"sequence": 1}),
            "live draft": lambda: draft.write({"active": True}),
            "draft mark": lambda: draft.write({"change_id": False}),
            "mark as draft": lambda: policies.create(
                {"name": "x", "document_type": "claim", "change_id": draft.change_id.id}
            ),
            "another company": lambda: high.write(
                {"company_id": self.make_company("Elsewhere").id}
            ),
            "setting": lambda: self.company.with_user(self.one)
            .sudo()
            .write({"rcm_policy_second_admin": False}),
            "setting by context": lambda: self.company.with_user(self.one)
            .sudo()
            .with_context(rcm_release=True)
            .write({"rcm_policy_second_admin": False}),
            "state": lambda: draft.change_id.sudo().write({"state": "applied"}),
            "proposer": lambda: draft.change_id.sudo().write(
                {"proposed_by_id": self.other.id}
            ),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(UserError):
                with self.env.cr.savepoint():
                    attempt()
            self.env.invalidate_all()
        self.assertEqual(self.high.amount_from, 200)

    def test_the_name_and_the_review_are_no_rules(self):
        self.high.with_user(self.one).write({"name": "Larger", "review_months": 6})
        self.assertEqual(self.high.name, "Larger")

    def test_a_reason_is_needed(self):
        change = self.begin()
        change.reason = " "
        with self.assertRaises(ValidationError):
            change.action_propose()

    def test_take_back_and_give_up(self):
        change = self.begin()
        change.draft_id.with_user(self.one).amount_from = 150
        change.action_propose()
        change.action_revise()
        self.assertEqual(change.state, "draft")
        self.assertEqual(self.request_of(change).state, "voided")
        change.action_withdraw()
        self.assertEqual(change.state, "withdrawn")

    def test_the_system_s_user_is_marked(self):
        self.high.amount_to = 9000
        self.assertTrue(
            self.env["rcm.audit.log"].search_count(
                [("event", "=", "duty.override"), ("res_id", "=", self.high.id)]
            )
        )

    def test_other_roles_propose_nothing(self):
        for role in ("finance_manager", "auditor", "approver"):
            user = self.make_role_user(role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.high.with_user(user).action_propose_change()

    def test_companies_without_the_setting_change_at_once(self):
        self.company.sudo().write({"rcm_policy_second_admin": False})
        self.high.with_user(self.one).amount_from = 250
        self.assertEqual(self.high.amount_from, 250)
