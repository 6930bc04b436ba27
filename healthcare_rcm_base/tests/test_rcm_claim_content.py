from datetime import date, datetime

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..core.claim_content import ROLES
from ..core.errors import RcmPermanent, ReferenceMissing
from .billing_common import NPI, OTHER_NPI, BillingCase

THIRD_NPI = "1999999984"
STAY = {
    "type": "inpatient",
    "diagnoses": ["I10", "E119"],
    "diagnosis_poa": ["Y", "N"],
    "admitting_diagnosis": "R079",
    "visit_reasons": ["R079"],
    "external_causes": ["W010XXA"],
    "onset_date": "2026-03-01",
    "accident": {"type": "auto", "date": "2026-03-01", "state": "oh"},
    "admission": {
        "at": "2026-03-02T08:00:00Z",
        "type": "1",
        "point_of_origin": "7",
    },
    "discharge": {"at": "2026-03-05T10:00:00-05:00", "status": "01"},
    "type_of_bill": "0111",
    "drg": "291",
    "clia_number": "36d0000001",
    "providers": {
        "attending": {"npi": OTHER_NPI, "last_name": "Birch", "first_name": "Ben"},
        "service_facility": {
            "npi": THIRD_NPI,
            "organisation": "Imaging",
            "taxonomy": "261QR0200X",
        },
    },
    "condition_codes": [{"code": "02"}],
    "occurrence_codes": [{"code": "11", "date": "2026-03-01"}],
    "occurrence_span_codes": [
        {"code": "74", "date": "2026-03-02", "until": "2026-03-03"}
    ],
    "value_codes": [{"code": "80", "amount": "3.00"}],
}
LINE = {
    "unit": "MJ",
    "ndc": {"code": "00002-7510-01", "unit": "ML", "quantity": "1.5"},
    "anesthesia": {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:15:00Z"},
    "clia_number": "36d0000002",
}


@tagged("post_install", "-at_install")
class TestClaimContent(BillingCase):
    """What a claim says besides who, when and how much."""

    def stay(self, number="S1", line=None, **changes):
        data = self.data(number=number, **{**STAY, **changes})
        data["charges"][0] |= LINE if line is None else line
        return self.intake(data)

    # -- taking in -------------------------------------------------------------------

    def test_all_content_of_a_stay_is_stored(self):
        encounter = self.stay()
        self.assertEqual(encounter.claim_form, "institutional")
        for name, expected in {
            "diagnosis_poa": "Y,N",
            "admitting_diagnosis": "R079",
            "visit_reason_codes": "R079",
            "external_cause_codes": "W010XXA",
            "onset_date": date(2026, 3, 1),
            "accident_type": "auto",
            "accident_state": "OH",
            "admission_at": datetime(2026, 3, 2, 8),
            "discharge_at": datetime(2026, 3, 5, 15),
            "admission_type": "1",
            "point_of_origin": "7",
            "patient_status": "01",
            "type_of_bill": "0111",
            "drg_code": "291",
            "clia_number": "36D0000001",
        }.items():
            with self.subTest(name=name):
                self.assertEqual(encounter[name], expected)
        self.assertEqual(
            encounter.code_ids.mapped(lambda item: (item.kind, item.code)),
            [
                ("condition", "02"),
                ("occurrence", "11"),
                ("occurrence_span", "74"),
                ("value", "80"),
            ],
        )
        charge = encounter.charge_ids
        self.assertEqual(
            (charge.unit_code, charge.ndc_code, charge.ndc_unit, charge.ndc_quantity),
            ("MJ", "00002751001", "ML", 1.5),
        )
        self.assertEqual(charge.anesthesia_end, datetime(2026, 3, 2, 10, 15))

    def test_providers_are_found_or_made_from_their_names(self):
        known = self.env["rcm.provider"].create(
            {"last_name": "Known", "npi": OTHER_NPI, "company_id": self.company.id}
        )
        encounter = self.stay()
        self.assertEqual(encounter.attending_id, known)
        made = encounter.service_facility_id
        self.assertEqual(
            (made.name, made.provider_type, made.taxonomy_code),
            ("Imaging", "organisation", "261QR0200X"),
        )
        with self.assertRaises(RcmPermanent):
            self.stay("S2", providers={"service_facility": {"npi": OTHER_NPI}})
        with self.assertRaises(ReferenceMissing):
            self.stay("S2", providers={"referring": {"npi": NPI}})

    def test_the_same_again_changes_nothing(self):
        encounter = self.stay()
        codes = encounter.code_ids
        again = self.stay()
        self.assertEqual((again, again.code_ids), (encounter, codes))
        self.stay(value_codes=[{"code": "80", "amount": "4.00"}])
        self.assertEqual(encounter.code_ids[-1:].amount, 4.0)

    def test_what_a_source_does_not_say_stays_ours(self):
        encounter = self.intake(number="P1")
        encounter.write({"onset_date": "2026-02-01", "type_of_bill": "0131"})
        self.intake(number="P1")
        self.assertEqual(encounter.type_of_bill, "0131")
        self.assertEqual(encounter.claim_form, "professional")

    def test_faults_are_named_by_place_and_never_by_value(self):
        for changes, line, place in (
            ({"diagnosis_poa": ["X"]}, {}, "encounter.diagnosis_poa[0]"),
            ({"accident": {"date": "2026-03-01"}}, {}, "encounter.accident.type"),
            ({"providers": {"boss": {"npi": NPI}}}, {}, "encounter.providers"),
            (
                {"providers": {"referring": {"npi": "1234567890"}}},
                {},
                "encounter.providers.referring.npi",
            ),
            (
                {"discharge": {"at": "2026-03-01T08:00:00Z"}},
                {},
                "encounter.discharge.at",
            ),
            ({"occurrence_codes": [{"code": "11"}]}, {}, "occurrence_codes[0].date"),
            ({}, {"ndc": {"code": "123"}}, "charges[0].ndc.code"),
            ({}, {"ndc": {"code": "00002751001"}}, "charges[0].ndc"),
            (
                {},
                {"anesthesia": {"start": "2026-03-02T09:00:00Z"}},
                "charges[0].anesthesia",
            ),
            ({}, {"unit": "XX"}, "charges[0].unit"),
        ):
            with self.subTest(place=place), self.assertRaises(RcmPermanent) as bad:
                self.stay("F1", line, **changes)
            self.assertIn(f"{place}:", str(bad.exception))
            self.assertNotIn("1234567890", str(bad.exception))

    # -- on the claim ----------------------------------------------------------------

    def test_each_version_keeps_its_own_content(self):
        encounter = self.stay()
        claim = encounter._rcm_build_claims()
        self.assertEqual(claim.claim_form, "institutional")
        self.assertEqual(claim.attending_id, encounter.attending_id)
        self.assertEqual(claim.line_ids.ndc_code, "00002751001")
        self.assertEqual(len(claim.content_codes), 4)
        self.assertIn("Value 80 3.00", claim.codes_text)
        encounter.write({"type_of_bill": "0117", "patient_status": "30"})
        self.assertEqual(claim.type_of_bill, "0111")
        claim._rcm_refresh()
        self.assertEqual((claim.type_of_bill, claim.patient_status), ("0117", "30"))

    def test_nobody_writes_content_on_a_claim(self):
        claim = self.stay()._rcm_build_claims()
        for vals in ({"type_of_bill": "0121"}, {"content_codes": []}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                claim.write(vals)
        with self.assertRaises(AccessError):
            claim.line_ids.write({"ndc_code": "00002751002"})

    def test_billed_content_is_frozen_until_a_correction_is_drafted(self):
        encounter = self.intake(number="B1")
        encounter._rcm_bill()
        claim = encounter.claim_ids
        self.assertEqual(encounter.state, "billed")
        with self.assertRaises(UserError):
            encounter.write({"onset_date": "2026-02-01"})
        with self.assertRaises(UserError):
            encounter.charge_ids.write({"ndc_code": "00002751001"})
        with self.assertRaises(UserError):
            self.env["rcm.encounter.code"].create(
                {"encounter_id": encounter.id, "code": "02"}
            )
        claim._rcm_set_state("submitted")
        claim._rcm_write({"invoice_state": "posted", "payer_claim_number": "PCN1"})
        version = claim._rcm_new_version("7", "Wrong diagnosis")
        self.assertTrue(encounter.is_correctable)
        encounter.write({"diagnosis_codes": "I10", "onset_date": "2026-02-01"})
        version._rcm_refresh()
        self.assertEqual(version.diagnosis_codes, "I10")
        self.assertEqual(claim.diagnosis_codes, "E119")
        with self.assertRaises(UserError):
            encounter.write({"number": "B2"})

    def test_laboratory_number_comes_from_the_facility(self):
        self.clinic["facility"].clia_number = "36D0000009"
        claim = self.intake(number="L1")._rcm_build_claims()
        self.assertEqual(claim.clia_number, "36D0000009")

    # -- people ----------------------------------------------------------------------

    def test_picked_provider_brings_its_number(self):
        encounter = self.intake(number="R1")
        provider = self.env["rcm.provider"].create(
            {"last_name": "Ashe", "npi": OTHER_NPI, "company_id": self.company.id}
        )
        encounter.rendering_id = provider
        self.assertEqual(encounter.rendering_npi, OTHER_NPI)

    def test_impossible_content_is_refused(self):
        encounter = self.intake(number="I1")
        for vals in (
            {"accident_date": "2026-01-01"},
            {"diagnosis_poa": "Y,X"},
            {"visit_reason_codes": "A,B,C,D"},
            {"admission_at": "2026-03-02", "discharge_at": "2026-03-01"},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                encounter.write(vals)
        for vals in (
            {"kind": "occurrence", "code": "11"},
            {"kind": "condition", "code": "02", "amount": 1},
            {"kind": "value", "code": "80", "date": "2026-01-01"},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                self.env["rcm.encounter.code"].create(
                    {"encounter_id": encounter.id, **vals}
                )

    def test_codes_are_for_those_who_may_know_patients(self):
        encounter = self.stay()
        code = encounter.code_ids[:1]
        self.assertTrue(self.as_user(code, "coder").code)
        for role in ("approver", "executive", "integration_support"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(code, role).read(["code"])
        with self.assertRaises(AccessError):
            self.as_user(encounter, "integration_support").read(["drg_code"])
        other = self.make_company("Other clinic")
        stranger = code.with_user(self.make_user("coder", company=other))
        with self.assertRaises(AccessError):
            stranger.with_company(other).read(["code"])

    def test_every_role_of_a_provider_has_its_field(self):
        for role in ROLES:
            self.assertIn(f"{role}_id", self.env["rcm.claim"]._fields)

    # -- edits -----------------------------------------------------------------------

    def test_complete_institutional_claim_passes_an_incomplete_one_names_what_lacks(
        self,
    ):
        complete = self.stay()._rcm_build_claims()
        complete._rcm_validate()
        self.assertEqual(complete.state, "validated")
        data = {**STAY, "number": "S2", "admission": None, "providers": {}}
        lacking = self.intake(self.data(**data))._rcm_build_claims()
        lacking._rcm_validate()
        self.assertEqual(lacking.state, "draft")
        message = self.open_cases(lacking, "claim_invalid").message
        self.assertIn("Attending Provider, Admitted", message)
        self.assertNotIn("Type Of Bill", message)

    def test_a_claim_takes_as_many_diagnoses_as_its_form_has_places(self):
        codes = [f"E1{number}" for number in range(13)]
        claim = self.intake(self.data(diagnoses=codes))._rcm_build_claims()
        claim._rcm_validate()
        self.assertIn("(13 > 12)", self.open_cases(claim, "coding_missing").message)
        stay = self.stay("S3", diagnoses=codes, diagnosis_poa=[])._rcm_build_claims()
        stay._rcm_validate()
        self.assertEqual(stay.state, "validated")

    def test_every_provider_number_is_checked(self):
        claim = self.stay("S4")._rcm_build_claims()
        numbers = dict(self.env["rcm.validation.check"]._rcm_numbers(claim))
        self.assertEqual(numbers["Attending Provider"], OTHER_NPI)
        self.assertEqual(numbers["Service Facility"], THIRD_NPI)

    def test_every_institutional_code_is_valid_on_the_day(self):
        claim = self.stay("S5")._rcm_build_claims()
        check = self.env["rcm.validation.check"]._check_code_validity
        self.assertFalse(check(claim))
        for kind, code, told in (
            ("diagnosis", "R079", "Diagnosis"),
            ("diagnosis", "W010XXA", "Diagnosis"),
            ("drg", "291", "Diagnosis-related group"),
            ("bill_type", "0111", "Type of bill 0111"),
            ("point_of_origin", "7", "Point of origin"),
            ("patient_status", "01", "Patient status"),
            ("condition", "02", "Condition"),
            ("occurrence", "11", "Occurrence"),
            ("value", "80", "Value"),
        ):
            table = self.env.ref(f"healthcare_rcm_base.rcm_code_table_{kind}")
            ended = self.env["rcm.code"].create(
                {"table_id": table.id, "code": code, "date_to": "2026-03-01"}
            )
            with self.subTest(kind=kind, code=code):
                self.assertEqual(check(claim), {claim.id: f"({told})"})
                ended.date_to = "2026-03-02"
                self.assertFalse(check(claim))

    def test_codes_of_many_claims_cost_the_queries_of_one(self):
        claims = self.env["rcm.claim"]
        for number in range(3):
            claims |= self.stay(f"Q{number}")._rcm_build_claims()
        check = self.env["rcm.validation.check"]._check_code_validity
        check(claims)  # what is read once for all stays in the cache
        with self.assertQueryCount(self.queries(lambda: check(claims[:1]))):
            check(claims)

    def queries(self, work):
        before = self.env.cr.sql_log_count
        work()
        return self.env.cr.sql_log_count - before
