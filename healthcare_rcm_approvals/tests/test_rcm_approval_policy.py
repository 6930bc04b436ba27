"""Policies as records: the sentence, conditions, scopes, routing of documents."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_rcm_approval_request import ApprovalCase

APPROVER = "healthcare_rcm_base.group_approver"


class PolicyCase(ApprovalCase):
    """Short ways to make policies and to see which one a claim finds."""

    def make_policy(self, name="Special", steps=1, **values):
        group = self.env.ref(APPROVER)
        return self.env["rcm.approval.policy"].create(
            {
                "name": name,
                "document_type": "claim",
                "step_ids": [Command.create({"group_id": group.id})] * steps,
                **values,
            }
        )

    def term(self, kind, code):
        return self.env["rcm.approval.term"].search(
            [("kind", "=", kind), ("code", "=", code)]
        )

    def routing_of(self, claim, env=None):
        item = claim._rcm_approval_facts("clear")
        policies = self.env["rcm.approval.policy"].with_env(env or self.env)
        return policies._rcm_route([item["facts"]], [claim])[0]

    def policy_of(self, claim):
        routing = self.routing_of(claim)
        return self.env["rcm.approval.policy"].browse(
            routing.policy.ref if routing.policy else []
        )


@tagged("post_install", "-at_install")
class TestPolicySentence(PolicyCase):
    def test_every_condition_stands_in_the_sentence(self):
        account = self.env["account.analytic.account"].create(
            {
                "name": "Laboratory",
                "plan_id": self.env["account.analytic.plan"]
                .create({"name": "Departments"})
                .id,
            }
        )
        policy = self.make_policy(
            amount_from=100,
            amount_to=200,
            department_ids=account.ids,
            payer_type_ids=self.term("payer_type", "medicare").ids,
            contract_type_ids=self.term("contract_type", "no_contract").ids,
            vendor_category_ids=self.env["res.partner.category"]
            .create({"name": "Drugs"})
            .ids,
            risk_from=20,
            date_from="2026-01-01",
            domain="[('id', '>', 0)]",
        )
        for words in (
            "Claim from", "100.00", "200.00", "charged to Laboratory",
            "payers of type Medicare", "Without a contract", "tagged Drugs",
            "risk score of 20 and more", "01/01/2026", "further condition",
            "needs the approval of 1 × Approver.",
        ):  # fmt: skip
            with self.subTest(words):
                self.assertIn(words, policy.sentence)

    def test_steps_side_by_side_and_one_after_another(self):
        finance = self.env.ref("healthcare_rcm_base.group_finance_manager")
        policy = self.make_policy(steps=0)
        self.assertIn("goes straight through", policy.sentence)
        policy.step_ids = [
            Command.create({"sequence": 10, "group_id": self.env.ref(APPROVER).id}),
            Command.create({"sequence": 10, "group_id": finance.id, "needed": 2}),
            Command.create({"sequence": 20, "approver_kind": "manager"}),
        ]
        self.assertTrue(
            policy.sentence.endswith(
                "needs the approval of 1 × Approver and 2 × Finance manager, then the "
                "requester's manager."
            ),
            policy.sentence,
        )

    def test_a_field_of_the_document_is_named_by_its_label(self):
        policy = self.make_policy(
            steps=0,
            step_ids=[
                Command.create({"approver_kind": "field", "field_name": "create_uid"})
            ],
        )
        self.assertIn("“Created by”", policy.sentence)


@tagged("post_install", "-at_install")
class TestPolicyChecks(PolicyCase):
    def test_steps_name_somebody_and_enough_of_them(self):
        policy = self.make_policy()
        wrong = [
            {"approver_kind": "role"},
            {"approver_kind": "users"},
            {"approver_kind": "users", "user_ids": self.approver.ids, "needed": 2},
            {"approver_kind": "field"},
            {"approver_kind": "manager", "needed": 2},
        ]
        for vals in wrong:
            with self.subTest(**vals), self.assertRaises(ValidationError):
                policy.step_ids = [Command.create(vals)]

    def test_a_condition_that_cannot_be_evaluated_is_refused(self):
        wrong = [
            "[('no_such_field', '=', 1)]",
            "[('name', 'wrong', 1)]",
            "__import__('os').system('true')",
            "[('id', '=', uid)]",
            "('id', '=', 1)",
            "[('id', '='",
            "{}",
        ]
        for domain in wrong:
            with self.subTest(domain), self.assertRaises(ValidationError):
                self.make_policy(domain=domain)

    def test_a_condition_on_a_kind_that_is_not_there_is_refused(self):
        models = type(self.env["rcm.approval.policy"])
        self.patch(models, "_rcm_document_models", lambda self: {})
        with self.assertRaises(ValidationError):
            self.make_policy(domain="[('id', '>', 0)]")

    def test_nobody_asks_by_a_condition_what_he_may_not_see(self):
        administrator = self.make_role_user("administrator")
        hidden = "[('patient_id.last_name', '=', 'Doe')]"
        nested = "[('patient_id', 'any', [('last_name', '=', 'Doe')])]"
        for domain in (hidden, nested):
            with self.subTest(domain), self.assertRaises(UserError):
                self.high.with_user(administrator).domain = domain
        self.high.with_user(administrator).domain = "[('self_pay', '=', True)]"

    def test_bounds_are_in_order(self):
        for vals in (
            {"amount_from": 10, "amount_to": 5},
            {"risk_from": 101},
            {"risk_from": 50, "risk_to": 40},
            {"date_from": "2026-02-01", "date_to": "2026-01-01"},
        ):
            with self.subTest(**vals), mute_logger("odoo.sql_db"):
                with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
                    self.make_policy(**vals)
                self.assertIn("check", str(caught.exception))

    def test_policies_are_archived_not_deleted(self):
        with self.assertRaises(UserError):
            self.low.unlink()

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_who_may_change_rules(self):
        records = [
            self.high,
            self.high.step_ids,
            self.env.ref(
                "healthcare_rcm_approvals.rcm_approval_risk_rule_amount_10000"
            ),
        ]
        for role in ("biller", "approver", "finance_manager", "auditor"):
            user = self.make_role_user(role)
            for record in records:
                with self.subTest(role=role, model=record._name):
                    with self.assertRaises(AccessError):
                        record.with_user(user).write({"sequence": 1, "points": 1})
                    with self.assertRaises(AccessError):
                        record.with_user(user).unlink()


@tagged("post_install", "-at_install")
class TestRoutingOfDocuments(PolicyCase):
    def test_a_condition_decides(self):
        special = self.make_policy(domain="[('self_pay', '=', True)]")
        claim = self.make_claim("100.00")
        self.assertEqual(self.policy_of(claim), self.low)
        special.domain = "[('self_pay', '=', False)]"
        self.assertEqual(self.policy_of(claim), special)

    def test_a_condition_sees_the_document_as_its_own_company(self):
        special = self.make_policy(domain="[('payer_id.name', '!=', False)]")
        claim = self.make_claim("100.00")
        elsewhere = self.make_company("Elsewhere")
        claim = claim.with_context(allowed_company_ids=elsewhere.ids)
        self.assertTrue(special._rcm_matches_domain(claim))

    def test_a_condition_that_broke_lets_nothing_through(self):
        special = self.make_policy(domain="[('id', '>', 0)]", steps=1)
        claim = self.make_claim("100.00")
        self.env.cr.execute(
            "UPDATE rcm_approval_policy SET domain = %s WHERE id = %s",
            ["[('gone', '=', 1)]", special.id],
        )
        special.invalidate_recordset()
        with self.assertLogs(level="WARNING"):
            routing = self.routing_of(claim)
        self.assertIsNone(routing.policy)
        with self.assertLogs(level="WARNING"):
            self.assertFalse(claim._rcm_gate("clear"))
        claim.invalidate_recordset()
        self.assertIn("approval_stalled", claim.rcm_case_ids.type_id.mapped("code"))

    def test_archived_facilities_do_not_widen_a_policy(self):
        claim = self.make_claim("100.00")
        other = claim.facility_id.copy({"name": "Closed site", "code": "CLOSED"})
        special = self.make_policy(facility_ids=other.ids)
        other.active = False
        self.env.invalidate_all()
        self.assertEqual(self.policy_of(claim), self.low)
        self.assertEqual(special._rcm_facts().facilities, frozenset(other.ids))

    def test_no_context_brings_archived_policies_back(self):
        gone = self.make_policy(steps=0, sequence=1)
        gone.active = False
        claim = self.make_claim("300.00")
        env = self.env(context={"active_test": False})
        self.assertEqual(self.routing_of(claim, env).policy.ref, self.high.id)
        self.assertFalse(claim.with_context(active_test=False)._rcm_gate("clear"))

    def test_no_context_brings_switched_off_duties_back(self):
        conflict = self.env["rcm.duty.conflict"].search([], limit=1)
        conflict.active = False
        pairs = conflict.with_context(active_test=False)._rcm_pairs()
        self.assertNotIn((conflict.duty, conflict.other_duty), pairs)

    def test_risk_routes_and_shows_its_parts(self):
        from dataclasses import replace
        from decimal import Decimal

        risky = self.make_policy(risk_from=40, amount_to=200)
        claim = self.make_claim("100.00")
        self.assertEqual(self.policy_of(claim), self.low)
        facts = claim._rcm_approval_facts("clear")["facts"]
        facts = replace(facts, risk_factors=(("missing_authorization", Decimal(1)),))
        (routing,) = self.env["rcm.approval.policy"]._rcm_route([facts], [claim])
        self.assertEqual(routing.policy.ref, risky.id)
        self.assertEqual(routing.facts.risk_parts, (("missing_authorization", 40),))
        texts = self.env["rcm.approval.risk.rule"]._rcm_part_texts(
            (*routing.facts.risk_parts, ("amount:10000", 10))
        )
        self.assertEqual(
            texts, ["Missing authorization: 40", "Amount of 10,000 and more: 10"]
        )

    def test_payer_types_are_those_of_payers(self):
        codes = set(
            self.env["rcm.approval.term"]
            .search([("kind", "=", "payer_type")])
            .mapped("code")
        )
        plan_types = self.env["rcm.payer"]._fields["plan_type"].selection
        self.assertEqual(codes, {code for code, _name in plan_types})

    def test_shipped_policies_leave_no_gap_overlap_or_weak_spot(self):
        shipped = self.env["ir.model.data"].search(
            [
                ("module", "=", "healthcare_rcm_approvals"),
                ("model", "=", "rcm.approval.policy"),
            ]
        )
        policies = self.env["rcm.approval.policy"]
        (self.low | self.high).active = False
        policies.browse(shipped.mapped("res_id")).write({"active": True})
        self.assertEqual(policies._rcm_coverage(), [])


@tagged("post_install", "-at_install")
class TestVersions(PolicyCase):
    def test_one_version_for_each_change_that_routes(self):
        policy = self.make_policy()
        self.assertEqual(policy.version, 1)
        policy.write(
            {
                "amount_from": 10,
                "step_ids": [
                    Command.update(policy.step_ids.id, {"needed": 2}),
                    Command.create({"approver_kind": "manager"}),
                ],
            }
        )
        self.assertEqual(policy.version, 2)
        policy.name = "Renamed"
        self.assertEqual(policy.version, 3)
        policy.amount_from = 10
        self.assertEqual(policy.version, 3)

    def test_a_step_changed_by_itself_is_a_version(self):
        policy = self.make_policy()
        policy.step_ids.needed = 2
        self.assertEqual(policy.version, 2)
        policy.step_ids.unlink()
        self.assertEqual(policy.version, 3)
        self.assertEqual(policy.version_ids[0]._rcm_steps(), ())

    def test_no_context_of_a_client_avoids_a_version(self):
        policy = self.make_policy()
        for value in (True, 1, "IN_ONE_VERSION"):
            before = policy.version
            policy.with_context(rcm_versioning=value).amount_from += 1
            self.assertEqual(policy.version, before + 1)

    def test_a_version_keeps_the_rules_and_says_who_changed_them(self):
        administrator = self.make_role_user("administrator")
        policy = self.make_policy()
        policy.with_user(administrator).step_ids.needed = 3
        new, old = policy.version_ids
        self.assertEqual([step.needed for step in old._rcm_steps()], [1])
        self.assertEqual([step.needed for step in new._rcm_steps()], [3])
        self.assertEqual(new.user_id, administrator)
        self.assertIn(administrator.id, new._rcm_changed_by())
        self.assertNotIn(administrator.id, old._rcm_changed_by())
        self.assertIn("3 ×", new.sentence)
