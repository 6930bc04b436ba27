from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_ground import ROLES
from .master_common import MasterCase

MASTER = (
    "rcm.facility",
    "rcm.provider",
    "rcm.provider.group",
    "rcm.payer",
    "rcm.payer.contract",
    "rcm.payer.contract.rate",
    "rcm.service.code",
    "rcm.identifier",
)
# Roles that do not work on documents, and the master data they need none the less.
FEW = {
    "front_desk": set(MASTER) - {"rcm.payer.contract", "rcm.payer.contract.rate"},
    "executive": {
        "rcm.facility",
        "rcm.provider",
        "rcm.provider.group",
        "rcm.payer",
        "rcm.service.code",
    },
    "payables": {"rcm.facility", "rcm.payer"},
    "integration": {"rcm.facility"},
}
# Who writes what of a patient; nobody deletes.
PATIENT_KEEPERS = {
    "rcm.patient.account": {"front_desk", "biller"},
    "rcm.coverage": {"front_desk", "biller"},
    "rcm.authorization": {"front_desk", "biller", "coder"},
}


@tagged("post_install", "-at_install")
class TestMasterAccess(MasterCase):
    """Every role against every master model."""

    def test_roles_read_what_they_need_and_the_administrator_keeps_master_data(self):
        for role in ROLES:
            user = self.role(role)
            for model in MASTER:
                Model = self.env[model].with_user(user)
                with self.subTest(role=role, model=model):
                    needed = FEW.get(role, MASTER)
                    self.assertEqual(Model.has_access("read"), model in needed)
                    for operation in ("create", "write", "unlink"):
                        self.assertEqual(
                            Model.has_access(operation), role == "administrator"
                        )

    def test_patients_have_their_keepers(self):
        for role in ROLES:
            user = self.role(role)
            for model, keepers in PATIENT_KEEPERS.items():
                Model = self.env[model].with_user(user)
                with self.subTest(role=role, model=model):
                    reads = role in keepers or role not in FEW
                    self.assertEqual(Model.has_access("read"), reads)
                    self.assertEqual(Model.has_access("create"), role in keepers)
                    self.assertEqual(Model.has_access("write"), role in keepers)
                    self.assertFalse(Model.has_access("unlink"))

    def test_people_outside_see_nothing(self):
        clerk = self.user_of("t_clerk", "base.group_user")
        for model in (*MASTER, *PATIENT_KEEPERS):
            with self.subTest(model=model):
                self.assertFalse(self.env[model].with_user(clerk).has_access("read"))

    def test_administrator_makes_payers_and_facilities(self):
        admin = self.role("administrator")
        payer = (
            self.env["rcm.payer"].with_user(admin).create({"name": "N", "code": "N"})
        )
        self.assertEqual(payer.partner_id.name, "N")
        self.assertEqual(payer.partner_id.customer_rank, 1)
        payer.name = "Renamed"
        self.assertEqual(payer.partner_id.name, "Renamed")
        facility = (
            self.env["rcm.facility"]
            .with_user(admin)
            .create({"name": "F", "code": "F9"})
        )
        self.assertEqual(facility.analytic_account_id.sudo().name, "[F9] F")

    def test_facility_limits_what_a_person_sees(self):
        here = self.make_patient()
        there = self.make_patient(name="T-PA2", mrn="T-M2", facility_id=self.north.id)
        nowhere = self.make_patient(name="T-PA3", mrn="T-M3", facility_id=False)
        coverage = self.env["rcm.coverage"].create(
            {"patient_id": there.id, "payer_id": self.payer.id}
        )
        biller = self.role("biller")
        Patient = self.env["rcm.patient.account"].with_user(biller)
        ours = [("id", "in", (here | there | nowhere).ids)]
        self.assertEqual(Patient.search(ours), here | there | nowhere)
        biller.rcm_facility_ids = self.main
        self.assertEqual(Patient.search(ours), here | nowhere)
        for record in (there, coverage):
            with self.assertRaises(AccessError):
                record.with_user(biller).check_access("read")

    def test_companies_do_not_see_each_other(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        theirs = self.env["rcm.payer"].create(
            {"name": "X", "code": "T-TH", "company_id": other.id}
        )
        patient = self.make_patient(
            name="T-PA9", company_id=other.id, facility_id=False, mrn=False
        )
        biller = self.role("biller")
        self.assertNotIn(theirs, self.env["rcm.payer"].with_user(biller).search([]))
        with self.assertRaises(AccessError):
            patient.with_user(biller).check_access("read")
        self.assertIn(self.payer, self.env["rcm.payer"].with_user(biller).search([]))

    def test_records_of_two_companies_do_not_mix(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        patient = self.make_patient(company_id=other.id, facility_id=False)
        with self.assertRaises(Exception) as caught:
            self.env["rcm.coverage"].create(
                {"patient_id": patient.id, "payer_id": self.payer.id}
            )
        self.assertIn("compan", str(caught.exception).lower())

    def test_bad_identifiers_are_refused(self):
        for model, vals in (
            ("rcm.facility", {"npi": "1234567890"}),
            ("rcm.facility", {"tax_id": "12-34567"}),
            ("rcm.provider.group", {"npi": "12345"}),
        ):
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                self.env[model].create({"name": "B", "code": "B", **vals})
        with self.assertRaises(ValidationError):
            self.company.rcm_npi = "1111111111"

    @mute_logger("odoo.sql_db")
    def test_codes_are_unique_within_a_company(self):
        for model, code in (("rcm.facility", "T-MAIN"), ("rcm.payer", "T-TH")):
            with (
                self.subTest(model=model),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.env[model].create({"name": "Twice", "code": code})
