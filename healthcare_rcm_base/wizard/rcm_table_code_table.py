from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import table
from ..core.effective import Row, settle
from ..tools import bulk_update

COLUMNS = (
    table.Column("code", "Code", "code", required=True, longest=16, example="11"),
    table.Column(
        "name",
        "In our words",
        longest=200,
        aliases=("Name", "Description", "Words"),
        example="Office",
    ),
    table.Column(
        "date_from", "Valid from", "date", aliases=("From",), example="2026-01-01"
    ),
    table.Column("date_to", "Valid until", "date", aliases=("Until", "To")),
    table.Column(
        "superseded_by",
        "Superseded by",
        "code",
        longest=16,
        aliases=("Successor", "Replaced by"),
    ),
)
# Numbers that spreadsheets rob of their leading zeros.
WIDTHS = {"place_of_service": 2, "revenue": 4, "drg": 3, "patient_status": 2}


class RcmTableCodeTable(models.AbstractModel):
    """An edition of a code set: what is in it is valid from its day on.

    A code that goes on keeps its row. With a complete edition, codes that are not in
    it end the day before; nothing is deleted, so claims of that time stay right.
    """

    _name = "rcm.table.code_table"
    _inherit = "rcm.table.kind"
    _description = "Import File: Code Table"

    @api.model
    def _rcm_columns(self, wizard):
        kind = wizard.code_table_id.kind
        width = WIDTHS.get(kind, 0)
        return tuple(
            _with_width(column, width) if column.kind == "code" else column
            for column in COLUMNS
        )

    @api.model
    def _rcm_plan(self, wizard, sheet):
        if not wizard.code_table_id or not wizard.edition_date:
            raise UserError(
                self.env._("Say which code table it is and from when it is valid.")
            )
        kind = wizard.code_table_id.kind
        normal = self.env["rcm.code"]._rcm_normal
        records = [
            (row, {**record, "code": normal(kind, record["code"])})
            for row, record in sheet.records
        ]
        sheet = table.Table(records=tuple(records))
        faults = [
            *self._rcm_repeated(
                sheet, lambda item: (item["code"], item.get("date_from"))
            ),
            *(
                table.Fault(row, "Valid until", str(record["date_to"]), "order")
                for row, record in records
                if record.get("date_to")
                and record["date_to"] < (record.get("date_from") or record["date_to"])
            ),
        ]
        return (None, faults) if faults else (self._rcm_settle(wizard, records), [])

    @api.model
    def _rcm_settle(self, wizard, records):
        """(changed rows, new rows by code, codes that end) of the edition."""
        standing = defaultdict(list)
        for item in self.env["rcm.code"].search(
            [("table_id", "=", wizard.code_table_id.id)]
        ):
            data = (item.name or None, item.superseded_by or None)
            standing[item.code].append(
                Row(item.id, item.date_from or None, item.date_to or None, data)
            )
        incoming = defaultdict(list)
        for _row, record in records:
            incoming[record["code"]].append(record)
        changed, new = [], []
        for code, items in incoming.items():
            rows = [_incoming(item, standing[code], wizard) for item in items]
            _all, altered, fresh = settle(standing[code], rows)
            changed += altered
            new += [(code, row) for row in fresh]
        ending = []
        if wizard.edition_complete:
            ending = [
                row
                for code, rows in standing.items()
                if code not in incoming
                for row in rows
                if row.covers(wizard.edition_date)
            ]
        return changed, new, ending

    @api.model
    def _rcm_apply(self, wizard, plan):
        changed, new, ending = plan
        Code, code_table = self.env["rcm.code"], wizard.code_table_id
        eve = wizard.edition_date - timedelta(days=1)
        gone = [row for row in ending if row.start and row.start > eve]
        Code.browse([row.ref for row in gone]).unlink()
        updates = {
            row.ref: {
                "name": row.data[0] or False,
                "superseded_by": row.data[1] or False,
                "date_to": row.end or False,
            }
            for row in changed
        }
        bulk_update(Code, updates)
        bulk_update(
            Code, {row.ref: {"date_to": eve} for row in ending if row not in gone}
        )
        Code._rcm_insert(
            code_table,
            [
                {
                    "code": code,
                    "name": row.data[0],
                    "superseded_by": row.data[1],
                    "date_from": row.start,
                    "date_to": row.end,
                }
                for code, row in new
            ],
        )
        code_table._rcm_note_import(
            wizard, added=len(new), changed=len(changed), ended=len(ending)
        )
        summary = self.env._(
            "%(added)s codes added, %(changed)s changed, %(ended)s ended on %(day)s.",
            added=len(new),
            changed=len(changed),
            ended=len(ending),
            day=eve,
        )
        # All of them: an edition may be of days to come.
        action = code_table.action_codes()
        action["context"] = {"default_table_id": code_table.id}
        return summary, action

    @api.model
    def _rcm_rows(self, codes):
        """The sheet of ``codes``; imported again it changes nothing."""
        rows = [table.header(COLUMNS)]
        for code in codes:
            record = {column.name: code[column.name] for column in COLUMNS}
            rows.append(table.cells(record, COLUMNS))
        return rows


class RcmTableImport(models.TransientModel):
    """What an edition of a code table needs to be told."""

    _inherit = "rcm.table.import"

    code_table_id = fields.Many2one("rcm.code.table")
    edition = fields.Char(help="As you call it, e.g. FY2027.")
    edition_date = fields.Date(
        string="Valid From",
        default=lambda self: fields.Date.context_today(self),
        help="First day of the edition, for codes that name no day of their own.",
    )
    edition_complete = fields.Boolean(
        string="Whole Edition",
        help="The file holds every valid code: those that are missing in it end the "
        "day before.",
    )

    @api.onchange("code_table_id")
    def _onchange_code_table_id(self):
        if self.code_table_id:
            self.edition_complete = self.code_table_id.is_complete


class RcmCodeTable(models.Model):
    """Editions of code tables in the audit log."""

    _inherit = "rcm.code.table"

    def _rcm_note_import(self, wizard, **counts):
        """One audit row an import: which edition, what it did, by whom."""
        # Who may import was checked by the wizard; the notes are not typed in.
        self.sudo().write(
            {
                "edition": wizard.edition or False,
                "imported_at": fields.Datetime.now(),
                "is_complete": self.is_complete or wizard.edition_complete,
            }
        )
        self._rcm_emit(
            "rcm.code.table.imported",
            {
                "edition_date": [None, str(wizard.edition_date)],
                **{name: [None, count] for name, count in counts.items()},
            },
        )

    def action_export(self):
        """Download the codes of this table in the format of the import."""
        self.ensure_one()
        self.check_access("read")
        rows = self.env["rcm.table.code_table"]._rcm_rows(self.code_ids)
        return self.env["rcm.table.download"]._rcm_offer(
            f"codes-{self.kind}", rows, "xlsx"
        )


def _with_width(column, width):
    return table.Column(
        column.name,
        column.label,
        "code",
        required=column.required,
        longest=column.longest,
        aliases=column.aliases,
        zero_fill=width,
        example=column.example,
    )


def _incoming(record, standing, wizard):
    """The row of an edition; a code that goes on keeps the day it began."""
    start = record.get("date_from")
    if not start:
        start = wizard.edition_date
        running = [row for row in standing if row.covers(start)]
        if running:
            row = running[0]
            data = (record.get("name") or row.data[0], record.get("superseded_by"))
            return Row(None, row.start, record.get("date_to"), data)
    data = (record.get("name"), record.get("superseded_by"))
    return Row(None, start, record.get("date_to"), data)
