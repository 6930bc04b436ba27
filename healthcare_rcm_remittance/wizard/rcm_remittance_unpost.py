from odoo import fields, models


class RcmRemittanceUnpost(models.TransientModel):
    """Why a posted remittance is taken back."""

    _name = "rcm.remittance.unpost"
    _description = "Unpost Remittance"

    remittance_id = fields.Many2one(
        "rcm.remittance", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Char(required=True, help="Kept in the entries; no patient data.")

    def action_unpost(self):
        """Reverse the posting."""
        self.ensure_one()
        self.env.user._rcm_require("finance_manager")
        self.remittance_id.check_access("read")
        # Role and access were checked; reversing writes the ledger.
        self.remittance_id.sudo()._rcm_unpost(self.reason)
        return {"type": "ir.actions.act_window_close"}
