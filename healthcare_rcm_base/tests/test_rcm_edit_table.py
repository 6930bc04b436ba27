import base64
import hashlib
import time

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import write_csv, write_xlsx
from .billing_common import BillingCase
from .common_ground import audit_rows

PAIR_HEADER = [
    "Column 1",
    "Column 2",
    "Effective Date",
    "Deletion Date *=no data",
    "Modifier 0=not allowed 1=allowed 9=not applicable",
    "PTP Edit Rationale",
]
UNIT_HEADER = ["HCPCS/CPT Code", "Practitioner Services MUE Values", "MAI"]


@tagged("post_install", "-at_install")
class TestEditTable(BillingCase):
    """Editions come in whole or not at all; checks read what was in force."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Table = cls.env["rcm.edit.table"]
        cls.pairs = Table.create({"name": "Pairs", "kind": "pair"})
        cls.units = Table.create({"name": "Limits", "kind": "unit"})
        cls.admin = cls.make_admin()

    @classmethod
    def make_admin(cls):
        return cls.make_user(cls, "administrator")

    def load(self, table, rows, day="2026-01-01", whole=True, name=None, user=None):
        header = PAIR_HEADER if table.kind == "pair" else UNIT_HEADER
        content = rows if isinstance(rows, bytes) else write_csv([header, *rows])
        wizard = (
            self.env["rcm.table.import"]
            .with_user(user or self.admin)
            .create(
                {
                    "kind": f"edit_{table.kind}",
                    "edit_table_id": table.id,
                    "edition": "Q1",
                    "edition_date": day,
                    "edition_complete": whole,
                    "file_content": base64.b64encode(content),
                    "file_name": name or "file.csv",
                }
            )
        )
        wizard.action_import()
        return wizard

    def rows(self, table):
        model = "rcm.edit.pair" if table.kind == "pair" else "rcm.edit.unit.limit"
        found = self.env[model].search([("table_id", "=", table.id)])
        return [
            (row.display_name, str(row.date_from), str(row.date_to or ""))
            for row in found.sorted(lambda row: (row.display_name, row.date_from))
        ]

    # ------------------------------------------------------------------
    # Import
    # ------------------------------------------------------------------
    def test_publishers_text_file_with_words_above_the_header(self):
        lines = [
            "Codes only, words left out, all rights reserved",
            "",
            "\t".join(PAIR_HEADER),
            "99213\t36415\t20260101\t*\t1\tPart of it",
            "80053\t36415\t20200101\t20251231\t0\tPart of it",
        ]
        wizard = self.load(self.pairs, "\n".join(lines).encode(), name="edits.TXT")
        self.assertEqual((wizard.state, wizard.fault_count), ("done", 0))
        self.assertEqual(
            self.rows(self.pairs),
            [
                ("80053 / 36415", "2020-01-01", "2025-12-31"),
                ("99213 / 36415", "2026-01-01", ""),
            ],
        )
        self.assertEqual((self.pairs.row_count, self.pairs.edition), (2, "Q1"))

    def test_xlsx_and_units_with_words_behind_the_indicator(self):
        content = write_xlsx(
            [UNIT_HEADER, ["80053", "1", "2 Date of Service Edit: Policy"]]
        )
        self.load(self.units, content, name="units.xlsx")
        [limit] = self.env["rcm.edit.unit.limit"].search(
            [("table_id", "=", self.units.id)]
        )
        self.assertEqual((limit.max_units, limit.adjudication_indicator), (1, "2"))
        self.assertEqual(str(limit.date_from), "2026-01-01")

    def test_every_fault_is_named_and_nothing_is_half_imported(self):
        wizard = self.load(
            self.pairs,
            [
                ["99213", "36415", "2026-01-01", "", "1", ""],
                ["99213", "99213", "2026-01-01", "", "1", ""],
                ["99213", "36415", "2026-01-01", "", "0", ""],
                ["", "36415", "nonsense", "", "5", ""],
                ["80053", "36415", "2026-01-01", "2025-01-01", "1", ""],
            ],
        )
        self.assertEqual(wizard.state, "checked")
        # Cells first: what cannot be read is told before what does not fit.
        self.assertEqual(set(wizard.fault_ids.mapped("row")), {5})
        wizard = self.load(
            self.pairs,
            [
                ["99213", "36415", "2026-01-01", "", "1", ""],
                ["99213", "99213", "2026-01-01", "", "1", ""],
                ["99213", "36415", "2026-01-01", "", "0", ""],
                ["80053", "36415", "2026-01-01", "2025-01-01", "1", ""],
            ],
        )
        self.assertEqual(sorted(wizard.fault_ids.mapped("row")), [3, 4, 5])
        self.assertFalse(self.rows(self.pairs))
        wizard = self.load(self.units, [["80053", "1.5", "2"], ["80053", "2", "7"]])
        self.assertTrue(wizard.fault_count)
        self.assertFalse(self.rows(self.units))

    def test_new_edition_closes_what_is_gone_and_keeps_what_goes_on(self):
        self.load(
            self.pairs,
            [
                ["99213", "36415", "", "", "1", ""],
                ["80053", "36415", "", "", "1", ""],
                ["99213", "80053", "", "", "1", ""],
            ],
        )
        self.load(
            self.pairs,
            [
                ["99213", "36415", "", "", "1", ""],
                ["99213", "80053", "", "", "0", ""],
            ],
            day="2026-04-01",
        )
        self.assertEqual(
            self.rows(self.pairs),
            [
                ("80053 / 36415", "2026-01-01", "2026-03-31"),
                ("99213 / 36415", "2026-01-01", ""),
                ("99213 / 80053", "2026-01-01", "2026-03-31"),
                ("99213 / 80053", "2026-04-01", ""),
            ],
        )

    def test_same_edition_again_changes_nothing(self):
        rows = [["80053", "1", "2"], ["36415", "2", "3"]]
        self.load(self.units, rows)
        before = self.rows(self.units)
        wizard = self.load(self.units, rows)
        self.assertEqual(self.rows(self.units), before)
        self.assertIn("0 rows added, 0 changed, 0 ended", wizard.summary)

    def test_part_of_an_edition_ends_nothing(self):
        self.load(self.units, [["80053", "1", "2"], ["36415", "2", "3"]])
        self.load(self.units, [["80053", "3", "2"]], day="2026-04-01", whole=False)
        self.assertEqual(
            self.rows(self.units),
            [
                ("36415", "2026-01-01", ""),
                ("80053", "2026-01-01", "2026-03-31"),
                ("80053", "2026-04-01", ""),
            ],
        )

    def test_import_is_audited_with_hash_and_counts(self):
        content = write_csv([UNIT_HEADER, ["80053", "1", "2"]])
        self.load(self.units, content)
        [row] = audit_rows(self.env, self.units, "rcm.edit.table.imported")
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(self.units.file_hash, digest)
        self.assertIn(digest, row.changes_json)
        self.assertIn('"added"', row.changes_json)
        self.assertEqual(row.actor_login, self.admin.login)

    def test_tables_of_others_stay_as_they_are(self):
        other = self.pairs.copy({"name": "Other"})
        self.load(other, [["99213", "36415", "", "", "1", ""]])
        self.load(self.pairs, [["80053", "36415", "", "", "1", ""]], day="2026-04-01")
        self.assertEqual(self.rows(other), [("99213 / 36415", "2026-01-01", "")])

    def test_a_hundred_thousand_rows_in_seconds_and_few_statements(self):
        lines = ["\t".join(PAIR_HEADER)]
        lines += [
            f"{one:05d}\t{two:05d}\t20260101\t*\t1\t"
            for one in range(10000, 10250)
            for two in range(20000, 20400)
        ]
        content = "\n".join(lines).encode()
        statements, started = self.env.cr.sql_log_count, time.monotonic()
        wizard = self.load(self.pairs, content, name="edits.txt")
        self.assertEqual((wizard.row_count, wizard.fault_count), (100_000, 0))
        self.assertEqual(self.pairs.row_count, 100_000)
        self.assertLess(self.env.cr.sql_log_count - statements, 100)
        # Far from the measured few seconds: only a load row by row would fail.
        self.assertLess(time.monotonic() - started, 60)

    # ------------------------------------------------------------------
    # Roles, companies, rows by hand
    # ------------------------------------------------------------------
    def test_only_administrators_import_and_edit(self):
        with self.assertRaises(AccessError):
            self.load(self.units, [["80053", "1", "2"]], user=self.make_user("biller"))
        with self.assertRaises(AccessError):
            self.as_user(self.units, "coder").name = "Mine"
        with self.assertRaises(UserError):
            self.load(self.units, [["80053", "1", "2"]], day=False)

    def test_table_of_another_company_is_unseen_and_unused(self):
        other = self.make_company("Other clinic")
        self.pairs.company_id = other
        self.load(self.pairs, [["99213", "80053", "", "", "0", ""]], user=self.env.user)
        reader = self.make_user("biller")
        self.assertNotIn(self.pairs, self.pairs.with_user(reader).search([]))
        self.assertFalse(self.env["rcm.edit.pair"].with_user(reader).search([]))
        self.assertEqual(self.validated("C1", "99213", "80053").state, "validated")

    def test_rows_by_hand_are_audited_and_constrained(self):
        Pair = self.env["rcm.edit.pair"].with_user(self.admin)
        vals = {
            "table_id": self.pairs.id,
            "column_one": "99213",
            "column_two": "80053",
            "date_from": "2026-01-01",
        }
        pair = Pair.create(vals)
        self.assertTrue(audit_rows(self.env, pair, "rcm.edit.pair.created"))
        for wrong in ({}, {"column_two": "99213"}, {"date_to": "2025-01-01"}):
            with (
                self.subTest(wrong),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                Pair.create({**vals, **wrong})
        with self.assertRaises(ValidationError):
            self.pairs.kind = "unit"
        with self.assertRaises(ValidationError):
            self.pairs.plan_types = "medicare,martian"

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    def validated(self, number, *codes, **changes):
        prices = {"99213": "150.00", "80053": "60.00", "36415": "25.00"}
        data = self.data(number, charges=[(code, prices[code]) for code in codes])
        for charge, values in changes.get("charges", {}).items():
            data["charges"][charge].update(values)
        if "patient" in changes:
            data["patient"] = self.data(changes["patient"])["patient"]
        claim = self.intake(data)._rcm_build_claims()
        claim._rcm_validate()
        return claim

    def test_pair_stops_the_claim_unless_a_modifier_or_a_date_lifts_it(self):
        self.load(
            self.pairs,
            [
                ["99213", "80053", "2026-01-01", "", "1", ""],
                ["99213", "36415", "2026-01-01", "2026-03-01", "0", ""],
            ],
        )
        for number, codes, modifiers, state in (
            ("1", ("99213", "80053"), [], "draft"),
            ("2", ("80053", "99213"), [], "draft"),
            ("3", ("99213", "80053"), ["59"], "validated"),
            ("4", ("99213", "80053"), ["GP"], "draft"),
            ("5", ("99213", "36415"), [], "validated"),
            ("6", ("99213",), [], "validated"),
        ):
            with self.subTest(number):
                claim = self.validated(
                    f"P{number}",
                    *codes,
                    charges={len(codes) - 1: {"modifiers": modifiers}},
                )
                self.assertEqual(claim.state, state)
                if state == "draft":
                    case = self.open_cases(claim, "edit_failed")
                    self.assertIn("line 1: ", case.message)

    def test_pair_across_claims_of_one_day(self):
        self.load(self.pairs, [["99213", "80053", "", "", "0", ""]])
        self.assertEqual(self.validated("D1", "99213").state, "validated")
        self.assertEqual(self.validated("D2", "80053", patient="D1").state, "draft")
        self.assertEqual(self.validated("D3", "80053").state, "validated")

    def test_tables_strike_only_the_plans_payers_and_forms_they_are_for(self):
        self.load(self.pairs, [["99213", "80053", "", "", "0", ""]])
        payer = self.clinic["payer"]
        for number, (scope, state) in enumerate(
            (
                ({"plan_types": "medicare,medicaid"}, "validated"),
                ({"plan_types": "Commercial"}, "draft"),
                ({"payer_ids": self.clinic["second"]}, "validated"),
                ({"payer_ids": payer}, "draft"),
                ({"claim_type": "institutional"}, "validated"),
                ({"claim_type": "professional"}, "draft"),
                ({"active": False}, "validated"),
            )
        ):
            with self.subTest(scope):
                self.pairs.write(
                    {
                        "plan_types": False,
                        "payer_ids": [(5, 0, 0)],
                        "claim_type": False,
                        "active": True,
                    }
                )
                for name, value in scope.items():
                    self.pairs[name] = value
                claim = self.validated(f"S{number}", "99213", "80053")
                self.assertEqual(claim.state, state)

    def test_units_by_line_and_by_day_and_clinical_ones_only_warn(self):
        self.load(
            self.units,
            [["99213", "2", "1"], ["80053", "2", "2 Policy"], ["36415", "2", "3"]],
        )
        two, three = {"units": "2"}, {"units": "3"}
        repeat = {"modifiers": ["91"], "units": "2"}
        for number, codes, charges, state, warned in (
            ("1", ("99213",), {0: two}, "validated", False),
            ("2", ("99213",), {0: three}, "draft", False),
            ("3", ("99213", "99213"), {0: two, 1: repeat}, "validated", False),
            ("4", ("80053", "80053"), {0: two, 1: repeat}, "draft", False),
            ("5", ("36415",), {0: three}, "validated", True),
        ):
            with self.subTest(number):
                claim = self.validated(f"L{number}", *codes, charges=charges)
                self.assertEqual(claim.state, state)
                warning = claim.warning_text or ""
                self.assertEqual("2 at most" in warning, warned)
