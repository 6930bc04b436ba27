from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_ground import audit_rows
from .master_common import MasterCase

NPI = "1234567893"
OTHER_NPI = "1245319599"


@tagged("post_install", "-at_install")
class TestProvider(MasterCase):
    """Who gives, orders and refers care."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Provider = cls.env["rcm.provider"]

    def test_person_is_named_by_its_parts_and_organisation_by_its_own_name(self):
        person = self.Provider.create(
            {"first_name": "Ann", "last_name": "Ashe", "name_suffix": "III"}
        )
        self.assertEqual(person.name, "Ann Ashe III")
        person.last_name = "Bell"
        self.assertEqual(person.name, "Ann Bell III")
        lab = self.Provider.create({"provider_type": "organisation", "name": "Lab"})
        self.assertEqual(lab.name, "Lab")
        with self.assertRaises(ValidationError):
            lab.first_name = "Ann"

    def test_npi_needs_its_check_digit(self):
        for wrong in ("1234567890", "12345", "123456789X"):
            with self.subTest(npi=wrong), self.assertRaises(ValidationError):
                self.Provider.create({"name": "Wrong", "npi": wrong})
        right = self.Provider.create({"name": "Right", "npi": f" {NPI} "})
        self.assertEqual(right.npi, NPI)
        self.assertEqual(right.display_name, f"Right ({NPI})")

    @mute_logger("odoo.sql_db")
    def test_npi_belongs_to_one_provider_of_a_company(self):
        self.Provider.create({"name": "First", "npi": NPI, "active": False})
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.Provider.create({"name": "Second", "npi": NPI})
        other = self.env["res.company"].create({"name": "Other Clinic"})
        theirs = self.Provider.create(
            {"name": "Theirs", "npi": NPI, "company_id": other.id}
        )
        self.assertEqual(theirs.npi, NPI)
        # none is not a number that could meet another none
        self.Provider.create([{"name": "A", "npi": ""}, {"name": "B", "npi": False}])

    @mute_logger("odoo.sql_db")
    def test_taxonomy_code_and_dates_are_checked_by_the_database(self):
        for vals in (
            {"taxonomy_code": "207Q"},
            {"taxonomy_code": "207Q00000Y"},
            {"date_from": "2026-02-01", "date_to": "2026-01-31"},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.Provider.create({"name": "Wrong", **vals})
        provider = self.Provider.create({"name": "R", "taxonomy_code": "207q00000x"})
        self.assertEqual(provider.taxonomy_code, "207Q00000X")

    def test_practises_within_its_dates(self):
        provider = self.Provider.create(
            {"name": "R", "date_from": "2026-01-01", "date_to": "2026-06-30"}
        )
        for day, expected in (
            ("2025-12-31", False),
            ("2026-01-01", True),
            ("2026-06-30", True),
            ("2026-07-01", False),
        ):
            with self.subTest(day=day):
                day = fields.Date.to_date(day)
                self.assertEqual(provider._rcm_practises_on(day), expected)

    def test_found_by_number_in_its_company_even_when_archived(self):
        gone = self.Provider.create({"name": "Gone", "npi": NPI, "active": False})
        other = self.env["res.company"].create({"name": "Other Clinic"})
        self.Provider.create(
            {"name": "Theirs", "npi": OTHER_NPI, "company_id": other.id}
        )
        found = self.Provider._rcm_find_by_npi([NPI, OTHER_NPI], self.company)
        self.assertEqual(found, {NPI: gone})

    def test_group_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        theirs = self.env["rcm.provider.group"].create(
            {"name": "T", "code": "T", "company_id": other.id}
        )
        with self.assertRaises(Exception) as caught:
            self.Provider.create(
                {"name": "R", "provider_group_ids": [(6, 0, theirs.ids)]}
            )
        self.assertIn("compan", str(caught.exception).lower())

    def test_every_change_is_logged_and_other_companies_stay_hidden(self):
        admin = self.role("administrator")
        provider = self.Provider.with_user(admin).create({"name": "R", "npi": NPI})
        provider.date_to = "2026-12-31"
        row = audit_rows(self.env, provider, "rcm.provider.changed")
        self.assertEqual(row.actor_login, admin.login)
        other = self.env["res.company"].create({"name": "Other Clinic"})
        theirs = self.Provider.create({"name": "Theirs", "company_id": other.id})
        with self.assertRaises(AccessError):
            theirs.with_user(admin).check_access("read")
