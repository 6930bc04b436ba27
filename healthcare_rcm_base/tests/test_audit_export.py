import base64
import csv
import gzip
import io
import json

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

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
        self.assertEqual(
            row._rcm_bodies()[row.id],
            {"rows": [None, 2], "correlation_id": [None, "export-thread"]},
        )

    def test_words_that_fit_nothing_are_not_repeated_in_the_log(self):
        self.export(record_name="Typed Name", date_from="2020-01-01")
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "rcm.audit.exported")], limit=1
        )
        self.assertEqual(
            row._rcm_bodies()[row.id],
            {"rows": [None, 0], "date_from": [None, "2020-01-01 00:00:00"]},
        )

    def events(self, **vals):
        """Events of an export of everything that ``vals`` ask for."""
        _wizard, text = self.export(
            file_format="jsonl", correlation_id="export-kinds", **vals
        )
        return [json.loads(line)["event"] for line in text.splitlines()]

    def test_one_category_or_one_document(self):
        rows = (
            ("rcm.claim.changed", "rcm.claim", 7),
            ("rcm.claim.line.changed", "rcm.claim.line", 8),
            ("rcm.exception.case.opened", "rcm.exception.case", 7),
            ("rcm.exception.swept", None, None),
            ("rcm.payer.changed", "rcm.payer", 7),
        )
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": event,
                    "model": model,
                    "res_id": res_id,
                    "correlation_id": "export-kinds",
                }
                for event, model, res_id in rows
            ]
        )
        category = {
            name: self.env.ref(f"healthcare_rcm_base.audit_retention_{name}").id
            for name in ("claims", "cases", "other")
        }
        for vals, expected in (
            (
                {"category_id": category["claims"]},
                ["rcm.claim.changed", "rcm.claim.line.changed"],
            ),
            (
                {"category_id": category["cases"]},
                ["rcm.exception.case.opened", "rcm.exception.swept"],
            ),
            ({"category_id": category["other"]}, ["rcm.payer.changed"]),
            ({"document_model": "rcm.claim"}, ["rcm.claim.changed"]),
            ({"document_model": "rcm.claim", "document_id": 8}, []),
            (
                {"document_model": "rcm.exception.case", "document_id": 7},
                ["rcm.exception.case.opened"],
            ),
        ):
            with self.subTest(vals=vals):
                self.assertEqual(self.events(**vals), expected)

    def test_the_categories_of_the_export_are_those_of_retention(self):
        """Every row is in one category, and the two ways to say so agree."""
        self.env.flush_all()
        rules = self.env["rcm.audit.retention"].search([])
        Log = self.env["rcm.audit.log"]
        total = 0
        for rule in rules:
            by_domain = set(Log.search(rule._rcm_log_domain()).ids)
            query = SQL(
                "SELECT id FROM rcm_audit_log l WHERE %s", rule._rcm_condition()
            )
            by_sql = {id_ for [id_] in self.env.execute_query(query)}
            with self.subTest(rule=rule.name):
                self.assertEqual(by_domain, by_sql)
            total += len(by_domain)
        self.assertEqual(total, Log.search_count([]))

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
