"""Delegation and absence: limits, circles, the whole chain, revoking."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..models.rcm_approval_policy import DOCUMENT_TYPES
from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestDelegation(RequestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_approver.active = False
        cls.delegate_user = cls.make_role_user("finance_manager")

    def test_the_delegate_decides_on_behalf_and_it_is_recorded(self):
        self.delegate(self.approver, self.delegate_user)
        request = self.ask()
        self.assertEqual(request.asked_ids, self.approver | self.delegate_user)
        mine = request.with_user(self.delegate_user)
        self.assertIn(self.approver.name, mine.why_me)
        mine.action_approve()
        decision = request.decision_ids
        self.assertEqual(decision.user_id, self.delegate_user)
        self.assertEqual(decision.on_behalf_of_id, self.approver)
        self.assertEqual(decision.evidence["on_behalf_of"], self.approver.id)
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "approval.approved"), ("res_id", "=", request.id)]
        )
        self.assertIn("on_behalf_of_id", row.changes_json)

    def test_nobody_counts_twice_through_a_delegation(self):
        self.steps({"group_id": self.approvers.id, "needed": 2})
        self.other_approver.active = True
        self.delegate(self.approver, self.delegate_user)
        request = self.ask()
        request.with_user(self.delegate_user).action_approve()
        self.assertEqual(request.state, "pending")
        for user in (self.delegate_user, self.approver):
            with self.assertRaisesRegex(UserError, "already decided"):
                request.with_user(user).action_approve()
        request.with_user(self.other_approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_nobody_approves_their_own_through_a_second_person(self):
        """The preparer's right, used by a colleague; and a colleague's, by the
        preparer."""
        preparer = self.make_role_user("approver")
        self.delegate(preparer, self.delegate_user)
        request = self.ask(user=preparer)
        with self.assertRaisesRegex(UserError, "someone else"):
            request.with_user(self.delegate_user).action_approve()
        self.delegate(self.approver, preparer)
        with self.assertRaisesRegex(UserError, "someone else"):
            request.with_user(preparer).action_approve()
        self.assertEqual(request.asked_ids, self.approver)

    def test_a_delegate_cannot_hand_it_on(self):
        third = self.make_role_user("biller")
        self.delegate(self.approver, self.delegate_user)
        self.delegate(self.delegate_user, third)
        request = self.ask(user=self.make_role_user("biller"))
        self.assertNotIn(third, request.asked_ids)
        with self.assertRaises(UserError):
            request.with_user(third).action_approve()

    def test_circles_are_refused_over_any_number_of_people(self):
        third = self.make_role_user("approver")
        self.delegate(self.approver, self.delegate_user)
        with self.assertRaisesRegex(ValidationError, "circle"):
            self.delegate(self.delegate_user, self.approver)
        self.delegate(self.delegate_user, third)
        with self.assertRaisesRegex(ValidationError, "circle"):
            self.delegate(third, self.approver)
        later = fields.Datetime.now() + timedelta(days=10)
        self.delegate(
            third, self.approver, date_from=later, date_to=later + timedelta(days=1)
        )

    def types(self, *codes):
        terms = self.env["rcm.approval.term"].search(
            [("kind", "=", "document_type"), ("code", "in", codes)]
        )
        self.assertEqual(len(terms), len(codes))
        return terms.ids

    def test_every_type_of_document_can_be_delegated_by_itself(self):
        kinds = {kind for kind, _name in DOCUMENT_TYPES}
        terms = self.env["rcm.approval.term"].search([("kind", "=", "document_type")])
        self.assertEqual(set(terms.mapped("code")), kinds)
        for role in ("payables", "collector", "approver"):
            self.assertTrue(terms.with_user(self.make_role_user(role)).mapped("name"))

    def test_limits_hold(self):
        request = self.ask("300.00")
        limits = {
            "amount": {"amount_to": 299.99},
            "document": {"document_type_ids": self.types("vendor_bill", "payment")},
            "later": {"date_from": fields.Datetime.now() + timedelta(hours=1)},
        }
        for name, values in limits.items():
            with self.subTest(name):
                item = self.delegate(self.approver, self.delegate_user, **values)
                with self.assertRaises(UserError):
                    request.with_user(self.delegate_user).action_approve()
                item.with_user(self.approver).action_revoke()
        self.delegate(
            self.approver,
            self.delegate_user,
            amount_to=300,
            document_type_ids=self.types("vendor_bill", "claim"),
            facility_ids=request.facility_id.ids,
        )
        request.with_user(self.delegate_user).action_approve()
        self.assertEqual(request.state, "approved")

    def test_revoked_it_gives_nothing_any_more(self):
        item = self.delegate(self.approver, self.delegate_user)
        request = self.ask()
        with self.assertRaises(AccessError):
            item.with_user(self.delegate_user).action_revoke()
        item.with_user(self.approver).action_revoke()
        self.assertEqual(item.state, "revoked")
        with self.assertRaises(UserError):
            request.with_user(self.delegate_user).action_approve()
        self.env["rcm.approval.request"]._cron_watch()
        self.assertEqual(request.asked_ids, self.approver)
        with self.assertRaisesRegex(UserError, "ended already"):
            item.with_user(self.approver).action_revoke()
        events = self.env["rcm.audit.log"].search(
            [("model", "=", item._name), ("res_id", "=", item.id)]
        )
        self.assertEqual(
            set(events.mapped("event")),
            {"approval.delegated", "approval.delegation_revoked"},
        )

    def test_everybody_gives_away_only_what_is_theirs(self):
        with self.assertRaises(AccessError):
            self.delegate(self.approver, self.biller, user=self.biller)
        with self.assertRaises(AccessError):
            self.delegate(self.approver, self.delegate_user, user=self.manager)
        with self.assertRaisesRegex(ValidationError, "themselves"):
            self.delegate(self.approver, self.administrator, user=self.administrator)
        self.delegate(self.approver, self.delegate_user, user=self.administrator)

    def test_never_to_someone_the_rules_exclude(self):
        excluded = {
            "auditor": self.make_role_user("auditor"),
            "service": self.make_role_user("integration"),
            "elsewhere": self.make_role_user("approver", self.make_company("Else")),
            "without a role": self.env.ref("base.user_admin").copy(
                {
                    "login": "norole",
                    "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
                    "company_id": self.company.id,
                    "company_ids": [(6, 0, self.company.ids)],
                }
            ),
        }
        for name, user in excluded.items():
            with self.subTest(name), self.assertRaises(ValidationError):
                self.delegate(self.approver, user)

    def test_it_is_never_changed_or_deleted(self):
        item = self.delegate(self.approver, self.delegate_user)
        for values in (
            {"date_to": fields.Datetime.now() + timedelta(days=99)},
            {"delegate_id": self.biller.id},
            {"revoked_at": False},
            {"amount_to": 0},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                item.sudo().write(values)
        with self.assertRaises(AccessError):
            item.sudo().unlink()

    def test_others_do_not_see_it(self):
        item = self.delegate(self.approver, self.delegate_user)
        seen = self.env["rcm.approval.delegation"].with_user(self.biller).search([])
        self.assertNotIn(item, seen)
        auditor = self.make_role_user("auditor")
        seen = self.env["rcm.approval.delegation"].with_user(auditor).search([])
        self.assertIn(item, seen)


@tagged("post_install", "-at_install")
class TestOutOfOffice(RequestCase):
    def test_the_stand_in_is_asked_instead(self):
        self.delegate(self.approver, self.manager, kind="away")
        request = self.ask()
        self.assertNotIn(self.approver, request.asked_ids)
        self.assertIn(self.manager, request.asked_ids)
        self.assertIn(self.other_approver, request.asked_ids)
        self.assertEqual(self.approver.rcm_stand_in_id, self.manager)
        self.assertTrue(self.approver.rcm_away_until)
        self.assertFalse(self.manager.rcm_away_until)

    def test_who_is_away_may_still_decide(self):
        self.delegate(self.approver, self.manager, kind="away")
        request = self.ask()
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_without_a_stand_in_the_others_are_asked(self):
        self.delegate(self.approver, None, kind="away")
        request = self.ask()
        self.assertIn(self.other_approver, request.asked_ids)
        self.assertNotIn(self.approver, request.asked_ids)

    def test_a_delegation_needs_somebody(self):
        with self.assertRaises(ValidationError):
            self.delegate(self.approver, None)

    def test_an_absence_that_begins_moves_what_is_open(self):
        request = self.ask()
        self.assertIn(self.approver, request.asked_ids)
        self.delegate(self.approver, self.manager, kind="away")
        self.env["rcm.approval.request"]._cron_watch()
        self.assertNotIn(self.approver, request.asked_ids)
        self.assertIn(self.manager, request.asked_ids)
        self.assertNotIn(self.approver, request.activity_ids.user_id)
