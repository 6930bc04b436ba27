"""Asking, answering, forwarding, withdrawing."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestWork(RequestCase):
    def test_a_question_goes_to_who_asked_and_comes_back_with_the_answer(self):
        request = self.ask()
        request.with_user(self.approver).action_ask_information()
        self.dialog(request, self.approver, "ask", reason="Agreed with the payer?")
        self.assertEqual(request.state, "info_requested")
        self.assertEqual(request.question, "Agreed with the payer?")
        self.assertEqual(request.activity_ids.user_id, self.biller)
        self.assertTrue(request.with_user(self.biller).can_answer)
        self.assertFalse(request.with_user(self.approver).can_answer)
        self.dialog(request, self.biller, "answer", reason="Yes, by letter")
        self.assertEqual(request.state, "pending")
        self.assertFalse(request.question)
        self.assertEqual(
            set(request.activity_ids.user_id), set(request.asked_ids), "asked again"
        )
        texts = request.log_ids.filtered(
            lambda row: row.kind in ("information", "answer")
        )
        self.assertEqual(
            texts.sorted("id").mapped("text"),
            ["Agreed with the payer?", "Yes, by letter"],
        )
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_only_who_may_decide_asks_and_only_who_works_on_it_answers(self):
        request = self.ask()
        with self.assertRaises(UserError):
            self.dialog(request, self.biller, "ask", reason="why?")
        with self.assertRaisesRegex(UserError, "Nobody asked"):
            self.dialog(request, self.biller, "answer", reason="because")
        self.dialog(request, self.approver, "ask", reason="why?")
        with self.assertRaisesRegex(UserError, "open already"):
            self.dialog(request, self.other_approver, "ask", reason="and how?")
        with self.assertRaises(AccessError):
            self.dialog(request, self.other_approver, "answer", reason="because")
        self.dialog(request, self.make_role_user("biller"), "answer", reason="so")
        with self.assertRaises(UserError):
            self.dialog(request, self.biller, "answer", reason="again")

    def test_an_approver_may_decide_without_waiting_for_the_answer(self):
        request = self.ask()
        self.dialog(request, self.approver, "ask", reason="why?")
        request.with_user(self.other_approver).action_approve()
        self.assertEqual(request.state, "approved")
        self.assertFalse(request.activity_ids)

    def test_who_asked_and_decides_anyway_drops_the_question(self):
        self.steps(
            {"sequence": 10, "group_id": self.approvers.id},
            {"sequence": 20, "group_id": self.managers.id},
        )
        request = self.ask()
        self.dialog(request, self.approver, "ask", reason="why?")
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "pending")
        self.assertFalse(request.question)
        self.assertEqual(request.activity_ids.user_id, request.asked_ids)
        self.assertIn(self.manager, request.asked_ids)

    def test_forwarding_moves_the_question_and_gives_no_right(self):
        request = self.ask()
        self.dialog(
            request,
            self.approver,
            "forward",
            user_id=self.other_approver.id,
            reason="yours",
        )
        self.assertEqual(request.asked_ids, self.other_approver)
        self.assertEqual(request.activity_ids.user_id, self.other_approver)
        self.assertIn("forwarded", request.with_user(self.other_approver).why_me)
        request.with_user(self.other_approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_forwarding_to_somebody_without_the_right_is_refused(self):
        preparer = self.make_role_user("approver")
        request = self.ask(user=preparer)
        attempts = {
            self.biller: "gives nobody a right",
            self.manager: "gives nobody a right",
            preparer: "prepared",
            self.approver: "have it already",
        }
        for user, text in attempts.items():
            with self.subTest(user.login), self.assertRaisesRegex(UserError, text):
                self.dialog(
                    request, self.approver, "forward", user_id=user.id, reason="take it"
                )
        wizard = (
            self.env["rcm.approval.decide"]
            .with_user(self.approver)
            .new({"kind": "forward", "request_ids": [(6, 0, request.ids)]})
        )
        self.assertIn(self.other_approver, wizard.candidate_ids._origin)
        self.assertNotIn(preparer, wizard.candidate_ids._origin)

    def test_forwarding_needs_the_right_oneself(self):
        request = self.ask()
        with self.assertRaises(UserError):
            self.dialog(
                request,
                self.biller,
                "forward",
                user_id=self.other_approver.id,
                reason="x",
            )

    def test_who_asked_withdraws_and_may_ask_again(self):
        request = self.ask()
        request.with_user(self.biller).action_withdraw()
        self.assertEqual(request.state, "withdrawn")
        self.assertFalse(request.activity_ids)
        self.assertFalse(request.asked_ids)
        self.assertEqual(request.step_ids.state, "ended")
        with self.assertRaises(UserError):
            request.with_user(self.biller).action_withdraw()
        claim = self.claim_of(request)
        claim._rcm_gate("clear")
        self.assertEqual(len(self.request_of(claim)), 2)

    def test_strangers_of_another_company_do_nothing(self):
        request = self.ask()
        company = self.make_company("Elsewhere")
        stranger = self.make_role_user("approver", company)
        for action in (
            "action_approve",
            "action_refuse",
            "action_ask_information",
            "action_forward",
            "action_withdraw",
        ):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(request.with_user(stranger), action)()

    def test_people_without_a_part_in_it_do_not_read_it(self):
        request = self.ask()
        coder = self.make_role_user("coder")
        seen = self.env["rcm.approval.request"].with_user(coder).search([])
        self.assertNotIn(request, seen)
        for model in ("step", "decision", "log"):
            name = f"rcm.approval.{'request.step' if model == 'step' else model}"
            found = (
                self.env[name]
                .with_user(coder)
                .search([("request_id", "=", request.id)])
            )
            self.assertFalse(found)

    def test_nothing_is_written_around_the_doors(self):
        request = self.ask()
        for values in (
            {"state": "approved"},
            {"asked_ids": [(6, 0, self.biller.ids)]},
            {"policy_version_id": self.low.version_ids[:1].id},
            {"auto_at": "2020-01-01 00:00:00"},
            {"requester_id": self.approver.id},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                request.sudo().write(values)
