import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..core import table
from ..tools import MAX_BYTES, TableFileError, read_rows, write_csv, write_xlsx

FAULTS_SHOWN = 500


class RcmTableImport(models.TransientModel):
    """Taking a CSV or XLSX file in: checked as a whole, then imported as a whole.

    What a file may hold and what becomes of it is said by an ``rcm.table.<kind>``
    (see ``rcm.table.kind``). One fault anywhere and nothing is imported.
    """

    _name = "rcm.table.import"
    _description = "Import a File"

    kind = fields.Selection(
        selection="_selection_kind", required=True, string="What To Import"
    )
    file_content = fields.Binary(string="File", attachment=False)
    file_name = fields.Char()
    state = fields.Selection(
        [("draft", "Choose a file"), ("checked", "Checked"), ("done", "Imported")],
        default="draft",
        readonly=True,
    )
    row_count = fields.Integer(string="Rows", readonly=True)
    fault_count = fields.Integer(string="Faults", readonly=True)
    fault_ids = fields.One2many("rcm.table.import.fault", "import_id", readonly=True)
    ignored_text = fields.Char(string="Columns Not Read", readonly=True)
    summary = fields.Text(string="What Will Happen", readonly=True)
    column_help = fields.Html(
        string="Columns", compute="_compute_column_help", sanitize=False
    )

    @api.model
    def _selection_kind(self):
        """(kind, label) of everything that can be imported; modules add theirs."""
        return [
            ("contract_rates", self.env._("Contract rates")),
            ("charge_master", self.env._("Charge master")),
            ("code_table", self.env._("Code table")),
        ]

    # ------------------------------------------------------------------
    # Computes and onchange
    # ------------------------------------------------------------------
    @api.depends("kind")
    def _compute_column_help(self):
        for wizard in self:
            columns = wizard._rcm_kind()._rcm_columns(wizard) if wizard.kind else ()
            wizard.column_help = self.env["ir.qweb"]._render(
                "healthcare_rcm_base.rcm_table_import_columns",
                {"columns": columns, "kinds": self._kind_words()},
            )

    @api.onchange("file_content", "kind")
    def _onchange_file_content(self):
        """Another file is another check."""
        self.state, self.fault_count, self.row_count = "draft", 0, 0
        self.summary = self.ignored_text = False

    def _kind_words(self):
        return {
            "text": self.env._("text"),
            "code": self.env._("code"),
            "number": self.env._("number"),
            "date": self.env._("date, 2026-01-31 or 1/31/2026"),
            "flag": self.env._("yes or no"),
            "choice": self.env._("one of"),
        }

    @api.model
    def _rcm_open(self, kind, **values):
        """Return the action that starts an import of ``kind``."""
        self.env.user._rcm_require(*self.env[f"rcm.table.{kind}"]._rcm_roles)
        values = {f"default_{name}": value for name, value in values.items()}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import: %s", dict(self._selection_kind())[kind]),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {"default_kind": kind, **values},
        }

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_check(self):
        """Read the file and say what is wrong or what would happen; change nothing."""
        self.ensure_one()
        handler = self._rcm_allowed()
        self._rcm_check(handler, keep=False)
        return self._rcm_reopen()

    def action_import(self):
        """Check once more and import everything, or nothing."""
        self.ensure_one()
        handler = self._rcm_allowed()
        action = self._rcm_check(handler, keep=True)
        if self.fault_count:
            return self._rcm_reopen()
        self.write({"state": "done", "file_content": False})
        return action or self._rcm_reopen()

    def action_template_csv(self):
        """An empty file with the right header and an example."""
        return self._rcm_template("csv")

    def action_template_xlsx(self):
        return self._rcm_template("xlsx")

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    def _rcm_kind(self):
        self.ensure_one()
        if self.kind not in dict(self._selection_kind()):
            raise UserError(self.env._("Choose what to import."))
        return self.env[f"rcm.table.{self.kind}"]

    def _rcm_allowed(self):
        """The handler of this kind, for those who may use it."""
        handler = self._rcm_kind()
        self.env.user._rcm_require(*handler._rcm_roles)
        return handler

    def _rcm_check(self, handler, keep):
        """Read, plan and try the import; without ``keep`` undo the trial.

        :return: the action that shows what was imported
        """
        sheet = self._rcm_read(handler)
        faults = list(sheet.faults)
        plan, summary, action = None, False, None
        if not faults:
            plan, wrong = handler._rcm_plan(self, sheet)
            faults += wrong
        if not faults:
            try:
                summary, action = self._rcm_try(handler, plan, keep)
            except (UserError, ValidationError) as error:
                faults.append(table.Fault(0, "", "", "refused", str(error)))
        self._rcm_show(sheet, faults, summary)
        return action

    def _rcm_read(self, handler):
        if not self.file_content:
            raise UserError(self.env._("Choose a file first."))
        content = base64.b64decode(self.file_content)
        try:
            rows = read_rows(content, self.file_name or "", handler._rcm_max_bytes)
        except TableFileError as error:
            return table.Table(faults=(table.Fault(0, "", "", error.code),))
        return handler._rcm_sheet(self, rows)

    def _rcm_try(self, handler, plan, keep):
        """Do the import; a check takes it back, so that every rule had its say."""
        with mute_logger("odoo.sql_db"), self.env.cr.savepoint() as savepoint:
            summary, action = handler._rcm_apply(self, plan)
            self.env.flush_all()
            if not keep:
                savepoint.rollback()
                self.env.invalidate_all()
        return summary, action if keep else None

    def _rcm_show(self, sheet, faults, summary):
        self.fault_ids.unlink()
        words = self._rcm_fault_words()
        self.write(
            {
                "state": "checked",
                "row_count": len(sheet.records),
                "fault_count": len(faults),
                "ignored_text": ", ".join(sheet.ignored) or False,
                "summary": summary,
                "fault_ids": [
                    fields.Command.create(_fault_vals(fault, words))
                    for fault in faults[:FAULTS_SHOWN]
                ],
            }
        )

    def _rcm_reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import: %s", dict(self._selection_kind())[self.kind]),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"default_kind": self.kind},
        }

    def _rcm_template(self, extension):
        self.ensure_one()
        handler = self._rcm_allowed()
        columns = handler._rcm_columns(self)
        rows = [table.header(columns), [column.example for column in columns]]
        return self.env["rcm.table.download"]._rcm_offer(
            f"{self.kind.replace('.', '-')}-template", rows, extension
        )

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------
    def _rcm_fault_words(self):
        """{fault code: (what is wrong, what to do)}; ``%s`` is what was expected."""
        return {
            "file_empty": (
                self.env._("There are no rows."),
                self.env._("Fill in the template."),
            ),
            "file_large": (
                self.env._("The file is too large."),
                self.env._("Split it: 20 MB at most."),
            ),
            "file_kind": (
                self.env._("This is no table that can be read."),
                self.env._("Save it as CSV (UTF-8) or XLSX."),
            ),
            "rows_many": (
                self.env._("Too many rows."),
                self.env._("Split the file: %s rows at most."),
            ),
            "column_missing": (
                self.env._("A column is missing."),
                self.env._("Add a column headed “%s”."),
            ),
            "column_twice": (
                self.env._("The column stands there twice."),
                self.env._("Take one out."),
            ),
            "missing": (
                self.env._("The value is missing."),
                self.env._("Fill in the cell."),
            ),
            "control": (
                self.env._("The text has line breaks or hidden characters."),
                self.env._("Type it again on one line."),
            ),
            "long": (
                self.env._("The text is too long."),
                self.env._("Use %s characters at most."),
            ),
            "number": (
                self.env._("This is not a number."),
                self.env._("Write it like 1234.50, without other signs."),
            ),
            "places": (
                self.env._("The number has too many decimals."),
                self.env._("Round it to %s decimals."),
            ),
            "low": (
                self.env._("The number is too small."),
                self.env._("Use %s or more."),
            ),
            "high": (
                self.env._("The number is too large."),
                self.env._("Use %s or less."),
            ),
            "date": (
                self.env._("This is not a date."),
                self.env._("Write it like 2026-01-31 or 1/31/2026."),
            ),
            "flag": (
                self.env._("This is neither yes nor no."),
                self.env._("Write yes or no."),
            ),
            "choice": (
                self.env._("This is not one of the choices."),
                self.env._("Use one of: %s."),
            ),
            "unknown": (
                self.env._("There is no such record."),
                self.env._("Correct it, or add it first (%s)."),
            ),
            "repeated": (
                self.env._("The same row stands there before."),
                self.env._("Take one out: see row %s."),
            ),
            "order": (
                self.env._("It ends before it begins."),
                self.env._("Correct one of the dates."),
            ),
            "refused": (self.env._("The import was refused."), "%s"),
            **self._rcm_kind()._rcm_fault_words(),
        }


