"""“Who would approve this?”: the policy, the people, and why not the others."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .test_rcm_approval_policy import PolicyCase


@tagged("post_install", "-at_install")
class TestSimulation(PolicyCase):
    def simulate(self, user=None, **values):
        simulations = self.env["rcm.approval.simulation"]
        simulations = simulations.with_user(user) if user else simulations
        return simulations.create(
            {"company_id": self.company.id, "document_type": "claim", **values}
        )

    def test_typed_facts_find_the_policy(self):
        small, large = self.simulate(amount=199.99), self.simulate(amount=200)
        self.assertEqual((small.policy_id, small.outcome), (self.low, "through"))
        self.assertEqual((large.policy_id, large.outcome), (self.high, "asked"))
        self.assertIn("The amount 199.99 is below 200.00.", small.considered)
        self.assertIn("Applies", large.considered)

    def test_people_are_named_and_the_excluded_with_the_reason(self):
        answer = self.simulate(amount=200, requester_id=self.approver.id)
        self.assertIn(self.other_approver.name, answer.people)
        self.assertIn(
            f"{self.approver.name}: prepared or requested the document", answer.people
        )
        self.assertNotIn(self.biller.name, answer.people)

    def test_people_of_other_companies_and_facilities_are_excluded(self):
        claim = self.make_claim("300.00")
        elsewhere = self.make_role_user("approver", self.make_company("Elsewhere"))
        site = claim.facility_id.copy({"name": "Other site", "code": "OTHER"})
        self.other_approver.rcm_facility_ids = [Command.set(site.ids)]
        answer = self.simulate(source="document", document=f"rcm.claim,{claim.id}")
        self.assertIn(f"{elsewhere.name}: does not work in the company", answer.people)
        self.assertIn(
            f"{self.other_approver.name}: does not work for the facility", answer.people
        )

    def test_too_few_people_are_a_warning(self):
        self.high.step_ids.needed = 50
        self.assertIn("Too few people", self.simulate(amount=200).people)

    def test_nothing_applies(self):
        self.high.active = False
        answer = self.simulate(amount=200)
        self.assertEqual((answer.outcome, answer.people), ("nothing", False))

    def test_an_existing_document_is_judged_by_its_own_facts(self):
        claim = self.make_claim("300.00")
        answer = self.simulate(source="document", document=f"rcm.claim,{claim.id}")
        self.assertEqual(answer.policy_id, self.high)
        self.assertFalse(self.request_of(claim))
        conditional = self.make_policy(domain="[('self_pay', '=', False)]", sequence=1)
        answer.invalidate_recordset()
        self.assertEqual(answer.policy_id, conditional)

    def test_amounts_are_converted_at_the_date(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": euro.id, "company_id": self.company.id,
                 "name": day, "company_rate": rate}
                for day, rate in (("2026-01-01", 0.5), ("2026-03-01", 2.0))
            ]
        )  # fmt: skip
        values = {"amount": 150, "currency_id": euro.id}
        self.assertEqual(self.simulate(on="2026-02-01", **values).policy_id, self.high)
        self.assertEqual(self.simulate(on="2026-03-02", **values).policy_id, self.low)

    def test_risk_parts_are_shown(self):
        answer = self.simulate(amount=1, missing_authorization=True, new_vendor=True)
        self.assertIn("70", answer.risk)
        self.assertIn("Missing authorization: 40", answer.risk)
        self.assertIn("Vendor known for less than 30 days: 30", answer.risk)

    def test_the_form_of_a_policy_begins_with_its_own_facts(self):
        context = self.high.action_simulate()["context"]
        with Form(self.env["rcm.approval.simulation"].with_context(**context)) as form:
            self.assertEqual(form.amount, 200)
            self.assertEqual(form.policy_id, self.high)

    def test_roles(self):
        for role in ("administrator", "finance_manager", "auditor"):
            with self.subTest(role=role):
                answer = self.simulate(self.make_role_user(role), amount=200)
                self.assertEqual(answer.policy_id, self.high)
        for role in ("biller", "approver"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.simulate(self.make_role_user(role), amount=200)

    def test_a_document_the_person_may_not_read_is_refused(self):
        claim = self.make_claim("300.00")
        elsewhere = self.make_company("Elsewhere")
        answer = (
            self.env["rcm.approval.simulation"]
            .with_user(self.make_role_user("auditor", elsewhere))
            .with_context(allowed_company_ids=elsewhere.ids)
            .create({"source": "document", "document": f"rcm.claim,{claim.id}"})
        )
        with self.assertRaises(AccessError):
            self.assertFalse(answer.policy_id)
