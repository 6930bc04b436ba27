"""Steps: one after another, side by side, named people, managers, fields."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestSteps(RequestCase):
    def test_one_step_after_another(self):
        self.steps(
            {"sequence": 10, "group_id": self.approvers.id},
            {"sequence": 20, "group_id": self.managers.id},
        )
        request = self.ask()
        with self.assertRaises(UserError):
            request.with_user(self.manager).action_approve()
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.step_ids.mapped("state"), ["done", "open"])
        self.assertEqual(request.state, "pending")
        self.assertIn(self.manager, request.asked_ids)
        self.assertNotIn(self.approver, request.asked_ids)
        request.with_user(self.manager).action_approve()
        self.assertEqual(request.state, "approved")
        self.assertEqual(self.claim_of(request).state, "cleared")
        self.assertEqual(
            self.logged(request),
            [
                "asked",
                "step_opened",
                "approved",
                "step_done",
                "step_opened",
                "approved",
                "step_done",
                "closed",
            ],
        )

    def test_steps_side_by_side_are_asked_at_once_in_any_order(self):
        self.steps(
            {"sequence": 10, "group_id": self.approvers.id},
            {"sequence": 10, "group_id": self.managers.id},
        )
        request = self.ask()
        self.assertIn(self.manager, request.asked_ids)
        self.assertIn(self.approver, request.asked_ids)
        request.with_user(self.manager).action_approve()
        self.assertEqual(request.state, "pending")
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_one_person_never_counts_for_two_steps(self):
        self.approver.group_ids += self.managers
        self.steps(
            {"sequence": 10, "group_id": self.approvers.id},
            {"sequence": 20, "group_id": self.managers.id},
        )
        request = self.ask()
        request.with_user(self.approver).action_approve()
        with self.assertRaisesRegex(UserError, "already decided"):
            request.with_user(self.approver).action_approve()

    def test_named_people_decide_and_nobody_else(self):
        clerk = self.make_role_user("coder")
        self.steps({"approver_kind": "users", "user_ids": clerk.ids})
        request = self.ask()
        self.assertEqual(request.asked_ids, clerk)
        with self.assertRaises(UserError):
            request.with_user(self.approver).action_approve()
        # a person without the approver's role reads what is asked of them
        self.assertTrue(request.with_user(clerk).can_decide)
        self.assertIn("names you", request.with_user(clerk).why_me)
        request.with_user(clerk).action_approve()
        self.assertEqual(request.state, "approved")

    def test_the_manager_of_who_asks(self):
        self.biller.rcm_manager_id = self.manager
        self.steps({"approver_kind": "manager"})
        request = self.ask()
        self.assertEqual(request.asked_ids, self.manager)
        self.assertIn(self.biller.name, request.with_user(self.manager).why_me)
        request.with_user(self.manager).action_approve()
        self.assertEqual(request.state, "approved")

    def test_without_a_manager_nobody_is_asked_and_the_supervisors_know(self):
        self.steps({"approver_kind": "manager"})
        request = self.ask()
        self.assertFalse(request.asked_ids)
        request._rcm_watch_asked()
        self.assertEqual(request.rcm_case_ids.type_code, "approval_stalled")
        self.biller.rcm_manager_id = self.manager
        request._rcm_refresh_asked()
        request.with_user(self.manager).action_approve()
        self.assertFalse(request.rcm_case_ids)

    def test_the_person_in_a_field_of_the_document(self):
        self.steps({"approver_kind": "field", "field_name": "write_uid"})
        request = self.ask()
        claim = self.claim_of(request)
        self.assertEqual(
            request._rcm_entitled(request.step_ids),
            claim.write_uid._rcm_within_reach(self.company, claim.facility_id),
        )

    def test_a_reason_or_a_file_is_asked_for(self):
        self.steps(
            {
                "group_id": self.approvers.id,
                "require_reason": True,
                "require_attachment": True,
            }
        )
        request = self.ask()
        dialog = request.with_user(self.approver).action_approve()
        self.assertEqual(dialog["res_model"], "rcm.approval.decide")
        with self.assertRaisesRegex(UserError, "wants a reason"):
            self.dialog(request, self.approver, "approve")
        with self.assertRaisesRegex(UserError, "wants a file"):
            self.dialog(request, self.approver, "approve", reason="checked")
        self.env["ir.attachment"].create(
            {
                "name": "contract.txt",
                "raw": b"terms",
                "res_model": "rcm.claim",
                "res_id": request.res_id,
            }
        )
        self.dialog(request, self.approver, "approve", reason="checked")
        self.assertEqual(request.state, "approved")
        evidence = request.decision_ids.evidence
        self.assertEqual(evidence["files"][0][0], "contract.txt")

    def test_people_of_another_facility_or_company_are_not_asked(self):
        other = self.make_company("Elsewhere")
        stranger = self.make_role_user("approver", other)
        facility = self.env["rcm.facility"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        elsewhere = facility.copy({"code": "ELSE", "name": "Elsewhere"})
        self.other_approver.rcm_facility_ids = elsewhere
        request = self.ask()
        self.assertIn(self.approver, request.asked_ids)
        self.assertNotIn(self.other_approver, request.asked_ids)
        self.assertNotIn(stranger, request.asked_ids)
        with self.assertRaises(UserError):
            request.with_user(self.other_approver).action_approve()

    def test_a_new_approver_is_asked_once_the_clock_runs(self):
        request = self.ask()
        newcomer = self.make_role_user("approver")
        self.assertFalse(request.asked_checked_at)
        self.env["rcm.approval.request"]._cron_watch()
        self.assertIn(newcomer, request.asked_ids)
        newcomer.active = False
        self.env["rcm.approval.request"]._cron_watch()
        self.assertNotIn(newcomer, request.asked_ids)

    def test_who_may_not_decide_is_not_asked(self):
        preparer = self.make_role_user("approver")
        request = self.ask(user=preparer)
        self.assertNotIn(preparer, request.asked_ids)
        self.assertFalse(request.with_user(preparer).can_decide)

    def test_steps_cannot_be_written(self):
        request = self.ask()
        for values in ({"needed": 0}, {"state": "done"}, {"group_id": False}):
            with self.subTest(values), self.assertRaises(AccessError):
                request.step_ids.sudo().write(values)

    def test_asking_many_does_not_ask_the_database_much_for_each(self):
        claims = self.env["rcm.claim"]
        for index in range(20):
            claims |= self.make_claim("300.00", number=f"M{index}")
        self.env.flush_all()
        with self.assertQueryCount(20 * 25):
            claims._rcm_gate("clear")
            self.env.flush_all()
