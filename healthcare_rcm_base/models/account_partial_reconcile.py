from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Matches are made by reconciling, never written over the wire."""

    _inherit = "account.partial.reconcile"

    @api.private
    @api.model_create_multi
    def create(self, vals_list):
        return super().create(vals_list)

    @api.private
    def write(self, vals):
        return super().write(vals)
