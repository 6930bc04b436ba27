from odoo import fields, models


class RcmSpendingHolder(models.AbstractModel):
    """What money is spent from or under: drafted, then opened, at last closed.

    Budgets, funds and service contracts. Only open ones are used; the finance manager
    opens and closes them.
    """

    _name = "rcm.spending.holder"
    _inherit = ["rcm.document.mixin"]
    _description = "Holder of Spending"
    _check_company_auto = True
    _rcm_reprocess_roles = ("finance_manager",)

    # The field by which order and bill lines name it.
    _rcm_line_field = None

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [("draft", "Draft"), ("open", "Open"), ("closed", "Closed")],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )

    def action_open(self):
        """Use it from now on."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        self._rcm_set_state("open")

    def action_close(self):
        """Use it no more; the figures stay."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        self._rcm_set_state("closed")

    def action_lines(self):
        """The order lines that name it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Order lines of %s", self.display_name),
            "res_model": "purchase.order.line",
            "view_mode": "list,form",
            "domain": [(self._rcm_line_field, "=", self.id)],
        }
