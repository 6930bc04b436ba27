from odoo import fields, models

from ..models.rcm_deposit_batch import POSTERS
from ..models.rcm_remittance_resolution import REVERSED_STATES


class RcmRemittanceUndo(models.TransientModel):
    """Why a decision about an unpostable claim is taken back."""

    _name = "rcm.remittance.undo"
    _description = "Undo a Resolution"

    resolution_id = fields.Many2one(
        "rcm.remittance.resolution", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="resolution_id.company_id")
    reason = fields.Char(required=True, help="Kept in the entries; no patient data.")

    def action_undo(self):
        """Take the decision back; what it posted only a finance manager reverses."""
        self.ensure_one()
        resolution = self.resolution_id
        posted = resolution.remittance_claim_id.state in REVERSED_STATES
        roles = ("finance_manager",) if posted else POSTERS
        self.env.user._rcm_require(*roles)
        resolution.check_access("read")
        # Role and access were checked; the gate decides about what was posted.
        done = resolution.sudo()._rcm_undo(self.reason)
        close = {"type": "ir.actions.act_window_close"}
        if done:
            return close
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("Approval was asked for; it is undone then."),
                "type": "info",
                "next": close,
            },
        }
