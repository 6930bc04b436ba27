from copy import deepcopy

from odoo.tests import tagged

from ..core.errors import RcmPermanent, ReferenceMissing
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestIntake(BillingCase):
    """Completed encounters come in once, whole, and never overwrite what is billed."""

    def test_intake_builds_patient_guarantor_coverage_encounter_and_charges(self):
        encounter = self.intake()
        self.assertEqual(encounter.number, "E1")
        self.assertEqual(encounter.patient_id.name, "PAE1")
        self.assertEqual(encounter.guarantor_id.rcm_account_number, "GE1")
        self.assertEqual(encounter.coverage_ids.payer_id.code, "ACME")
        self.assertEqual(encounter.charge_ids.amount, 150.0)
        self.assertEqual(encounter.correlation_id, "cor-1")

    def test_signed_off_encounter_is_ready_and_due(self):
        encounter = self.intake()
        self.assertEqual(encounter.state, "ready")
        self.assertTrue(encounter.billing_due)

    def test_unsigned_encounter_waits_for_coding(self):
        encounter = self.intake(coding_signed_off=False)
        self.assertEqual(encounter.state, "completed")
        self.intake()
        self.assertEqual(encounter.state, "ready")

    def test_same_again_changes_nothing(self):
        encounter = self.intake()
        self.env.flush_all()
        before = self.env["rcm.audit.log"].search_count([])
        counts = self.count_records()
        self.assertEqual(self.intake(), encounter)
        self.env.flush_all()
        self.assertEqual(self.count_records(), counts)
        self.assertEqual(self.env["rcm.audit.log"].search_count([]), before)

    def count_records(self):
        return [
            self.env[model].search_count([])
            for model in (
                "rcm.encounter",
                "rcm.charge",
                "rcm.patient.account",
                "rcm.coverage",
                "rcm.identifier",
                "res.partner",
                "rcm.exception.case",
            )
        ]

    def test_second_encounter_of_a_patient_shares_account_and_coverage(self):
        first = self.intake()
        data = self.data(number="E2")
        data["patient"] = self.data()["patient"]
        second = self.intake(data)
        self.assertEqual(second.patient_id, first.patient_id)
        self.assertEqual(second.coverage_ids, first.coverage_ids)

    def test_correction_before_billing_is_taken_over(self):
        encounter = self.intake()
        data = self.data(charges=[("99213", "175.00"), ("80053", "60.00")])
        self.intake(data)
        self.assertEqual(encounter.charge_ids.mapped("amount"), [175.0, 60.0])
        data["charges"] = data["charges"][:1]
        self.intake(data)
        self.assertEqual(encounter.charge_ids.mapped("state"), ["captured", "void"])
        self.assertEqual(encounter.total_charge, 175.0)

    def test_changed_amount_after_billing_is_a_case_and_nothing_is_overwritten(self):
        encounter = self.intake()
        encounter._rcm_bill()
        self.assertEqual(encounter.state, "billed")
        data = self.data(charges=[("99213", "175.00")])
        self.intake(data)
        self.assertEqual(encounter.charge_ids.amount, 150.0)
        case = self.open_cases(encounter, "charge_changed")
        self.assertEqual(len(case), 1)
        self.assertEqual((case.expected, case.actual), ("150.00", "175.00"))
        self.intake(data)
        self.assertEqual(self.open_cases(encounter, "charge_changed"), case)

    def test_changed_header_after_billing_is_a_case(self):
        encounter = self.intake()
        encounter._rcm_bill()
        self.intake(diagnoses=["I10"])
        self.assertEqual(encounter.diagnosis_codes, "E119")
        self.assertTrue(self.open_cases(encounter, "charge_changed"))

    def test_late_charge_reopens_and_joins_the_claim_that_was_not_sent(self):
        encounter = self.intake()
        claim = encounter._rcm_bill()
        self.assertEqual(claim.state, "cleared")
        self.intake(charges=[("99213", "150.00"), ("80053", "60.00")])
        self.assertEqual((encounter.state, claim.state), ("ready", "draft"))
        encounter._rcm_bill()
        self.assertEqual(encounter.claim_ids, claim)
        self.assertEqual((claim.state, claim.total_charge), ("cleared", 210.0))
        self.assertEqual(encounter.state, "billed")

    def test_payer_is_found_by_our_code_then_by_its_own_numbers(self):
        payer = self.env["rcm.payer"].search(
            [("code", "=", "ACME"), ("company_id", "=", self.company.id)]
        )
        payer.payer_identifier = "T-777"
        self.env["rcm.identifier"]._rcm_register(
            "payer", "payer_id", "T-778", payer, self.company
        )
        for place, code in enumerate(("ACME", "T-777", "T-778")):
            with self.subTest(code=code):
                encounter = self.intake(
                    number=f"X{place}", coverages=[self.coverage(1, code)]
                )
                self.assertEqual(encounter.coverage_ids.payer_id, payer)
        # a code of ours comes before another payer's number
        aid = self.env["rcm.payer"].search(
            [("code", "=", "AID"), ("company_id", "=", self.company.id)]
        )
        payer.payer_identifier = "AID"
        encounter = self.intake(number="X9", coverages=[self.coverage(1, "AID")])
        self.assertEqual(encounter.coverage_ids.payer_id, aid)

    def test_middle_name_and_ordering_client_are_taken_in(self):
        client = self.env["rcm.client"].create(
            {"name": "Hospital", "code": "HOSP", "company_id": self.company.id}
        )
        data = self.data(number="C1", client="HOSP")
        data["patient"]["middle_name"] = "Jane"
        encounter = self.intake(data)
        self.assertEqual(encounter.client_id, client)
        self.assertEqual(encounter.patient_id.middle_name, "Jane")
        # silence leaves what we know alone
        self.intake(self.data(number="C1"))
        self.assertEqual(encounter.client_id, client)
        self.assertEqual(encounter.patient_id.middle_name, "Jane")
        with self.assertRaises(ReferenceMissing):
            self.intake(self.data(number="C2", client="NOBODY"))

    def test_unknown_references_are_named(self):
        for data, kind, value in (
            (self.data(facility="NOWHERE"), "facility", "NOWHERE"),
            (self.data(provider_group="PG9"), "provider_group", "PG9"),
            (self.data(coverages=[self.coverage(1, "NOBODY")]), "payer", "NOBODY"),
        ):
            with self.subTest(kind):
                with self.assertRaises(ReferenceMissing) as caught:
                    self.intake(data)
                error = caught.exception
                self.assertEqual((error.kind, error.value), (kind, value))

    def test_bad_content_is_permanent(self):
        with self.assertRaises(RcmPermanent) as caught:
            self.intake(charges=[("99213", "-1.00")])
        self.assertIn("charges[0].amount", caught.exception.message)

    def test_two_accounts_for_one_mrn_are_a_conflict(self):
        self.intake()
        self.intake(number="E2")
        data = self.data(number="E3")
        data["patient"]["mrn"] = "ME1"
        data["patient"]["account_number"] = "PAE2"
        with self.assertRaises(RcmPermanent) as caught:
            self.intake(data)
        self.assertEqual(caught.exception.code, "identity_conflict")

    def test_encounter_never_moves_to_another_patient(self):
        self.intake()
        data = self.data()
        data["patient"] = self.data(number="E2")["patient"]
        with self.assertRaises(RcmPermanent):
            self.intake(data)

    def test_unknown_service_code_is_taken_in_for_validation_to_stop(self):
        encounter = self.intake(charges=[("XYZ", "10.00")])
        self.assertFalse(encounter.charge_ids.service_code_id)
        self.assertEqual(encounter.charge_ids.code, "XYZ")

    def test_companies_do_not_see_each_others_codes(self):
        other = self.make_company("Other clinic")
        self.make_clinic(other)
        ours = self.intake()
        theirs = (
            self.env["rcm.encounter"]
            .with_company(other)
            ._rcm_intake_completed(deepcopy(self.data()), "cor-2", "test")
        )
        self.assertNotEqual(ours, theirs)
        self.assertEqual(theirs.company_id, other)
        self.assertNotEqual(ours.patient_id, theirs.patient_id)

    def test_integration_user_may_hand_in_and_nothing_else(self):
        user = self.make_user("integration")
        Encounter = self.env["rcm.encounter"].with_user(user).with_company(self.company)
        encounter = Encounter._rcm_intake_completed(self.data(), "cor-1", "test")
        self.assertEqual(encounter.env.uid, user.id)
        self.assertFalse(encounter.env.su)
        self.assertFalse(encounter.has_access("write"))

    def test_source_without_amounts_is_charged_by_the_charge_master(self):
        data = self.data(charges=(("99213", "150.00"), ("80053", "60.00")))
        for charge in data["charges"]:
            del charge["amount"]
        data["charges"][0]["units"] = "3"
        price = self.env["rcm.service.charge"].create(
            {
                "service_code_id": self.clinic["services"][0].id,
                "facility_id": self.clinic["facility"].id,
                "company_id": self.company.id,
                "amount": 175,
                "date_from": "2026-03-02",
            }
        )
        encounter = self.intake(data)
        self.assertEqual(encounter.charge_ids.mapped("amount"), [525, 60])
        # The same again keeps what it was charged at, whatever the master says now.
        price.amount = 180
        self.intake(data)
        self.assertEqual(encounter.charge_ids.mapped("amount"), [525, 60])
        data["encounter"]["number"], data["charges"][1]["code"] = "E9", "36415"
        self.clinic["services"][2].standard_charge = 0
        with self.assertRaisesRegex(RcmPermanent, "charge master has no price"):
            self.intake(data)
