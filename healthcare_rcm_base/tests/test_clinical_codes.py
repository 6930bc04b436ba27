"""Why somebody was treated is known to those who code and argue claims, no more."""

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .billing_common import BillingCase

CODES = ["Z98.890", "M54.50"]
# They know who a patient is, and need no diagnosis for what they do.
WITHOUT = ("front_desk", "cash_poster", "collector", "patient_data")
WITH = ("biller", "coder", "denial_analyst")
CLINICAL_FIELDS = {
    "rcm.encounter": (
        "diagnosis_codes",
        "diagnosis_poa",
        "admitting_diagnosis",
        "visit_reason_codes",
        "external_cause_codes",
        "drg_code",
        "code_ids",
    ),
    "rcm.claim": (
        "diagnosis_codes",
        "diagnosis_poa",
        "admitting_diagnosis",
        "visit_reason_codes",
        "external_cause_codes",
        "drg_code",
        "content_codes",
        "codes_text",
    ),
    "rcm.submission.batch": ("json_file", "csv_file"),
}


@tagged("post_install", "-at_install")
class TestClinicalCodes(BillingCase):
    """Read, search, group, export, forms: every way to a diagnosis."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.encounter = cls.intake(number="CL1", diagnoses=CODES)
        cls.claim = cls.encounter._rcm_build_claims()

    def test_they_belong_to_three_roles(self):
        clinical = self.env.ref("healthcare_rcm_base.group_clinical")
        roles = clinical.all_implied_by_ids - clinical
        self.assertEqual(
            set(roles.mapped("name")), {"Biller", "Coder", "Denial analyst"}
        )
        self.assertIn(
            self.env.ref("healthcare_rcm_base.group_patient_data"),
            clinical.all_implied_ids,
        )

    def test_every_clinical_field_is_behind_the_group(self):
        for model, names in CLINICAL_FIELDS.items():
            for name in names:
                with self.subTest(model=model, field=name):
                    self.assertEqual(
                        self.env[model]._fields[name].groups,
                        "healthcare_rcm_base.group_clinical",
                    )

    def test_who_codes_reads_them(self):
        for role in WITH:
            with self.subTest(role=role):
                seen = self.as_user(self.encounter, role)
                self.assertEqual(seen.diagnosis_codes, ",".join(CODES))
                self.assertIn(
                    "diagnosis_codes", seen.get_view(view_type="form")["arch"]
                )

    def test_no_other_way_leads_to_them(self):
        for role in WITHOUT:
            user = self.make_user(role)
            user.group_ids += self.env.ref("base.group_allow_export")
            for document in (self.encounter, self.claim):
                seen = document.with_user(user).with_company(self.company)
                if not seen.has_access("read"):
                    continue
                for way, look in self.ways(seen).items():
                    with (
                        self.subTest(role=role, model=seen._name, way=way),
                        self.assertRaises(AccessError) as caught,
                    ):
                        look()
                    self.assertNotIn(CODES[0], str(caught.exception))
                self.assertNotIn("diagnosis_codes", seen.fields_get())
                arch = seen.get_view(view_type="form")["arch"]
                self.assertNotIn("diagnosis_codes", arch)
                self.assertNotIn("drg_code", arch)

    @staticmethod
    def ways(seen):
        """Every way a client has to learn the value of a field."""
        match = [("diagnosis_codes", "ilike", "Z98")]
        ways = {
            "read": lambda: seen.read(["diagnosis_codes"]),
            "web_read": lambda: seen.web_read({"diagnosis_codes": {}}),
            "search": lambda: seen.search(match),
            "search_count": lambda: seen.search_count(match),
            "order": lambda: seen.search_read([], ["id"], order="diagnosis_codes"),
            "group": lambda: seen.formatted_read_group([], ["diagnosis_codes"]),
            "export": lambda: seen.export_data(["diagnosis_codes"]),
            "write": lambda: seen.write({"diagnosis_codes": "Z00.00"}),
            "copy": lambda: seen.copy_data(),
        }
        if seen._name == "rcm.claim":
            path = [("encounter_id.diagnosis_codes", "ilike", "Z98")]
            ways["path"] = lambda: seen.search(path)
            ways["exported path"] = lambda: seen.export_data(
                ["encounter_id/diagnosis_codes"]
            )
        return ways

    def test_institutional_codes_are_closed_too(self):
        self.env["rcm.encounter.code"].create(
            {"encounter_id": self.encounter.id, "kind": "condition", "code": "C1"}
        )
        for role in WITHOUT:
            codes = self.env["rcm.encounter.code"].with_user(self.make_user(role))
            with self.subTest(role=role), self.assertRaises(AccessError):
                codes.search([])
        self.assertTrue(
            self.as_user(self.env["rcm.encounter.code"], "coder").search([])
        )

    def test_the_desk_registers_and_completes_without_them(self):
        """Nothing the desk does needs a diagnosis."""
        desk = self.make_user("front_desk")
        encounters = (
            self.env["rcm.encounter"].with_user(desk).with_company(self.company)
        )
        with Form(encounters) as form:
            form.number = "CL2"
            form.facility_id = self.clinic["facility"]
            form.provider_group_id = self.clinic["group"]
            form.patient_id = self.encounter.patient_id
            form.service_date = "2026-03-03"
        made = form.record
        made.action_complete()
        self.assertEqual(made.sudo().state, "completed")
        with Form(self.encounter.with_user(desk).with_company(self.company)) as form:
            form.place_of_service = "22"
        self.assertEqual(self.encounter.diagnosis_codes, ",".join(CODES))

    def test_notes_of_claims_are_for_those_who_read_claims(self):
        note = self.env["rcm.claim.note"].create(
            {"claim_id": self.claim.id, "text": "The payer asks why"}
        )
        theirs = self.as_user(note, "front_desk")
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            theirs.read(["text"])
        self.assertEqual(self.as_user(note, "collector").text, "The payer asks why")
