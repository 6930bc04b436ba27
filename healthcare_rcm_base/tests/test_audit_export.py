import base64
import csv
import gzip
import io
import json

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..wizard import rcm_audit_export
from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestAuditExport(TransactionCase):
    def setUp(self):
        super().setUp()
        self.auditor = ground.role_user(self.env, "auditor")
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "test.exported",
                    "record_name": "=1+1",
                    "correlation_id": "export-thread",
                    "changes": {"state": ["draft", "é"]},
                },
                {"event": "test.exported", "correlation_id": "export-thread"},
            ]
        )

    def export(self, user=None, **vals):
        """Export as ``user``; return the wizard and the text of the file."""
        wizard = (
            self.env["rcm.audit.export"]
            .with_user(user or self.auditor)
            .create({"correlation_id": "export-thread", **vals})
        )
        wizard.action_export()
        return wizard, base64.b64decode(wizard.file_content).decode()

    def test_json_lines_hold_rows_with_their_detail_oldest_first(self):
        wizard, text = self.export(file_format="jsonl")
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertEqual((len(rows), wizard.row_count), (2, 2))
        self.assertEqual(rows[0]["changes"], {"state": ["draft", "é"]})
        self.assertEqual(rows[0]["record_name"], "=1+1")
        self.assertIsNone(rows[1]["changes"])
        self.assertLess(rows[0]["id"], rows[1]["id"])
        self.assertTrue(rows[0]["logged_at"].endswith("Z"))

    def test_csv_is_no_formula(self):
        _wizard, text = self.export(file_format="csv")
        header, first, _second = csv.reader(io.StringIO(text))
        row = dict(zip(header, first, strict=True))
        self.assertEqual(row["record_name"], "'=1+1")
        self.assertEqual(json.loads(row["changes"]), {"state": ["draft", "é"]})

    def test_a_large_export_is_packed(self):
        self.patch(rcm_audit_export, "PLAIN_ROWS", 1)
        self.patch(rcm_audit_export, "ROWS_AT_ONCE", 1)
        for file_format in ("csv", "jsonl"):
            wizard = (
                self.env["rcm.audit.export"]
                .with_user(self.auditor)
                .create({"correlation_id": "export-thread", "file_format": file_format})
            )
            wizard.action_export()
            with self.subTest(file_format=file_format):
                self.assertEqual(wizard.file_name, f"audit-log.{file_format}.gz")
                text = gzip.decompress(base64.b64decode(wizard.file_content)).decode()
                head = 1 if file_format == "csv" else 0
                self.assertEqual(len(text.splitlines()), 2 + head)

    def test_chosen_rows_only(self):
        row = self.env["rcm.audit.log"].search(
            [("correlation_id", "=", "export-thread")], limit=1
        )
        action = row.with_user(self.auditor).action_export()
        wizard = (
            self.env["rcm.audit.export"]
            .with_user(self.auditor)
            .with_context(**action["context"])
            .create({})
        )
        wizard.action_export()
        self.assertEqual((wizard.log_count, wizard.row_count), (1, 1))

    def test_the_period_limits(self):
        wizard, text = self.export(file_format="jsonl", date_from="2999-01-01")
        self.assertEqual((wizard.row_count, text), (0, ""))

    def test_an_export_is_logged_itself(self):
        self.export()
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "rcm.audit.exported")], limit=1
        )
        self.assertEqual(row.actor_uid, self.auditor.id)
        self.assertEqual(row._rcm_bodies()[row.id], {"rows": [None, 2]})

    def test_only_auditors(self):
        for role in ("biller", "finance_manager", "administrator"):
            user = ground.role_user(self.env, role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.export(user)

    def test_rows_of_other_companies_are_not_exported(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "test.theirs",
                    "correlation_id": "export-thread",
                    "company_id": other.id,
                }
            ]
        )
        _wizard, text = self.export(file_format="jsonl")
        self.assertNotIn("test.theirs", text)
