"""Activities and mails: who gets them, deciding by them, and no patient in them."""

from unittest.mock import patch

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestActivity(RequestCase):
    def activity_of(self, request, user):
        return request.activity_ids.filtered(lambda item: item.user_id == user)

    def test_everybody_who_is_asked_has_one_and_it_goes_with_the_decision(self):
        request = self.ask()
        self.assertEqual(request.activity_ids.user_id, request.asked_ids)
        request._rcm_refresh_asked()
        self.assertEqual(len(request.activity_ids), len(request.asked_ids))
        mine = self.activity_of(request, self.approver)
        request.with_user(self.approver).action_approve()
        self.assertFalse(request.activity_ids)
        self.assertFalse(mine.exists() and mine.active, "done with the decision")

    def test_marking_it_as_done_approves_with_the_remark(self):
        request = self.ask()
        mine = self.activity_of(request, self.approver)
        mine.with_user(self.approver).action_feedback(feedback="looks right")
        self.assertEqual(request.state, "approved")
        self.assertEqual(request.decision_ids.user_id, self.approver)
        self.assertEqual(request.decision_ids.reason, "looks right")

    def test_marking_somebody_elses_as_done_decides_nothing(self):
        request = self.ask()
        mine = self.activity_of(request, self.approver)
        with self.assertRaises(UserError):
            mine.with_user(self.other_approver).action_feedback()
        self.assertEqual(request.state, "pending")

    def test_what_the_rules_forbid_the_activity_does_not_give(self):
        request = self.ask()
        mine = self.activity_of(request, self.approver)
        request._rcm_write({"requester_id": self.approver.id})
        with self.assertRaisesRegex(UserError, "someone else"):
            mine.with_user(self.approver).action_feedback()
        self.assertFalse(request.decision_ids)

    def test_with_more_needed_the_first_ones_is_done_and_the_request_stays(self):
        self.steps({"group_id": self.approvers.id, "needed": 2})
        request = self.ask()
        mine = self.activity_of(request, self.approver)
        mine.with_user(self.approver).action_feedback(feedback="one")
        self.assertEqual(request.state, "pending")
        self.assertFalse(mine.active)
        self.assertIn(self.other_approver, request.activity_ids.user_id)

    def test_other_activities_are_left_alone(self):
        request = self.ask()
        todo = request.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.approver.id
        )
        todo.with_user(self.approver).action_feedback(feedback="read")
        self.assertEqual(request.state, "pending")


@tagged("post_install", "-at_install")
class TestMail(RequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.approver.email = "approver@example.com"

    def mails(self):
        return self.env["mail.mail"].search(
            [("email_to", "like", "approver@example.com")]
        )

    def test_one_mail_with_the_ways_to_decide(self):
        claims = self.env["rcm.claim"]
        for index in range(3):
            claims |= self.make_claim("300.00", number=f"B{index}")
        claims.with_user(self.biller).sudo()._rcm_gate("clear")
        mail = self.mails()
        self.assertEqual(len(mail), 1, "one for everything asked at once")
        self.assertEqual(mail.body_html.count("/rcm/approval/"), 6)
        for claim in claims:
            self.assertIn(claim.name, mail.body_html)

    def test_no_patient_in_mails_activities_and_history(self):
        request = self.ask()
        claim = self.claim_of(request)
        patient = claim.patient_id
        self.dialog(request, self.approver, "ask", reason="why?")
        texts = [
            self.mails().mapped("body_html"),
            request.activity_ids.mapped("summary"),
            request.activity_ids.mapped("note"),
            request.log_ids.mapped("text"),
            [request.name, request.why, str(request.facts)],
        ]
        text = str(texts)
        for secret in (patient.last_name, patient.first_name, patient.mrn):
            self.assertTrue(secret)
            self.assertNotIn(secret, text)

    def test_switched_off_nobody_gets_mail(self):
        self.company.rcm_approval_mail = False
        self.ask()
        self.assertFalse(self.mails())


@tagged("post_install", "-at_install")
class TestRequesterIsTold(RequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller.email = "biller@example.com"

    def mails(self):
        return self.env["mail.mail"].search([("email_to", "like", "biller@example")])

    def test_of_the_approval_without_patient_data(self):
        request = self.ask()
        self.dialog(request, self.approver, "approve", reason="As agreed")
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn("Approved: As agreed", mail.body_html)
        self.assertIn(request.name, mail.subject)
        self.assertNotIn("/rcm/approval/", mail.body_html, "nothing to decide")
        patient = self.claim_of(request).patient_id
        for secret in (patient.last_name, patient.first_name, patient.mrn):
            self.assertNotIn(secret, mail.body_html + mail.subject)

    def test_only_once_everybody_agreed(self):
        self.steps({"group_id": self.approvers.id, "needed": 2})
        request = self.ask()
        request.with_user(self.approver).action_approve()
        self.assertFalse(self.mails())
        request.with_user(self.other_approver).action_approve()
        self.assertEqual(len(self.mails()), 1)

    def test_of_the_refusal(self):
        request = self.ask()
        self.dialog(request, self.approver, "refuse", reason="Wrong payer")
        self.assertIn("Refused: Wrong payer", self.mails().body_html)

    def test_on_the_screen_too(self):
        sent = []
        users = type(self.env["res.users"])
        with patch.object(
            users,
            "_bus_send",
            lambda user, kind, message, **_more: sent.append((user, kind, message)),
        ):
            request = self.ask()
            request.with_user(self.approver).action_approve()
        notes = [row for row in sent if row[1] == "simple_notification"]
        self.assertEqual([row[0] for row in notes], [self.biller])
        self.assertEqual(notes[0][2]["title"], request.name)

    def test_nobody_where_an_automation_asked(self):
        claim = self.make_claim("300.00", number="AUTO")
        claim.with_user(SUPERUSER_ID)._rcm_gate("clear")
        self.request_of(claim).with_user(self.approver).action_approve()
        self.assertEqual(claim.state, "cleared")
        self.assertFalse(self.mails())


@tagged("post_install", "-at_install")
class TestAutomationOfRequests(RequestCase):
    """What a house wants to happen around approvals is an automation rule."""

    def test_a_rule_sees_that_a_request_was_approved(self):
        rule = self.env["base.automation"].create(
            {
                "name": "Approved",
                "model_id": self.env["ir.model"]._get_id("rcm.approval.request"),
                "trigger": "on_create_or_write",
                "trigger_field_ids": [
                    Command.set(
                        self.env["ir.model.fields"]
                        ._get("rcm.approval.request", "state")
                        .ids
                    )
                ],
                "filter_pre_domain": "[('state', '!=', 'approved')]",
                "filter_domain": "[('state', '=', 'approved')]",
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Note",
                "model_id": rule.model_id.id,
                "usage": "base_automation",
                "base_automation_id": rule.id,
                "state": "code",
                "code": "record.message_post(body='Filed')",
            }
        )
        approved, refused = self.ask(), self.ask()
        approved.with_user(self.approver).action_approve()
        self.dialog(refused, self.approver, "refuse", reason="no")
        self.assertIn("Filed", str(approved.message_ids.mapped("body")))
        self.assertNotIn("Filed", str(refused.message_ids.mapped("body")))
