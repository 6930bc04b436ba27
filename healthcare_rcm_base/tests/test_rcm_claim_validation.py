from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestValidation(BillingCase):
    """What is wrong stops the claim with a case; what is right goes on clean."""

    def validate(self, data=None, **keywords):
        claim = self.intake(data, **keywords)._rcm_build_claims()
        claim._rcm_validate()
        return claim

    def assert_stopped(self, claim, code):
        self.assertEqual(claim.state, "draft")
        self.assertFalse(claim.clean_claim)
        self.assertEqual(self.open_cases(claim).mapped("type_code"), [code])
        self.assertEqual(claim.encounter_id.charge_ids[0].state, "captured")

    def test_right_claim_is_validated_clean_and_its_charges_are_frozen(self):
        claim = self.validate()
        self.assertEqual(claim.state, "validated")
        self.assertTrue(claim.clean_claim)
        self.assertFalse(self.open_cases(claim))
        self.assertEqual(claim.encounter_id.charge_ids.state, "billed")

    def test_missing_diagnosis(self):
        data = self.data(diagnoses=[])
        data["charges"][0]["diagnosis_pointers"] = []
        self.assert_stopped(self.validate(data), "coding_missing")

    def test_pointer_without_diagnosis_is_one_coding_case(self):
        self.assert_stopped(self.validate(diagnoses=[]), "coding_missing")

    def test_pointer_out_of_range(self):
        encounter = self.intake(diagnoses=["E119", "I10"])
        encounter.charge_ids.diagnosis_pointers = "1,3"
        claim = encounter._rcm_build_claims()
        claim._rcm_validate()
        self.assert_stopped(claim, "coding_missing")
        self.assertIn("lines 1", self.open_cases(claim).message)

    def test_unknown_and_expired_service_codes(self):
        claim = self.validate(charges=[("99213", "150.00"), ("XYZ", "10.00")])
        self.assertEqual(
            set(self.open_cases(claim).mapped("type_code")),
            {"service_code_unknown", "price_missing"},
        )
        self.assertIn("lines 2", self.open_cases(claim, "service_code_unknown").message)

    def test_coverage_missing(self):
        self.assert_stopped(self.validate(coverages=[]), "coverage_missing")

    def test_coverage_inactive_on_the_day_or_denied_by_the_payer(self):
        ended = [self.coverage(1, "ACME", effective_to="2026-01-31")]
        self.assert_stopped(self.validate(coverages=ended), "coverage_inactive")
        encounter = self.intake(number="E2")
        encounter.coverage_ids.eligibility_state = "inactive"
        claim = encounter._rcm_build_claims()
        claim._rcm_validate()
        self.assert_stopped(claim, "coverage_inactive")

    def authorization(self, encounter, **values):
        return self.env["rcm.authorization"].create(
            {
                "number": "AUTH1",
                "patient_id": encounter.patient_id.id,
                "payer_id": self.clinic["payer"].id,
                "state": "active",
                "date_from": "2026-01-01",
                **values,
            }
        )

    def test_authorization_missing_then_on_file(self):
        self.clinic["services"][0].authorization_required = True
        claim = self.validate(authorization="AUTH1")
        self.assert_stopped(claim, "authorization_missing")
        encounter = claim.encounter_id
        encounter.authorization_id = self.authorization(encounter)
        claim._rcm_refresh()._rcm_validate()
        self.assertEqual(claim.state, "validated")
        self.assertFalse(claim.clean_claim)
        self.assertFalse(self.open_cases(claim))

    def test_authorization_of_another_service_payer_or_time(self):
        self.clinic["services"][0].authorization_required = True
        other = self.clinic["services"][1]
        for number, values in enumerate(
            (
                {"service_code_ids": [Command.set(other.ids)]},
                {"payer_id": self.clinic["second"].id},
                {"date_from": "2026-03-03"},
                {"state": "requested"},
            )
        ):
            with self.subTest(values):
                encounter = self.intake(number=f"A{number}")
                encounter.authorization_id = self.authorization(encounter, **values)
                claim = encounter._rcm_build_claims()
                claim._rcm_validate()
                self.assert_stopped(claim, "authorization_mismatch")

    def test_authorized_units_are_used_and_run_out(self):
        self.clinic["services"][0].authorization_required = True
        first = self.intake()
        authorization = self.authorization(first, units_authorized=1)
        first.authorization_id = authorization
        first._rcm_build_claims()._rcm_validate()
        self.assertEqual(authorization.units_left, 0)
        data = self.data(number="E2", service_date="2026-03-05")
        data["patient"] = self.data()["patient"]
        second = self.intake(data)
        second.authorization_id = authorization
        claim = second._rcm_build_claims()
        claim._rcm_validate()
        self.assert_stopped(claim, "authorization_mismatch")
        first.claim_ids._rcm_back_to_draft()
        self.assertEqual(authorization.units_left, 1)

    def test_price_missing_without_contract_and_at_zero(self):
        self.assert_stopped(
            self.validate(coverages=[self.coverage(1, "AID")]), "price_missing"
        )

    @freeze_time("2026-03-01 12:00:00")
    def test_future_date(self):
        self.assert_stopped(self.validate(), "claim_invalid")

    def test_duplicate_charge_of_another_encounter(self):
        self.validate()
        data = self.data(number="E2")
        data["patient"] = self.data()["patient"]
        self.assert_stopped(self.validate(data), "duplicate_charge")

    def test_repeat_modifier_and_other_provider_are_no_duplicates(self):
        self.validate()
        for number, place in (("E2", "modifier"), ("E3", "provider")):
            data = self.data(number=number)
            data["patient"] = self.data()["patient"]
            if place == "modifier":
                data["charges"][0]["modifiers"] = ["76"]
            else:
                data["charges"][0]["rendering_npi"] = "1245319599"
            with self.subTest(place):
                self.assertEqual(self.validate(data).state, "validated")

    def test_wrong_check_digit(self):
        claim = self.validate(rendering_npi="1234567890")
        self.assert_stopped(claim, "claim_invalid")
        self.assertNotIn("1234567890", self.open_cases(claim).message)

    def test_units_limit_and_changed_charge_only_warn(self):
        self.clinic["services"][0].max_units = 1
        data = self.data(charges=[("99213", "140.00")])
        data["charges"][0]["units"] = "2"
        claim = self.validate(data)
        self.assertEqual(claim.state, "validated")
        self.assertFalse(claim.clean_claim)
        self.assertEqual(len(claim.warning_text.splitlines()), 2)

    def test_repeated_failure_adds_an_occurrence_not_a_case(self):
        claim = self.validate(diagnoses=[])
        claim._rcm_validate()
        case = self.open_cases(claim)
        self.assertEqual((len(case), case.occurrence_count), (1, 2))
        self.assertEqual(claim.failed_edits, 2)

    def test_messages_hold_no_patient_data(self):
        claim = self.validate(diagnoses=[], coverages=[])
        for case in self.open_cases(claim):
            for text in ("Sample", "Pat", "W1", "E119", "1980"):
                self.assertNotIn(text, case.message)

    # ------------------------------------------------------------------
    # Rules as records
    # ------------------------------------------------------------------
    def rule(self, **values):
        return self.env["rcm.validation.rule"].create(
            {
                "name": "Big claims",
                "domain": "[('total_charge', '>', 1000)]",
                "message": "Too big.",
                **values,
            }
        )

    def test_condition_rule_within_its_scope(self):
        rule = self.rule(payer_ids=[Command.set(self.clinic["payer"].ids)])
        claim = self.validate(charges=[("99213", "1500.00")])
        self.assert_stopped(claim, "claim_invalid")
        self.assertEqual(self.open_cases(claim).message, "Too big.")
        rule.payer_ids = self.clinic["second"]
        claim._rcm_validate()
        self.assertEqual(claim.state, "validated")

    def test_line_rule_names_the_lines(self):
        self.rule(
            model_name="rcm.claim.line", domain="[('units', '>', 5)]", message="Units?"
        )
        data = self.data()
        data["charges"][0]["units"] = "6"
        claim = self.validate(data)
        self.assertEqual(self.open_cases(claim).message, "Units? (lines 1)")

    def test_rule_of_another_company_is_silent(self):
        self.rule(company_id=self.make_company("Other clinic").id)
        self.assertEqual(
            self.validate(charges=[("99213", "1500.00")]).state, "validated"
        )

    def test_broken_or_empty_conditions_are_refused(self):
        for domain in ("[]", "[('nonsense', '=', 1)]", "import os", "[(1, '=', 1)]"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                self.rule(domain=domain)

    def test_switching_a_rule_off_lets_the_claim_pass(self):
        self.env.ref(
            "healthcare_rcm_base.rcm_validation_rule_coverage_missing"
        ).active = False
        self.env.ref(
            "healthcare_rcm_base.rcm_validation_rule_price_missing"
        ).active = False
        self.assertEqual(self.validate(coverages=[]).state, "validated")

    def test_test_button_lists_what_it_would_stop_and_changes_nothing(self):
        claim = self.intake(charges=[("99213", "1500.00")])._rcm_build_claims()
        rule = self.rule()
        action = self.as_user(rule, "administrator").action_test()
        self.assertEqual(action["domain"], [("id", "in", claim.ids)])
        self.assertEqual(claim.state, "draft")
        self.assertFalse(self.open_cases(claim))

    def test_only_administrators_change_rules(self):
        rule = self.rule()
        with self.assertRaises(AccessError):
            self.as_user(rule, "biller").message = "Other"
        with self.assertRaises(AccessError):
            self.as_user(rule, "executive").action_test()
        self.as_user(rule, "administrator").message = "Other"
        self.assertEqual(rule.message, "Other")

    def test_validation_queries_do_not_grow_with_the_claims(self):
        def cost(count, start):
            claims = self.env["rcm.claim"]
            for number in range(start, start + count):
                claims |= self.intake(number=f"Q{number}")._rcm_build_claims()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            failures = (
                self.env["rcm.validation.rule"]._rcm_in_force()._rcm_failures(claims)
            )
            self.assertFalse(failures)
            return self.env.cr.sql_log_count - before

        cost(1, 0)
        few, many = cost(3, 100), cost(30, 200)
        self.assertLessEqual(many, few + 3)
