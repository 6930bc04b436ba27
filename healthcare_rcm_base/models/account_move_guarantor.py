from odoo import api, models


class AccountMove(models.Model):
    """Stored names on invoices are read by people who may not know patients."""

    _inherit = "account.move"

    @api.depends("partner_id.rcm_is_guarantor")
    def _compute_invoice_partner_display_info(self):
        """Store a guarantor's number, whoever makes the invoice."""
        result = super()._compute_invoice_partner_display_info()
        for move in self:
            partner = move.partner_id.sudo()  # only whether it is a guarantor
            if partner.rcm_is_guarantor:
                move.invoice_partner_display_name = partner.rcm_account_number
        return result
