from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal


class RcmBudgetLine(models.Model):
    """An amount for one analytic account, in a period, at a facility or at all."""

    _name = "rcm.budget.line"
    _description = "Budget Line"
    _inherit = ["rcm.document.mixin"]
    _order = "date_from, analytic_account_id, id"
    _check_company_auto = True
    _rcm_protected = ("spending_number",)
    _rcm_audit_fields = (
        "analytic_account_id",
        "facility_id",
        "date_from",
        "date_to",
        "amount",
    )

    budget_id = fields.Many2one(
        "rcm.budget", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="budget_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="budget_id.state", string="Status", store=True)
    on_excess = fields.Selection(related="budget_id.on_excess")
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    facility_id = fields.Many2one(
        "rcm.facility",
        check_company=True,
        help="Only spending of this facility counts. Empty: that of every one.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
    )
    date_to = fields.Date(
        "To",
        required=True,
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary("Budgeted", required=True)
    spending_number = fields.Integer(readonly=True, copy=False)
    committed = fields.Monetary(
        compute="_compute_used", help="Ordered and not billed yet."
    )
    spent = fields.Monetary(
        "Actual", compute="_compute_used", help="Posted bills less credit notes."
    )
    available = fields.Monetary(compute="_compute_used")
    used_percent = fields.Float("Used", compute="_compute_used")

    _amount_not_negative = models.Constraint(
        "CHECK(amount >= 0)", "A budget line cannot be below zero."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "A budget line cannot end before it begins."
    )

    @api.depends("budget_id.date_from", "budget_id.date_to")
    def _compute_dates(self):
        for line in self:
            line.date_from = line.date_from or line.budget_id.date_from
            line.date_to = line.date_to or line.budget_id.date_to

    @api.depends("amount", "analytic_account_id", "facility_id", "date_from", "date_to")
    def _compute_used(self):
        used = self.env["rcm.spending"]._rcm_of_budgets(self._origin)
        for line in self:
            digits = line.currency_id.decimal_places or 2
            committed, spent = used.get(line._origin.id, (0, 0))
            line.committed = from_decimal(committed, digits)
            line.spent = from_decimal(spent, digits)
            line.available = from_decimal(
                to_decimal(line.amount, digits) - committed - spent, digits
            )
            line.used_percent = (
                100 * float(committed + spent) / line.amount if line.amount else 0.0
            )

    @api.depends("analytic_account_id", "budget_id", "facility_id")
    def _compute_display_name(self):
        for line in self:
            names = [line.budget_id.name, line.analytic_account_id.display_name]
            names.append(line.facility_id.name)
            line.display_name = " / ".join(filter(None, names))

    @api.constrains("date_from", "date_to", "budget_id")
    def _check_dates(self):
        self.budget_id._check_dates()

    @api.constrains("analytic_account_id", "facility_id", "date_from", "date_to")
    def _check_overlap(self):
        """Two lines of one budget for the same money would both be asked."""
        for line in self:
            twin = line.budget_id.line_ids.filtered(
                lambda other, line=line: other != line
                and other.analytic_account_id == line.analytic_account_id
                and other.facility_id == line.facility_id
                and other.date_from <= line.date_to
                and other.date_to >= line.date_from
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "“%s” is in this budget twice for the same days.",
                        line.analytic_account_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD: lines of an open budget change by revisions
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._rcm_check_change()
        return lines

    def write(self, vals):
        moved = "budget_id" in vals
        if moved or vals.keys() & set(self._rcm_audit_fields):
            self._rcm_check_change()
        result = super().write(vals)
        if moved:
            self._rcm_check_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(line.budget_id.state != "draft" for line in self):
            self.budget_id._rcm_refuse_change()

    def _rcm_check_change(self):
        """Refuse a change of a budget that is no draft, unless a revision does it."""
        bound = self.budget_id.filtered(lambda budget: budget.state != "draft")
        if bound and not self.env["rcm.budget.revision"]._rcm_is_applying():
            bound._rcm_refuse_change()

    # ------------------------------------------------------------------
    # Measuring
    # ------------------------------------------------------------------
    @api.model
    def _rcm_for(self, companies, accounts, days):
        """Lines of open budgets that speak of these accounts on these days."""
        if not accounts or not days:
            return self.browse()
        return self.search(
            [
                ("state", "=", "open"),
                ("company_id", "in", companies.ids),
                ("analytic_account_id", "in", list(accounts)),
                ("date_from", "<=", max(days)),
                ("date_to", ">=", min(days)),
            ]
        )
