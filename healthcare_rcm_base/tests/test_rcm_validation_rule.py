from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models.rcm_validation_rule import OPEN_CLAIM_STATES
from .billing_common import BillingCase

RULE_MODULE = "odoo.addons.healthcare_rcm_base.models.rcm_validation_rule"


@tagged("post_install", "-at_install")
class TestValidationRule(BillingCase):
    """What a rule is about, and what it says about the claims of one clinic."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["rcm.validation.rule"].search([]).active = False
        cls.claim = cls.intake(
            charges=[("99213", "150.00"), ("80053", "60.00")]
        )._rcm_build_claims()

    def rule(self, **values):
        return self.env["rcm.validation.rule"].create(
            {
                "name": "Rule",
                "domain": "[('total_charge', '>', 1)]",
                "message": "Wrong.",
                **values,
            }
        )

    def strikes(self, rule, claim=None):
        return rule._rcm_failures(claim or self.claim)

    def test_scopes(self):
        self.assertEqual(self.claim.payer_id.plan_type, "commercial")
        for values, struck in (
            ({}, True),
            ({"payer_ids": [Command.set(self.clinic["payer"].ids)]}, True),
            ({"payer_ids": [Command.set(self.clinic["second"].ids)]}, False),
            ({"plan_types": "medicare, Commercial"}, True),
            ({"plan_types": "medicare"}, False),
            ({"facility_ids": [Command.set(self.clinic["facility"].ids)]}, True),
            ({"claim_type": "professional"}, True),
            ({"claim_type": "institutional"}, False),
            ({"code_from": "80000", "code_to": "80999"}, True),
            ({"code_from": "80053"}, True),
            ({"code_to": "36415"}, False),
            ({"code_from": "A0000"}, False),
            ({"date_from": "2026-03-02", "date_to": "2026-03-02"}, True),
            ({"date_from": "2026-03-03"}, False),
            ({"date_to": "2026-03-01"}, False),
        ):
            with self.subTest(values):
                self.assertEqual(bool(self.strikes(self.rule(**values))), struck)

    def test_models(self):
        for model, domain, text in (
            ("rcm.claim", "[('self_pay', '=', False)]", "Wrong."),
            ("rcm.claim.line", "[('code', '=', '80053')]", "Wrong. (lines 2)"),
            ("rcm.encounter", "[('diagnosis_codes', 'ilike', 'E11')]", "Wrong."),
            ("rcm.charge", "[('amount', '<', 100)]", "Wrong. (lines 2)"),
            ("rcm.charge", "[('amount', '<', 1)]", None),
            ("rcm.encounter", "[('place_of_service', '=', '21')]", None),
        ):
            with self.subTest(model=model, domain=domain):
                failures = self.strikes(self.rule(model_name=model, domain=domain))
                found = [text for _rule, text in failures.get(self.claim.id, ())]
                self.assertEqual(found, [text] if text else [])

    def test_code_range_narrows_the_lines_of_conditions_and_checks(self):
        rule = self.rule(
            model_name="rcm.claim.line",
            domain="[('units', '=', 1)]",
            code_from="80000",
            code_to="89999",
        )
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("lines 2", text)
        self.clinic["services"].max_units = 0.5
        rule = self.rule(kind="check", check_code="units_limit", code_from="99000")
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("lines 1", text)

    def test_wrong_scopes_are_refused(self):
        for values in (
            {"plan_types": "martian"},
            {"code_from": "B", "code_to": "A"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.rule(**values)

    def test_modifier_needs(self):
        rule = self.rule(kind="check", check_code="modifier_needed")
        self.assertFalse(self.strikes(rule))
        service = self.clinic["services"][1]
        service.required_modifiers = "gn,GO"
        self.assertTrue(self.strikes(rule))
        self.claim.encounter_id.charge_ids[1].modifiers = "25,GO"
        self.claim._rcm_refresh()
        self.assertFalse(self.strikes(rule))
        with self.assertRaises(ValidationError):
            service.required_modifiers = "TOO"

    def test_visit_beside_a_procedure_needs_its_modifier(self):
        rule = self.rule(kind="check", check_code="modifier_needed")
        for number, (modifiers, struck) in enumerate(
            (([], True), (["25"], False), (["57"], False), (["95"], True))
        ):
            procedure = ("20610", "90.00")
            data = self.data(f"V{number}", charges=[("99213", "150.00"), procedure])
            data["charges"][0]["modifiers"] = modifiers
            claim = self.intake(data)._rcm_build_claims()
            with self.subTest(modifiers):
                self.assertEqual(bool(self.strikes(rule, claim)), struck)

    def test_visit_beside_a_blood_draw_needs_none(self):
        rule = self.rule(kind="check", check_code="modifier_needed")
        data = self.data("D1", charges=[("99213", "150.00"), ("36415", "25.00")])
        self.assertFalse(self.strikes(rule, self.intake(data)._rcm_build_claims()))

    def test_codes_that_ended(self):
        rule = self.rule(kind="check", check_code="code_validity")
        self.assertFalse(self.strikes(rule))
        table = self.env.ref("healthcare_rcm_base.rcm_code_table_diagnosis")
        self.env["rcm.code"].create(
            {"table_id": table.id, "code": "E119", "date_to": "2026-03-01"}
        )
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("Diagnosis", text)
        self.assertNotIn("E119", text)
        table = self.env.ref("healthcare_rcm_base.rcm_code_table_procedure")
        self.env["rcm.code"].create(
            {"table_id": table.id, "code": "80053", "date_from": "2026-03-03"}
        )
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("80053", text)

    def test_charge_master_of_facility_and_day(self):
        rule = self.rule(kind="check", check_code="manual_amount")
        self.assertFalse(self.strikes(rule))
        self.env["rcm.service.charge"].create(
            {
                "service_code_id": self.clinic["services"][0].id,
                "facility_id": self.clinic["facility"].id,
                "company_id": self.company.id,
                "amount": 175.0,
                "date_from": "2026-03-01",
            }
        )
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("lines 1", text)

    def test_pointers_and_numbers(self):
        rule = self.rule(kind="check", check_code="pointer_range")
        self.claim.encounter_id.diagnosis_codes = "A1,A2,A3,A4,A5"
        charge = self.claim.encounter_id.charge_ids[0]
        for pointers, struck in (("1,2,3,4", False), ("1,2,3,4,5", True), ("6", True)):
            charge.diagnosis_pointers = pointers
            self.claim._rcm_refresh()
            with self.subTest(pointers):
                self.assertEqual(bool(self.strikes(rule)), struck)
        rule = self.rule(kind="check", check_code="npi")
        self.assertFalse(self.strikes(rule))
        charge.rendering_npi = "1234567890"
        [[(_rule, text)]] = self.strikes(rule).values()
        self.assertIn("rendering provider", text)

    def test_shipped_rules_name_every_check(self):
        shipped = (
            self.env["rcm.validation.rule"]
            .with_context(active_test=False)
            .search([("kind", "=", "check")])
            .mapped("check_code")
        )
        Check = self.env["rcm.validation.check"]
        for code, _label in Check._rcm_checks():
            with self.subTest(code):
                self.assertIn(code, shipped)
                self.assertTrue(callable(getattr(Check, f"_check_{code}")))

    def test_test_button_says_what_it_did_not_look_at(self):
        rule = self.rule()
        before = self.env["rcm.claim"].search_count(
            [("state", "in", OPEN_CLAIM_STATES)]
        )
        with patch(f"{RULE_MODULE}.TEST_LIMIT", before):
            self.assertNotIn("not tested", rule.action_test()["name"])
        for number in ("L1", "L2"):
            encounter = self.intake(number=number)
            encounter._rcm_make_ready()
            encounter._rcm_bill()
        claims = self.env["rcm.claim"].search([("state", "in", OPEN_CLAIM_STATES)])
        self.assertGreater(len(claims), 1)
        with patch(f"{RULE_MODULE}.TEST_LIMIT", 1):
            action = rule.action_test()
        rest = len(claims) - 1
        self.assertIn(f"{rest} older ones were not tested", action["name"])

    def test_test_button_needs_a_role_and_sees_own_companies(self):
        rule = self.rule()
        for role in ("front_desk", "executive"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(rule, role).action_test()
        action = self.as_user(rule, "biller").action_test()
        self.assertEqual(action["domain"], [("id", "in", self.claim.ids)])
        self.assertIn("1 of 1", action["name"])
        other = self.make_company("Other clinic")
        stranger = self.make_user("administrator", company=other)
        own = rule.with_user(stranger).with_context(allowed_company_ids=other.ids)
        action = own.action_test()
        self.assertEqual(action["domain"], [("id", "in", [])])
        self.assertEqual(self.claim.state, "draft")
