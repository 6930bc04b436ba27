import base64
import csv
import gzip
import io
import json
from contextlib import nullcontext

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.spreadsheet import plain_cell

EXPORTERS = ("auditor",)
MAX_ROWS = 200_000
ROWS_AT_ONCE = 2_000
# More rows than this come compressed: text of the whole log is never in memory.
PLAIN_ROWS = 10_000
COLUMNS = (
    "id",
    "logged_at",
    "event",
    "model",
    "res_id",
    "record_name",
    "company_id",
    "correlation_id",
    "actor_uid",
    "actor_login",
    "actor_kind",
    "source",
    "payload_hash",
)
# Fields of the wizard that ask for one value of a column.
FILTERS = {
    "correlation_id": "correlation_id",
    "record_name": "record_name",
    "actor_login": "actor_login",
    "document_model": "model",
    "document_id": "res_id",
}


class RcmAuditExport(models.TransientModel):
    """Export of a part of the audit log to a file."""

    _name = "rcm.audit.export"
    _description = "Export Audit Log"

    file_format = fields.Selection(
        [("csv", "CSV"), ("jsonl", "JSON lines")], required=True, default="csv"
    )
    date_from = fields.Datetime(string="From")
    date_to = fields.Datetime(string="Until")
    correlation_id = fields.Char(string="Correlation ID")
    record_name = fields.Char(string="Document")
    actor_login = fields.Char(string="Actor")
    category_id = fields.Many2one(
        "rcm.audit.retention",
        string="Category",
        help="Rows of one category, as the retention rules divide them.",
    )
    document_model = fields.Char(help="For example rcm.claim.")
    document_id = fields.Integer(
        string="Document ID", help="The number of the document in its table."
    )
    log_ids = fields.Json(string="Chosen rows")
    log_count = fields.Integer(string="Chosen Rows", compute="_compute_log_count")
    file_content = fields.Binary(string="File", readonly=True)
    file_name = fields.Char(readonly=True)
    row_count = fields.Integer(string="Rows Written", readonly=True)

    @api.depends("log_ids")
    def _compute_log_count(self):
        for wizard in self:
            wizard.log_count = len(wizard.log_ids or [])

    def action_export(self):
        """Write the chosen rows with their details, oldest first."""
        self.ensure_one()
        self.env.user._rcm_require(*EXPORTERS)
        domain = self._rcm_domain()
        Log = self.env["rcm.audit.log"]
        count = Log.search_count(domain)
        if count > MAX_ROWS:
            raise UserError(
                self.env._(
                    "%(count)s rows are too many for one file (limit %(limit)s); "
                    "choose a shorter period.",
                    count=count,
                    limit=MAX_ROWS,
                )
            )
        write = (
            self._rcm_write_csv if self.file_format == "csv" else self._rcm_write_jsonl
        )
        packed = count > PLAIN_ROWS
        content = io.BytesIO()
        with gzip.open(content, "wb") if packed else nullcontext(content) as target:
            text = io.TextIOWrapper(target, encoding="utf-8", newline="")
            write(text, self._rcm_read(domain))
            text.flush()
            text.detach()
        suffix = ".gz" if packed else ""
        self.write(
            {
                "file_content": base64.b64encode(content.getvalue()),
                "file_name": f"audit-log.{self.file_format}{suffix}",
                "row_count": count,
            }
        )
        # Reading the whole log out is itself worth a row.
        Log._rcm_append(
            [
                {
                    "event": "rcm.audit.exported",
                    "changes": {"rows": [None, count], **self._rcm_asked_for(count)},
                }
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Export Audit Log"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _rcm_domain(self):
        if self.log_ids:
            return fields.Domain("id", "in", self.log_ids)
        domain = fields.Domain.TRUE
        if self.date_from:
            domain &= fields.Domain("logged_at", ">=", self.date_from)
        if self.date_to:
            domain &= fields.Domain("logged_at", "<", self.date_to)
        for name, column in FILTERS.items():
            if self[name]:
                domain &= fields.Domain(column, "=", self[name])
        if self.category_id:
            domain &= self.category_id._rcm_log_domain()
        return domain

    def _rcm_asked_for(self, count):
        """What was asked for, as the log keeps it.

        Words that fit no row are not repeated: people type names into search boxes.
        """
        if self.log_ids:
            return {"chosen": [None, self.log_count]}
        asked = {name: self[name] for name in FILTERS if self[name] and count}
        asked |= {name: self[name] for name in ("date_from", "date_to") if self[name]}
        if self.category_id:
            asked["category"] = self.category_id.name
        return {name: [None, str(value)] for name, value in asked.items()}

    def _rcm_read(self, domain):
        """Yield rows as dicts, a window at a time."""
        Log = self.env["rcm.audit.log"]
        last = 0
        while rows := Log.search(
            domain & fields.Domain("id", ">", last), order="id", limit=ROWS_AT_ONCE
        ):
            bodies = rows._rcm_bodies()
            for row in rows:
                values = {name: row[name] or None for name in COLUMNS}
                values["logged_at"] = row.logged_at.isoformat() + "Z"
                values["changes"] = bodies.get(row.id)
                yield values
            last = rows[-1].id
            rows.invalidate_recordset()

    @staticmethod
    def _rcm_write_jsonl(text, rows):
        for row in rows:
            text.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")

    @staticmethod
    def _rcm_write_csv(text, rows):
        writer = csv.writer(text)
        writer.writerow([*COLUMNS, "changes"])
        for row in rows:
            changes = json.dumps(row["changes"]) if row["changes"] else ""
            values = [*(row[name] for name in COLUMNS), changes]
            writer.writerow([plain_cell(value) for value in values])
