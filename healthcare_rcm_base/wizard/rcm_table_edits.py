import base64
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import table

MAX_ROWS = 1_000_000
MAX_BYTES = 100 * 1024 * 1024
HEADER_WITHIN = 20
DATES = (
    table.Column(
        "date_from",
        "Effective date",
        "date",
        aliases=("Effective", "From", "Valid from"),
        example="2026-01-01",
    ),
    table.Column(
        "date_to",
        "Deletion date",
        "date",
        aliases=("Deletion Date *=no data", "Deletion", "Until", "Valid until"),
    ),
)
PAIR_COLUMNS = (
    table.Column(
        "column_one",
        "Column 1",
        "code",
        required=True,
        longest=8,
        aliases=("Column one", "Column 1 code"),
        example="11042",
    ),
    table.Column(
        "column_two",
        "Column 2",
        "code",
        required=True,
        longest=8,
        aliases=("Column two", "Column 2 code"),
        example="97597",
    ),
    table.Column(
        "modifier_indicator",
        "Modifier indicator",
        "choice",
        required=True,
        choices=(("0", "0"), ("1", "1"), ("9", "9")),
        aliases=(
            "Modifier",
            "Modifier 0=not allowed 1=allowed 9=not applicable",
        ),
        example="1",
    ),
    *DATES,
    table.Column(
        "rationale", "Rationale", longest=200, aliases=("PTP Edit Rationale",)
    ),
)
UNIT_COLUMNS = (
    table.Column(
        "code",
        "Code",
        "code",
        required=True,
        longest=8,
        aliases=("HCPCS/CPT Code", "Service", "HCPCS", "CPT"),
        example="97110",
    ),
    table.Column(
        "max_units",
        "Units at most",
        "number",
        required=True,
        digits=0,
        minimum=Decimal(0),
        maximum=Decimal(1_000_000_000),
        aliases=(
            "MUE value",
            "MUE values",
            "Practitioner Services MUE Values",
            "Outpatient Hospital Services MUE Values",
            "DME Supplier Services MUE Values",
            "Limit",
        ),
        example="6",
    ),
    table.Column(
        "adjudication_indicator",
        "Adjudication indicator",
        required=True,
        longest=80,
        aliases=("MUE Adjudication Indicator", "MAI"),
        example="3",
    ),
    *DATES,
    table.Column("rationale", "Rationale", longest=200, aliases=("MUE Rationale",)),
)


class RcmTableEditKind(models.AbstractModel):
    """An edition of an edit table, as its publisher hands it out.

    Lines of text above the header are passed over; dates may be written 20260101 and
    “no date” as a star.
    """

    _name = "rcm.table.edit.kind"
    _inherit = "rcm.table.kind"
    _description = "Import File: Edit Table"

    _rcm_max_rows = MAX_ROWS
    _rcm_max_bytes = MAX_BYTES
    _rcm_row_model = None

    @api.model
    def _rcm_sheet(self, wizard, rows):
        rows = [
            [None if cell == "*" else cell for cell in row]
            for row in self._rcm_from_header(wizard, rows)
        ]
        return super()._rcm_sheet(wizard, rows)

    @api.model
    def _rcm_from_header(self, wizard, rows):
        """``rows`` from the one on that names the required columns."""
        columns = self._rcm_columns(wizard)
        for place, row in enumerate(rows[:HEADER_WITHIN]):
            head = table.read([row], columns)
            if not any(fault.code == "column_missing" for fault in head.faults):
                return rows[place:]
        return rows

    @api.model
    def _rcm_plan(self, wizard, sheet):
        if not wizard.edit_table_id or not wizard.edition_date:
            raise UserError(
                self.env._("Say which edit table it is and from when it is in force.")
            )
        key = self.env[self._rcm_row_model]._rcm_key
        faults = [
            *self._rcm_repeated(
                sheet,
                lambda item: (*(item[name] for name in key), item.get("date_from")),
            ),
            *(
                table.Fault(row, "Deletion date", str(record["date_to"]), "order")
                for row, record in sheet.records
                if record.get("date_to")
                and record["date_to"] < (record.get("date_from") or record["date_to"])
            ),
            *self._rcm_row_faults(sheet),
        ]
        if faults:
            return None, faults
        return [self._rcm_row(record) for _row, record in sheet.records], []

    @api.model
    def _rcm_row_faults(self, sheet):
        """Faults of rows that only this kind has."""
        raise NotImplementedError

    @api.model
    def _rcm_row(self, record):
        """A record of the sheet as the table takes it."""
        return {
            name: str(value) if name.startswith("date_") and value else value
            for name, value in record.items()
        }

    @api.model
    def _rcm_apply(self, wizard, plan):
        Rows, edit_table = self.env[self._rcm_row_model], wizard.edit_table_id
        # The wizard asked for the role; rows of an edition are nobody's to type in.
        counts = Rows.sudo()._rcm_take_in(
            edit_table, plan, wizard.edition_date, wizard.edition_complete
        )
        content = base64.b64decode(wizard.file_content)
        edit_table._rcm_note_import(wizard, content, counts)
        summary = self.env._(
            "%(added)s rows added, %(changed)s changed, %(ended)s ended.", **counts
        )
        return summary, edit_table.action_rows()


class RcmTableEditPair(models.AbstractModel):
    _name = "rcm.table.edit_pair"
    _inherit = "rcm.table.edit.kind"
    _description = "Import File: Procedure Pairs"

    _rcm_row_model = "rcm.edit.pair"

    @api.model
    def _rcm_columns(self, wizard):
        return PAIR_COLUMNS

    @api.model
    def _rcm_row_faults(self, sheet):
        return [
            table.Fault(row, "Column 2", record["column_two"], "same_code")
            for row, record in sheet.records
            if record["column_one"] == record["column_two"]
        ]

    @api.model
    def _rcm_fault_words(self):
        return {
            "same_code": (
                self.env._("A code is no pair with itself."),
                self.env._("Correct one of the codes."),
            )
        }


class RcmTableEditUnit(models.AbstractModel):
    _name = "rcm.table.edit_unit"
    _inherit = "rcm.table.edit.kind"
    _description = "Import File: Unit Limits"

    _rcm_row_model = "rcm.edit.unit.limit"

    @api.model
    def _rcm_columns(self, wizard):
        return UNIT_COLUMNS

    @api.model
    def _rcm_row_faults(self, sheet):
        """The indicator stands first in its cell; publishers add words to it."""
        return [
            table.Fault(
                row,
                "Adjudication indicator",
                record["adjudication_indicator"],
                "choice",
                "1, 2, 3",
            )
            for row, record in sheet.records
            if record["adjudication_indicator"][:1] not in ("1", "2", "3")
        ]

    @api.model
    def _rcm_row(self, record):
        return {
            **super()._rcm_row(record),
            "max_units": int(record["max_units"]),
            "adjudication_indicator": record["adjudication_indicator"][:1],
        }


class RcmTableImport(models.TransientModel):
    """What an edition of an edit table needs to be told."""

    _inherit = "rcm.table.import"

    edit_table_id = fields.Many2one("rcm.edit.table")

    @api.model
    def _selection_kind(self):
        return [
            *super()._selection_kind(),
            ("edit_pair", self.env._("Procedure pairs")),
            ("edit_unit", self.env._("Unit limits")),
        ]

    @api.onchange("edit_table_id")
    def _onchange_edit_table_id(self):
        """Publishers hand out whole editions."""
        if self.edit_table_id:
            self.edition_complete = True
