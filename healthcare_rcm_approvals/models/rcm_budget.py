from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

EXCESS = [
    ("refuse", "Refuse it"),
    ("approval", "Let it through with an approval"),
    ("warn", "Let it through and say so"),
]


class RcmBudget(models.Model):
    """What may be spent in a period, by analytic account.

    Orders are measured when they are confirmed and bills when they are posted, before
    the money is bound. An open budget changes by revisions only.
    """

    _name = "rcm.budget"
    _description = "Budget"
    _inherit = ["rcm.spending.holder"]
    _order = "date_from desc, name, id"
    _rcm_state_machine = "budget"
    _rcm_audit_fields = ("name", "date_from", "date_to", "on_excess", "owner_id")

    name = fields.Char(required=True)
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True, help="The last day.")
    on_excess = fields.Selection(
        EXCESS,
        string="When It Is Not Enough",
        required=True,
        default="refuse",
        help="What happens to an order or a bill that would go beyond a line.",
    )
    owner_id = fields.Many2one(
        "res.users", string="Owner", help="Answers for it; asked when it runs out."
    )
    line_ids = fields.One2many("rcm.budget.line", "budget_id", string="Lines")
    revision_ids = fields.One2many(
        "rcm.budget.revision", "budget_id", string="Revisions", readonly=True
    )
    amount = fields.Monetary(compute="_compute_amounts", string="Budgeted")
    committed = fields.Monetary(
        compute="_compute_amounts", help="Ordered and not billed yet."
    )
    spent = fields.Monetary(
        "Actual", compute="_compute_amounts", help="Posted bills less credit notes."
    )
    available = fields.Monetary(compute="_compute_amounts")
    used_percent = fields.Float("Used", compute="_compute_amounts")

    _dates_ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "A budget cannot end before it begins."
    )

    @api.depends("line_ids.amount")
    def _compute_amounts(self):
        """Sums of the lines, which are measured in one query for all."""
        lines = self.line_ids
        lines.mapped("available")
        for budget in self:
            own = budget.line_ids
            budget.amount = sum(own.mapped("amount"))
            budget.committed = sum(own.mapped("committed"))
            budget.spent = sum(own.mapped("spent"))
            budget.available = budget.amount - budget.committed - budget.spent
            used = budget.committed + budget.spent
            budget.used_percent = 100 * used / budget.amount if budget.amount else 0.0

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for line in self.line_ids:
            if (
                line.date_from < line.budget_id.date_from
                or line.date_to > line.budget_id.date_to
            ):
                raise ValidationError(
                    self.env._("A line lies outside the dates of its budget.")
                )

    def write(self, vals):
        fixed = {"date_from", "date_to", "on_excess", "company_id", "line_ids"}
        if fixed & vals.keys() and any(budget.state != "draft" for budget in self):
            self._rcm_refuse_change()
        return super().write(vals)

    def _rcm_refuse_change(self):
        raise UserError(
            self.env._(
                "An open budget is changed by a revision (button “Revise”), so that "
                "it stays visible what it was before."
            )
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open(self):
        """Measure spending against it from now on."""
        self.env.user._rcm_require("finance_manager")
        for budget in self:
            if not budget.line_ids:
                raise UserError(self.env._("“%s” has no lines yet.", budget.name))
        return super().action_open()

    def action_draft(self):
        """Back to draft while nothing was measured against it."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        for budget in self:
            if budget.committed or budget.spent or budget.revision_ids:
                raise UserError(
                    self.env._("“%s” is in use: change it by a revision.", budget.name)
                )
        self._rcm_set_state("draft")

    def action_revise(self):
        """A new revision of this budget."""
        self.ensure_one()
        self.env.user._rcm_require("finance_manager")
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.budget.revision",
            "view_mode": "form",
            "context": {"default_budget_id": self.id},
        }

    def action_lines(self):
        """Order lines name accounts, not budgets: the orders and bills behind it."""
        return self.action_spending()

    def action_spending(self):
        """The orders and bills behind the figures."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_approvals.rcm_budget_report_action"
        )
        return {**action, "domain": [("budget_id", "=", self.id)], "context": {}}
