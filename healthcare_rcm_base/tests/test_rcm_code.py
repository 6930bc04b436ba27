from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import read_rows
from .common_ground import audit_rows
from .test_rcm_table_import import ImportCase


@tagged("post_install", "-at_install")
class TestCodeTable(ImportCase):
    """Public code sets: valid from when until when, edition by edition."""

    HEADER = ["Code", "In our words", "Valid from", "Valid until", "Superseded by"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ref = cls.env.ref
        cls.places = ref("healthcare_rcm_base.rcm_code_table_place_of_service")
        cls.diagnoses = ref("healthcare_rcm_base.rcm_code_table_diagnosis")
        cls.Code = cls.env["rcm.code"]

    def edition(self, *rows, day="2026-10-01", whole=False, to=None, **vals):
        return self.wizard(
            "code_table",
            [self.HEADER[: len(rows[0])], *rows],
            code_table_id=(to or self.diagnoses).id,
            edition_date=day,
            edition_complete=whole,
            **vals,
        )

    def invalid(self, kind, codes, day):
        return self.Code._rcm_invalid(kind, codes, date.fromisoformat(day))

    def test_shipped_places_of_service_are_whole_and_modifiers_are_not(self):
        self.assertEqual(
            self.invalid("place_of_service", ["11", "22", "98", ""], "2026-03-02"),
            {"98"},
        )
        self.assertFalse(self.invalid("modifier", ["25", "ZZ"], "2026-03-02"))
        self.assertFalse(self.invalid("diagnosis", ["E11.9"], "2026-03-02"))

    def test_edges_of_validity(self):
        self.Code.create(
            {
                "table_id": self.diagnoses.id,
                "code": "e11.9",
                "date_from": "2026-01-01",
                "date_to": "2026-09-30",
                "superseded_by": "E1190",
            }
        )
        for day, wrong in (
            ("2025-12-31", True),
            ("2026-01-01", False),
            ("2026-09-30", False),
            ("2026-10-01", True),
        ):
            with self.subTest(day=day):
                found = self.invalid("diagnosis", ["E11.9", "I10"], day)
                self.assertEqual(found, {"E11.9"} if wrong else set())
        successor = self.Code._rcm_successor("diagnosis", "E119", date(2026, 10, 1))
        self.assertEqual(successor, "E1190")

    def test_pairs_cost_no_more_queries_than_one(self):
        pairs = [("11", date(2026, 1, number)) for number in range(1, 29)]
        self.env.flush_all()
        with self.assertQueryCount(3):
            self.env.invalidate_all()
            self.assertFalse(self.Code._rcm_invalid_pairs("place_of_service", pairs))

    def test_edition_adds_keeps_and_ends(self):
        self.edition(
            ["A00", "Cholera"], ["A01", "Typhoid"], ["A02", "Other"], day="2025-10-01"
        ).action_import()
        wizard = self.edition(
            ["A00", "Cholera"],
            ["A01", "Typhoid fever"],
            ["A03", "Shigella"],
            whole=True,
            edition="FY2027",
        )
        wizard.action_check()
        self.assertIn("1 codes added, 1 changed, 1 ended", wizard.summary)
        self.assertFalse(self.invalid("diagnosis", ["A03"], "2025-12-01"))
        wizard.action_import()
        codes = {
            item.code: (
                item.name,
                str(item.date_from),
                item.date_to and str(item.date_to),
            )
            for item in self.diagnoses.code_ids
        }
        self.assertEqual(
            codes,
            {
                "A00": ("Cholera", "2025-10-01", False),
                "A01": ("Typhoid fever", "2025-10-01", False),
                "A02": ("Other", "2025-10-01", "2026-09-30"),
                "A03": ("Shigella", "2026-10-01", False),
            },
        )
        self.assertTrue(self.diagnoses.is_complete)
        self.assertEqual(self.diagnoses.edition, "FY2027")
        self.assertEqual(
            self.invalid("diagnosis", ["A02", "A03", "B99"], "2026-10-01"),
            {"A02", "B99"},
        )
        self.assertEqual(
            self.invalid("diagnosis", ["A02", "A03"], "2026-09-30"), {"A03"}
        )
        events = audit_rows(self.env, self.diagnoses).mapped("event")
        self.assertEqual(events.count("rcm.code.table.imported"), 2)

    def test_partial_edition_ends_nothing_but_what_it_says(self):
        self.edition(["A00"], ["A01"], day="2025-10-01").action_import()
        self.edition(["A01", "", "", "2026-12-31", "A09"]).action_import()
        ended = self.diagnoses.code_ids.filtered("date_to")
        self.assertEqual((ended.code, ended.superseded_by), ("A01", "A09"))
        self.assertFalse(self.diagnoses.is_complete)

    def test_code_comes_back_as_a_new_row(self):
        self.edition(["A00", "", "2024-10-01", "2025-09-30"]).action_import()
        self.edition(["A00", "Again"]).action_import()
        self.assertEqual(len(self.diagnoses.code_ids), 2)
        self.assertEqual(self.invalid("diagnosis", ["A00"], "2026-01-01"), {"A00"})
        self.assertFalse(self.invalid("diagnosis", ["A00"], "2026-10-01"))

    def test_lost_zeros_come_back(self):
        wizard = self.edition([2, "Telehealth"], to=self.places, extension="xlsx")
        wizard.action_check()
        self.assertIn("0 codes added, 1 changed", wizard.summary)

    def test_export_comes_back_and_changes_nothing(self):
        content = self.download(self.places.action_export())
        wizard = self.wizard(
            "code_table",
            read_rows(content),
            code_table_id=self.places.id,
            edition_date="2026-10-01",
            edition_complete=True,
        )
        wizard.action_check()
        self.assertIn("0 codes added, 0 changed, 0 ended", wizard.summary)

    def test_repeated_rows_and_wrong_dates_are_faults(self):
        wizard = self.edition(
            ["A00", "", "2026-01-02", "2026-01-01"], ["A.01", "", "", ""], ["A01"]
        )
        wizard.action_check()
        self.assertEqual(sorted(wizard.fault_ids.mapped("row")), [2, 4])

    def test_two_rows_of_a_code_on_a_day_are_refused(self):
        vals = {"table_id": self.places.id, "code": "11"}
        with self.assertRaises(UserError):
            self.Code.create({**vals, "date_from": "2026-01-01"})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.Code._rcm_insert(self.places, [{"code": "11"}])

    def test_codes_are_kept_by_administrators(self):
        for role in ("biller", "coder", "auditor"):
            user = self.role(role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.edition(["A00"], user=user).action_check()
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.places.code_ids[0].with_user(user).write({"name": "x"})
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.places.with_user(user).action_import()
