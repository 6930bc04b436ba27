from odoo import fields, models
from odoo.tools import SQL


class RcmBudgetReport(models.Model):
    """What budget lines hold and what was taken of them, document by document."""

    _name = "rcm.budget.report"
    _description = "Budget Analysis"
    _auto = False
    _order = "day desc, id"
    _rec_name = "budget_line_id"

    budget_id = fields.Many2one("rcm.budget", readonly=True)
    budget_line_id = fields.Many2one("rcm.budget.line", readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("open", "Open"), ("closed", "Closed")],
        string="Status",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    analytic_account_id = fields.Many2one("account.analytic.account", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    partner_id = fields.Many2one("res.partner", "Vendor", readonly=True)
    order_id = fields.Many2one("purchase.order", "Order", readonly=True)
    move_id = fields.Many2one("account.move", "Bill", readonly=True)
    day = fields.Date("Date", readonly=True)
    kind = fields.Selection(
        [
            ("budgeted", "Budgeted"),
            ("committed", "Committed"),
            ("spent", "Actual"),
        ],
        readonly=True,
    )
    budgeted = fields.Monetary(readonly=True)
    committed = fields.Monetary(readonly=True)
    spent = fields.Monetary("Actual", readonly=True)
    available = fields.Monetary(readonly=True)

    @property
    def _table_query(self):
        spending = self.env["rcm.spending"]
        return SQL(
            """
    WITH %s, %s,
    entries AS (
        SELECT g.id AS line_id, p.kind, p.id AS row_id, p.document_id, p.partner_id,
               p.day, p.facility_id, p.amount
          FROM rcm_budget_line g
          JOIN parts p ON p.account_id = g.analytic_account_id
           AND p.company_id = g.company_id
           AND p.day BETWEEN g.date_from AND g.date_to
           AND (g.facility_id IS NULL OR g.facility_id = p.facility_id)
         WHERE p.amount <> 0
        UNION ALL
        SELECT g.id, 'budgeted', g.id, NULL, NULL, g.date_from, g.facility_id,
               g.amount
          FROM rcm_budget_line g
    )
    SELECT row_number() OVER (ORDER BY e.line_id, e.kind, e.row_id) AS id,
           g.budget_id, g.id AS budget_line_id, g.state, g.company_id,
           g.analytic_account_id, e.facility_id, e.partner_id, e.day, e.kind,
           CASE WHEN e.kind = 'committed' THEN e.document_id END AS order_id,
           CASE WHEN e.kind = 'spent' THEN e.document_id END AS move_id,
           CASE WHEN e.kind = 'budgeted' THEN e.amount ELSE 0 END AS budgeted,
           CASE WHEN e.kind = 'committed' THEN e.amount ELSE 0 END AS committed,
           CASE WHEN e.kind = 'spent' THEN e.amount ELSE 0 END AS spent,
           CASE WHEN e.kind = 'budgeted' THEN e.amount ELSE -e.amount END AS available
      FROM entries e
      JOIN rcm_budget_line g ON g.id = e.line_id""",
            spending._rcm_rows_sql(
                only=SQL("b.analytic_distribution IS NOT NULL"),
                ordered=SQL("l.analytic_distribution IS NOT NULL"),
            ),
            spending._rcm_parts_sql(),
        )

    def _search(self, *args, **kwargs):
        self.env["rcm.spending"]._rcm_flush()
        return super()._search(*args, **kwargs)

    def action_open_document(self):
        """The order or bill behind a row."""
        self.ensure_one()
        self.check_access("read")
        document = self.order_id or self.move_id or self.budget_id
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
        }