class RcmTableImportFault(models.TransientModel):
    """One fault of a file: where it stands, what is wrong, what to do."""

    _name = "rcm.table.import.fault"
    _description = "Fault in a File"
    _order = "row, id"

    import_id = fields.Many2one(
        "rcm.table.import", required=True, index=True, ondelete="cascade"
    )
    row = fields.Integer(help="As the spreadsheet counts; the header is row 1.")
    column = fields.Char()
    value = fields.Char(string="Found")
    problem = fields.Char(string="What Is Wrong")
    remedy = fields.Char(string="What To Do")


class RcmTableKind(models.AbstractModel):
    """What a kind of file holds and what becomes of it: the base of all kinds.

    A kind is an AbstractModel named ``rcm.table.<kind>`` that inherits this one, and
    an entry in ``rcm.table.import._selection_kind``.
    """

    _name = "rcm.table.kind"
    _description = "Kind of Import File"

    _rcm_roles = ("administrator",)
    _rcm_max_rows = table.MAX_ROWS
    _rcm_max_bytes = MAX_BYTES

    @api.model
    def _rcm_sheet(self, wizard, rows):
        """Read the rows of a file, header first, into a ``core.table.Table``."""
        return table.read(rows, self._rcm_columns(wizard), self._rcm_max_rows)

    @api.model
    def _rcm_columns(self, wizard):
        """Return the ``core.table.Column`` s, in order."""
        raise NotImplementedError

    @api.model
    def _rcm_plan(self, wizard, sheet):
        """Return (plan, faults) for a sheet whose cells are all readable."""
        raise NotImplementedError

    @api.model
    def _rcm_apply(self, wizard, plan):
        """Import; return (what happened in words, action that shows it)."""
        raise NotImplementedError

    @api.model
    def _rcm_fault_words(self):
        """{fault code: (what is wrong, what to do)} of this kind alone."""
        return {}

    @api.model
    def _rcm_repeated(self, sheet, key):
        """Faults of rows with the same ``key(record)`` as an earlier row."""
        first, faults = {}, []
        for row, record in sheet.records:
            earlier = first.setdefault(key(record), row)
            if earlier != row:
                faults.append(table.Fault(row, "", "", "repeated", str(earlier)))
        return faults

    @api.model
    def _rcm_look_up(self, sheet, column, found, where):
        """Faults of values in ``column`` that are not in ``found``."""
        return [
            table.Fault(row, column.label, record[column.name], "unknown", where)
            for row, record in sheet.records
            if record.get(column.name) and record[column.name] not in found
        ]


class RcmTableDownload(models.TransientModel):
    """A file that was made for the person who asked for it."""

    _name = "rcm.table.download"
    _description = "Download"

    name = fields.Char(readonly=True)
    content = fields.Binary(attachment=False, readonly=True)

    @api.model
    def _rcm_offer(self, name, rows, extension):
        """Return the action that downloads ``rows`` as CSV or XLSX."""
        content = write_xlsx(rows) if extension == "xlsx" else write_csv(rows)
        made = self.create(
            {"name": f"{name}.{extension}", "content": base64.b64encode(content)}
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{made.id}/content/{made.name}"
            "?download=true",
            "target": "download",
        }


def _fault_vals(fault, words):
    problem, remedy = words[fault.code]
    return {
        "row": fault.row,
        "column": fault.column,
        "value": fault.value,
        "problem": problem,
        "remedy": remedy.replace("%s", fault.expected),
    }
