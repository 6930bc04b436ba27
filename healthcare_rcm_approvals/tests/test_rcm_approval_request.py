"""Requests on real claims: thresholds, decisions, bypasses, changes, roles."""

from itertools import count

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.tests.billing_common import BillingCase

LOGINS = count(1)


class ApprovalCase(BillingCase):
    """A clinic with one threshold of its own: claims of 200 and more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["rcm.approval.policy"].search([]).active = False
        approver = cls.env.ref("healthcare_rcm_base.group_approver")
        cls.low, cls.high = cls.env["rcm.approval.policy"].create(
            [
                {"name": "Small", "document_type": "claim", "amount_to": 200},
                {
                    "name": "Large",
                    "document_type": "claim",
                    "amount_from": 200,
                    "step_ids": [Command.create({"group_id": approver.id})],
                },
            ]
        )
        cls.approver = cls.make_role_user("approver")
        cls.other_approver = cls.make_role_user("approver")
        cls.biller = cls.make_role_user("biller")

    @classmethod
    def make_role_user(cls, role, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=f"{role}_{next(LOGINS)}",
            groups=f"healthcare_rcm_base.group_{role}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def make_claim(self, amount, number="E1"):
        """A validated claim of one service charged at ``amount``."""
        encounter = self.intake(number=number, charges=[("99213", amount)])
        claim = encounter._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "validated", claim.rcm_block_reason)
        return claim

    def request_of(self, claim):
        return self.env["rcm.approval.request"].search(
            [("res_model", "=", claim._name), ("res_id", "=", claim.id)]
        )


@tagged("post_install", "-at_install")
class TestApprovalGate(ApprovalCase):
    def test_below_the_threshold_goes_straight_through_and_says_why(self):
        claim = self.make_claim("199.99")
        self.assertEqual(claim._rcm_gate("clear"), claim)
        self.assertFalse(self.request_of(claim))
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "approval.straight_through"), ("res_id", "=", claim.id)]
        )
        self.assertEqual(len(row), 1)

    def test_at_the_threshold_waits_with_one_request(self):
        claim = self.make_claim("200.00")
        self.assertFalse(claim._rcm_gate("clear"))
        self.assertFalse(claim._rcm_gate("clear"))
        request = self.request_of(claim)
        self.assertEqual((len(request), request.state), (1, "pending"))
        self.assertEqual(request.amount, 200)
        self.assertEqual(request.policy_id, self.high)
        self.assertEqual(claim._rcm_waiting_for(), "approval")

    def test_without_a_policy_nothing_passes_and_a_case_says_so(self):
        self.high.active = False
        claim = self.make_claim("300.00")
        self.assertFalse(claim._rcm_gate("clear"))
        claim.invalidate_recordset()
        self.assertIn("approval_stalled", claim.rcm_case_ids.type_id.mapped("code"))

    def test_other_effects_are_not_gated(self):
        claim = self.make_claim("300.00")
        self.assertEqual(claim._rcm_gate("print"), claim)

    def test_queries_do_not_grow_with_each_straight_claim(self):
        claims = self.env["rcm.claim"]
        for index in range(12):
            claims |= self.make_claim("100.00", number=f"Q{index}")
        self.env.flush_all()
        with self.assertQueryCount(30):
            self.assertEqual(len(claims._rcm_gate("clear")), 12)


@tagged("post_install", "-at_install")
class TestApprovalDecision(ApprovalCase):
    def setUp(self):
        super().setUp()
        self.claim = self.make_claim("300.00")
        self.claim._rcm_clear()
        self.request = self.request_of(self.claim)

    def test_approval_by_the_role_clears_the_claim(self):
        self.assertEqual(self.claim.state, "validated")
        self.request.with_user(self.approver).action_approve()
        self.assertEqual(self.request.state, "approved")
        self.assertEqual(self.claim.state, "cleared")
        decision = self.request.decision_ids
        self.assertEqual(decision.user_id, self.approver)
        self.assertEqual(decision.facts_hash, self.request.facts_hash)

    def test_refusal_needs_a_reason_and_keeps_the_claim(self):
        wizard = (
            self.env["rcm.approval.decide"]
            .with_user(self.approver)
            .create({"request_ids": self.request.ids, "reason": "units doubled"})
        )
        wizard.action_refuse()
        self.assertEqual(self.request.state, "refused")
        self.assertEqual(self.request.reason, "units doubled")
        self.assertEqual(self.claim.state, "validated")
        self.assertFalse(self.claim._rcm_gate("clear"))

    def test_wrong_role_is_refused(self):
        with self.assertRaises(UserError):
            self.request.with_user(self.biller).action_approve()
        self.assertEqual(self.request.state, "pending")

    def test_who_requested_does_not_approve(self):
        claim = self.make_claim("400.00", number="E2")
        self.env["rcm.claim"].browse(claim.id).with_user(
            self.other_approver
        ).sudo()._rcm_gate("clear")
        request = self.request_of(claim)
        self.assertEqual(request.requester_id, self.other_approver)
        with self.assertRaises(UserError):
            request.with_user(self.other_approver).action_approve()
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_a_changed_claim_voids_the_request(self):
        self.claim.line_ids._rcm_write({"charge_amount": 301})
        answer = self.request.with_user(self.approver).action_approve()
        self.assertIn("void", answer["params"]["message"])
        self.assertEqual(self.request.state, "voided")
        self.assertEqual(self.claim.state, "validated")

    def test_a_claim_changed_after_approval_needs_a_new_one(self):
        self.request.with_user(self.approver).action_approve()
        self.claim.line_ids._rcm_write({"charge_amount": 301})
        self.assertFalse(self.claim._rcm_gate("clear"))
        self.assertEqual(self.request.state, "voided")
        self.assertEqual(len(self.request_of(self.claim)), 2)

    def test_two_people_needed_are_two_different_people(self):
        self.high.step_ids.needed = 2
        claim = self.make_claim("310.00", number="E2")
        claim._rcm_clear()
        request = self.request_of(claim)
        request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "pending")
        self.assertEqual(request.step_ids.progress, "1 of 2")
        with self.assertRaises(UserError):
            request.with_user(self.approver).action_approve()
        request.with_user(self.other_approver).action_approve()
        self.assertEqual(request.state, "approved")

    def test_a_change_of_the_policy_leaves_open_requests_alone(self):
        self.high.step_ids.needed = 2
        self.request.with_user(self.approver).action_approve()
        self.assertEqual(self.request.state, "approved")

    def test_nobody_writes_state_or_decisions(self):
        attempts = [
            lambda record: record.write({"state": "approved"}),
            lambda record: record.with_context(rcm_ticket=True).write(
                {"state": "approved"}
            ),
            lambda record: record.write({"facts_hash": "0"}),
            lambda record: record.write({"policy_id": self.low.id}),
        ]
        for index, attempt in enumerate(attempts):
            with self.subTest(attempt=index), self.assertRaises(AccessError):
                attempt(self.request.sudo())
        with self.assertRaises(AccessError):
            self.env["rcm.approval.decision"].sudo().create(
                {
                    "request_id": self.request.id,
                    "user_id": self.approver.id,
                    "decision": "approved",
                }
            )

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_roles_cannot_touch_policies_requests_or_decisions(self):
        for user in (self.biller, self.approver):
            with self.subTest(user=user.login):
                for record in (self.high, self.request):
                    with self.assertRaises(AccessError):
                        record.with_user(user).write({"name": "mine"})
                    with self.assertRaises(AccessError):
                        record.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    self.env["rcm.approval.policy"].with_user(user).create(
                        {"name": "all", "document_type": "claim"}
                    )

    def test_decisions_stay(self):
        self.request.with_user(self.approver).action_approve()
        with self.assertRaises(AccessError):
            self.request.decision_ids.sudo().unlink()

    def test_my_approvals_lists_only_what_i_can_decide(self):
        requests = self.env["rcm.approval.request"]
        domain = [("can_decide", "=", True)]
        self.assertIn(self.request, requests.with_user(self.approver).search(domain))
        self.assertFalse(requests.with_user(self.biller).search(domain))

    def test_other_companies_see_nothing(self):
        company = self.make_company("Elsewhere")
        stranger = self.make_role_user("approver", company)
        requests = self.env["rcm.approval.request"].with_user(stranger)
        found = requests.with_context(allowed_company_ids=company.ids).search([])
        self.assertFalse(found)

    def test_withdraw_is_for_the_requester_or_an_administrator(self):
        with self.assertRaises(AccessError):
            self.request.with_user(self.approver).action_withdraw()
        administrator = self.make_role_user("administrator")
        self.request.with_user(administrator).action_withdraw()
        self.assertEqual(self.request.state, "withdrawn")


@tagged("post_install", "-at_install")
class TestApprovalPolicy(ApprovalCase):
    def test_reads_like_a_sentence(self):
        self.assertIn("200.00", self.low.sentence)
        self.assertIn("goes straight through", self.low.sentence)
        self.assertIn("approval of 1 ×", self.high.sentence)

    def test_changes_count_versions_and_requests_keep_theirs(self):
        claim = self.make_claim("300.00")
        claim._rcm_gate("clear")
        self.high.amount_from = 250
        self.assertEqual(self.high.version, 2)
        self.assertEqual(self.request_of(claim).policy_version, 1)

    def test_versions_cannot_be_written_made_or_deleted(self):
        version = self.high.version_ids[:1]
        attempts = [
            lambda: version.sudo().write({"snapshot": {}}),
            lambda: version.sudo().write({"number": 9}),
            lambda: version.sudo().unlink(),
            lambda: version.sudo().create(
                {"policy_id": self.high.id, "number": 9, "snapshot": {}}
            ),
        ]
        for index, attempt in enumerate(attempts):
            with self.subTest(attempt=index), self.assertRaises(AccessError):
                attempt()
