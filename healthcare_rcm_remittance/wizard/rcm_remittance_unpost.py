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
        # Role and access were checked; the gate decides, reversing writes the ledger.
        done = self.remittance_id.sudo()._rcm_ask_unpost(self.reason)
        close = {"type": "ir.actions.act_window_close"}
        if done:
            return close
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("Approval was asked for; it is taken back then."),
                "type": "info",
                "next": close,
            },
        }
