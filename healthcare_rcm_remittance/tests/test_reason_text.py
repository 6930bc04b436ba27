"""A licensed list of reasons and remarks, imported by its owner."""

import base64
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tools import write_csv, write_xlsx

from . import era
from .remittance_common import RemittanceCase

HEADER = ["Number", "Text", "Effective from", "Effective to"]
# Made up: the real texts belong to their owners.
REASONS = [
    ["45", "Above what was agreed upon (old words)", "2000-01-01", "2025-12-31"],
    ["45", "Above what was agreed upon", "2026-01-01", ""],
    ["1", "Goes toward the yearly amount", "2000-01-01", ""],
]


@tagged("post_install", "-at_install")
class TestReasonText(RemittanceCase):
    """Theirs where they are, ours where they are not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.admin = cls.person("administrator")

    def wizard(self, kind, rows, extension="csv", user=None):
        content = write_xlsx(rows) if extension == "xlsx" else write_csv(rows)
        table = self.env.ref(f"healthcare_rcm_remittance.rcm_code_table_{kind}")
        return (
            self.env["rcm.table.import"]
            .with_user(user or self.admin)
            .create(
                {
                    "kind": "code_table",
                    "code_table_id": table.id,
                    "edition": "Autumn",
                    "edition_date": "2026-01-01",
                    "file_content": base64.b64encode(content),
                    "file_name": f"list.{extension}",
                }
            )
        )

    def codes(self, kind="adjustment_reason"):
        return self.env["rcm.code"].search([("kind", "=", kind)])

    def remittance(self):
        claim = self.claim()
        service = era.svc(
            1000,
            300,
            ("CO-45", 600),
            ("PR-1", 50),
            ("CO-97", 50),
            number=claim.line_ids.line_control_number,
            remarks=("N999", "M998"),
        )
        return self.post(
            300, era.clp(claim.name, 1000, 300, patient=50, services=[service])
        )

    def test_list_is_imported_from_both_kinds_of_file(self):
        for extension in ("csv", "xlsx"):
            with self.subTest(extension=extension):
                self.codes().unlink()
                wizard = self.wizard("adjustment_reason", [HEADER, *REASONS], extension)
                wizard.action_check()
                self.assertEqual((wizard.row_count, wizard.fault_count), (3, 0))
                self.assertFalse(wizard.ignored_text)
                self.assertFalse(self.codes())
                wizard.action_import()
                self.assertEqual(
                    [
                        (item.code, item.name, str(item.date_from), item.date_to)
                        for item in self.codes().sorted("date_from")
                    ][-1][:3],
                    ("45", "Above what was agreed upon", "2026-01-01"),
                )
                self.assertEqual(len(self.codes()), 3)
        self.assertEqual(self.codes()[:1].table_id.edition, "Autumn")

    def test_one_fault_and_nothing_is_imported(self):
        rows = [
            *REASONS,
            ["", "no number", "", ""],
            ["2", "bad day", "yesterday", ""],
            ["3", "ends first", "2026-05-01", "2026-04-01"],
            ["4", "x" * 3000, "", ""],
        ]
        wizard = self.wizard("adjustment_reason", [HEADER, *rows])
        wizard.action_import()
        self.assertEqual(wizard.state, "checked")
        faults = {(item.row, item.column) for item in wizard.fault_ids}
        self.assertLessEqual({(5, "Code"), (6, "Valid from"), (8, "Text")}, faults)
        self.assertTrue(all(wizard.fault_ids.mapped("remedy")))
        self.assertFalse(self.codes())
        wizard = self.wizard("adjustment_reason", [HEADER, *REASONS, rows[-2]])
        wizard.action_import()
        self.assertEqual(wizard.fault_ids.mapped("row"), [5])
        self.assertFalse(self.codes())

    def test_texts_are_read_where_reasons_stand_and_ours_remain(self):
        remittance = self.remittance()
        self.assertPosted(remittance)
        ours = {item.code: item.words for item in remittance.claim_ids.adjustment_ids}
        self.wizard("adjustment_reason", [HEADER, *REASONS]).action_import()
        self.wizard(
            "remark", [HEADER, ["N999", "Send the notes", "", ""]]
        ).action_import()
        remittance.claim_ids.adjustment_ids.invalidate_recordset()
        theirs = {item.code: item.words for item in remittance.claim_ids.adjustment_ids}
        self.assertEqual(theirs["CO-45"], "Above what was agreed upon")
        self.assertEqual(theirs["PR-1"], "Goes toward the yearly amount")
        self.assertEqual(theirs["CO-97"], ours["CO-97"])
        self.assertTrue(ours["CO-97"])
        shown = str(remittance.with_user(self.person("cash_poster")).eob_html)
        for text in ("Above what was agreed upon", "Send the notes", "M998", "N999"):
            self.assertIn(text, shown)
        self.assertNotIn("old words", shown)
        denial = remittance.denial_ids
        self.assertEqual(denial.words, denial.rule_id.name)
        self.wizard(
            "adjustment_reason", [HEADER, ["97", "Part of another service", "", ""]]
        ).action_import()
        denial.invalidate_recordset()
        self.assertEqual(denial.words, "Part of another service")

    def test_remarks_of_all_services_are_looked_up_at_once(self):
        services = [
            era.svc(500, 200, ("CO-45", 300), remarks=(remark,))
            for remark in ("N999", "M998")
        ]
        remittance = self.post(400, era.clp("X", 1000, 400, services=services))
        claim = remittance.claim_ids.with_user(self.person("cash_poster"))
        Code = type(self.env["rcm.code"])
        asked = patch.object(
            Code, "_rcm_texts", autospec=True, side_effect=Code._rcm_texts
        )
        with asked as calls:
            shown = str(claim.eob_html)
        self.assertIn("N999", shown)
        self.assertIn("M998", shown)
        kinds = [call.args[1] for call in calls.call_args_list]
        self.assertEqual(kinds.count("remark"), 1)

    def test_text_of_the_payment_day(self):
        self.wizard("adjustment_reason", [HEADER, *REASONS]).action_import()
        claim = self.claim()
        answer = self.answer(claim, 400, ("CO-45", 600))
        remittance = self.post(400, answer, day="20251230")
        self.assertEqual(
            remittance.claim_ids.adjustment_ids.words,
            "Above what was agreed upon (old words)",
        )

    def test_only_administrators_import(self):
        for role in ("cash_poster", "finance_manager", "biller"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.wizard(
                    "adjustment_reason", [HEADER, *REASONS], user=self.person(role)
                ).action_import()
