import base64
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.rcm_ageing import BASES, BUCKETS, RECEIVABLES, RESPONSIBILITIES

BY = [
    ("debtor", "Payer"),
    ("facility_id", "Facility"),
    ("responsibility", "Responsibility"),
    ("plan_type", "Plan type"),
]
ROLES = (
    "biller",
    "cash_poster",
    "denial_analyst",
    "collector",
    "finance_manager",
    "executive",
    "auditor",
    "administrator",
)
MAX_EXPORT = 200_000


class RcmAgeingReport(models.TransientModel):
    """Receivables by age as of a day, with their tie-out to the ledger."""

    _name = "rcm.ageing.report"
    _description = "Ageing of Receivables"

    as_of = fields.Date(
        string="As of",
        required=True,
        default=fields.Date.context_today,
        help="Everything posted up to this day, entries dated back later included.",
    )
    basis = fields.Selection(
        BASES,
        string="Age From",
        required=True,
        default="service",
        help="Without an invoice or submission the date of service counts.",
    )
    by = fields.Selection(BY, string="Rows", required=True, default="debtor")
    company_ids = fields.Many2many(
        "res.company", default=lambda self: self.env.companies, readonly=True
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    is_current = fields.Boolean(help="The figures belong to the values above.")
    row_ids = fields.One2many("rcm.ageing.report.row", "report_id", string="By Age")
    tie_ids = fields.One2many("rcm.ageing.report.tie", "report_id", string="Tie-out")
    sees_all = fields.Boolean(compute="_compute_sees_all")
    difference = fields.Monetary(readonly=True)
    tied = fields.Boolean(readonly=True)
    file_name = fields.Char(readonly=True)
    file_content = fields.Binary(readonly=True, attachment=False)

    @api.depends("company_ids")
    def _compute_currency_id(self):
        for report in self:
            report.currency_id = report.company_ids[:1].currency_id

    @api.depends_context("uid")
    def _compute_sees_all(self):
        """The ledger is the company's: tied by those who see all of its facilities."""
        limited = bool(self.env.user.rcm_facility_ids)
        for report in self:
            report.sees_all = not limited

    @api.onchange("as_of", "basis", "by")
    def _onchange_values(self):
        """Figures of other values are not shown as if they were these."""
        self.is_current = False

    @api.depends("as_of")
    def _compute_display_name(self):
        for report in self:
            report.display_name = self.env._("Ageing as of %s", report.as_of or "")

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    @api.model
    def action_open(self):
        """Open the report as of today."""
        self.env.user._rcm_require(*ROLES)
        report = self.create({})
        report.action_compute()
        return report._rcm_show()

    def action_compute(self):
        """Work the figures out for the values chosen."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        if len(self.company_ids.currency_id) > 1:
            raise UserError(
                self.env._(
                    "The chosen companies keep their books in different currencies. "
                    "Choose companies of one currency in the top bar."
                )
            )
        self.row_ids.unlink()
        self.tie_ids.unlink()
        self.env["rcm.ageing.report.row"].create(self._rcm_rows())
        if self.sees_all:
            self.env["rcm.ageing.report.tie"].create(self._rcm_ties())
        difference = self.currency_id.round(sum(self.tie_ids.mapped("difference")))
        self.write(
            {
                "is_current": True,
                "difference": difference,
                # Differences that happen to cancel out are differences.
                "tied": all(
                    self.currency_id.is_zero(tie.difference) for tie in self.tie_ids
                ),
                "file_content": False,
            }
        )
        return self._rcm_show()

    def action_open_list(self):
        return self._rcm_open("list,pivot,graph", self.env._("Receivables by Age"))

    def action_open_pivot(self):
        return self._rcm_open("pivot,graph,list", self.env._("Receivables by Age"))

    def action_export(self):
        """A workbook of the rows the reader may see, and the tie-out."""
        self.ensure_one()
        self.action_compute()
        Ageing = self.env["rcm.ageing"].with_context(**self._rcm_context())
        if (count := Ageing.search_count(self._rcm_domain())) > MAX_EXPORT:
            raise UserError(
                self.env._("%s rows are too many for one workbook.", f"{count:,}")
            )
        content = self._rcm_workbook(Ageing)
        self.write(
            {
                "file_content": base64.b64encode(content),
                "file_name": f"ageing-{self.as_of}.xlsx",
            }
        )
        # A list of receivables that leaves the house is worth a row of the log.
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "rcm.ageing.exported",
                    "changes": {
                        "as_of": [None, str(self.as_of)],
                        "rows": [None, count],
                    },
                }
            ]
        )
        return self._rcm_show()

    # ------------------------------------------------------------------
    # Figures
    # ------------------------------------------------------------------
    def _rcm_context(self):
        return {"rcm_as_of": str(self.as_of), "rcm_basis": self.basis}

    def _rcm_domain(self):
        return [("company_id", "in", self.company_ids.ids)]

    def _rcm_rows(self):
        """One row for each value of ``by``; the reader's record rules apply."""
        Ageing = self.env["rcm.ageing"].with_context(**self._rcm_context())
        sums = [f"amount_{key}:sum" for key, _label in BUCKETS]
        groups = Ageing._read_group(
            self._rcm_domain(), [self.by], [*sums, "amount:sum", "__count"]
        )
        labels = {}
        if Ageing._fields[self.by].type == "selection":
            labels = dict(Ageing._fields[self.by]._description_selection(self.env))
        none = self.env._("Not on a claim")
        if self.by == "plan_type":
            none = self.env._("Patients and clients")
        rows = []
        for value, *amounts, total, count in groups:
            record = isinstance(value, models.BaseModel)
            name = value.display_name if record else labels.get(value, value)
            rows.append(
                {
                    "report_id": self.id,
                    "name": name or none,
                    "key": str(value.id if record else value or "") or False,
                    "total": total,
                    "count": count,
                    **{
                        f"amount_{key}": amount
                        for (key, _label), amount in zip(BUCKETS, amounts, strict=True)
                    },
                }
            )
        return sorted(rows, key=lambda row: -row["total"])

    def _rcm_ties(self):
        """Ageing and account side by side, for each receivable account.

        Whole companies: the caller sees all of their facilities.
        """
        Ageing = self.env["rcm.ageing"].with_context(**self._rcm_context())
        labels = dict(RESPONSIBILITIES)
        keys = dict(zip(RECEIVABLES, labels, strict=True))
        rows = []
        tie_out = Ageing._rcm_tie_out(self.company_ids)
        for purpose, (buckets, ledger) in tie_out.items():
            total = self.currency_id.round(sum(buckets.values()))
            rows.append(
                {
                    "report_id": self.id,
                    "name": labels[keys[purpose]],
                    "purpose": purpose,
                    "total": total,
                    "ledger": ledger,
                    "difference": self.currency_id.round(total - ledger),
                }
            )
        return rows

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_show(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ageing of Receivables"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _rcm_open(self, view_mode, name, domain=()):
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%(name)s, %(day)s", name=name, day=self.as_of),
            "res_model": "rcm.ageing",
            "view_mode": view_mode,
            "domain": [*self._rcm_domain(), *domain],
            "context": {**self._rcm_context(), "create": False},
        }

    def _rcm_workbook(self, Ageing):
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(
            buffer, {"in_memory": True, "strings_to_formulas": False}
        )
        money = book.add_format({"num_format": "#,##0.00"})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(self.env._("Ageing"))
        names = (
            "claim_id",
            "debtor",
            "facility_id",
            "responsibility",
            "aged_from",
            "days",
            "bucket",
            "amount",
        )
        for column, name in enumerate(names):
            sheet.write_string(0, column, Ageing._fields[name].string, bold)
        labels = {
            name: dict(Ageing._fields[name]._description_selection(self.env))
            for name in ("responsibility", "bucket")
        }
        rows = Ageing.search(self._rcm_domain())
        for line, row in enumerate(rows, start=1):
            values = (
                row.claim_id.display_name or "",
                row.debtor or "",
                row.facility_id.display_name or "",
                labels["responsibility"][row.responsibility],
                str(row.aged_from),
                str(row.days),
                labels["bucket"][row.bucket],
            )
            for column, value in enumerate(values):
                sheet.write_string(line, column, value)
            sheet.write_number(line, len(values), row.amount, money)
        sheet.set_column(0, len(names) - 1, 18)
        tie = book.add_worksheet(self.env._("Tie-out"))
        heads = (
            self.env._("As of %s", self.as_of),
            self.env._("Ageing"),
            self.env._("Ledger"),
            self.env._("Difference"),
        )
        for column, head in enumerate(heads):
            tie.write_string(0, column, head, bold)
        for line, row in enumerate(self.tie_ids, start=1):
            tie.write_string(line, 0, row.name)
            for column, amount in enumerate(
                (row.total, row.ledger, row.difference), start=1
            ):
                tie.write_number(line, column, amount, money)
        tie.set_column(0, 3, 24)
        book.close()
        return buffer.getvalue()


class RcmAgeingReportRow(models.TransientModel):
    """One row of the report."""

    _name = "rcm.ageing.report.row"
    _description = "Ageing Row"

    report_id = fields.Many2one("rcm.ageing.report", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="report_id.currency_id")
    name = fields.Char(readonly=True)
    key = fields.Char(readonly=True)
    amount_a = fields.Monetary(string="0–30", readonly=True)
    amount_b = fields.Monetary(string="31–60", readonly=True)
    amount_c = fields.Monetary(string="61–90", readonly=True)
    amount_d = fields.Monetary(string="91–120", readonly=True)
    amount_e = fields.Monetary(string="Over 120", readonly=True)
    total = fields.Monetary(readonly=True)
    count = fields.Integer(string="Items", readonly=True)

    def action_open(self):
        """The claims behind this row."""
        self.ensure_one()
        report = self.report_id
        if report.by == "debtor":
            # A payer's name may look like a number; it is compared as it is.
            value = self.key or False
        else:
            value = (
                int(self.key) if self.key and self.key.isdigit() else self.key or False
            )
        return report._rcm_open("list,pivot", self.name, [(report.by, "=", value)])


class RcmAgeingReportTie(models.TransientModel):
    """Ageing against one account of the ledger."""

    _name = "rcm.ageing.report.tie"
    _description = "Ageing Tie-out"

    report_id = fields.Many2one("rcm.ageing.report", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="report_id.currency_id")
    name = fields.Char(readonly=True)
    purpose = fields.Char(readonly=True)
    total = fields.Monetary(string="Ageing", readonly=True)
    ledger = fields.Monetary(string="Ledger Account", readonly=True)
    difference = fields.Monetary(readonly=True)

    def action_open_items(self):
        """The journal items of the account up to the day, for their readers."""
        self.ensure_one()
        report = self.report_id
        accounts = self.env["account.account"]
        for company in report.company_ids:
            accounts |= company._rcm_accounts().get(self.purpose, accounts.browse())
        view = self.env.ref("healthcare_rcm_base.account_move_line_view_list")
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "account.move.line",
            "views": [(view.id, "list")],
            "domain": [
                ("account_id", "in", accounts.ids),
                ("parent_state", "=", "posted"),
                ("date", "<=", report.as_of),
                ("company_id", "in", report.company_ids.ids),
            ],
            "context": {"create": False},
        }
