from odoo import fields, models


class RcmPackageSell(models.TransientModel):
    """Sell a package on an encounter."""

    _name = "rcm.package.sell"
    _description = "Sell a Package"

    encounter_id = fields.Many2one("rcm.encounter", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="encounter_id.company_id")
    currency_id = fields.Many2one(related="encounter_id.currency_id")
    package_id = fields.Many2one(
        "rcm.service.package",
        required=True,
        domain="[('company_id', '=', company_id)]",
    )
    price = fields.Monetary(related="package_id.price")
    component_ids = fields.One2many(related="package_id.component_ids")

    def action_sell(self):
        """Add the package's charges in the name of the person who sold it."""
        self.ensure_one()
        self.env.user._rcm_require("biller", "front_desk")
        self.encounter_id.check_access("read")
        encounter = self.encounter_id.sudo()  # role and record rules were checked
        encounter._rcm_sell_package(self.package_id)
        return {"type": "ir.actions.act_window_close"}
