from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.rcm_deposit_batch import POSTERS


class RcmDepositCloseDay(models.TransientModel):
    """Which day is closed; shows what is open before it is."""

    _name = "rcm.deposit.close.day"
    _description = "Close a Day"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    day = fields.Date(required=True, default=fields.Date.context_today)
    open_html = fields.Html(compute="_compute_open_html", sanitize=False)

    @api.depends("company_id", "day")
    def _compute_open_html(self):
        Close, Line = self.env["rcm.deposit.close"], self.env["rcm.deposit.close.line"]
        kinds = dict(Line._fields["kind"]._description_selection(self.env))
        for wizard in self:
            rows = Close._rcm_open_rows(wizard.company_id, wizard.day)
            shown = self.env["rcm.deposit.batch"]._rcm_shown
            wizard.open_html = self.env["ir.qweb"]._render(
                "healthcare_rcm_remittance.rcm_deposit_open",
                {
                    "rows": [
                        {**row, "what": kinds[row["kind"]], "sum": shown(row["amount"])}
                        for row in rows[:200]
                    ],
                    "count": len(rows),
                },
            )

    def action_close_day(self):
        """Close the day and show what stayed open."""
        self.ensure_one()
        self.env.user._rcm_require(*POSTERS)
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Choose one of your companies."))
        close = self.env["rcm.deposit.close"]._rcm_close_day(self.company_id, self.day)
        return {
            "type": "ir.actions.act_window",
            "res_model": close._name,
            "res_id": close.id,
            "view_mode": "form",
        }
