from odoo import fields, models


class RcmApprovalDecide(models.TransientModel):
    """Asks for the reason of a refusal."""

    _name = "rcm.approval.decide"
    _description = "Refuse Approval Requests"

    request_ids = fields.Many2many("rcm.approval.request", required=True)
    reason = fields.Char(
        required=True, help="Why not, without patient names: the requester reads it."
    )

    def action_refuse(self):
        """Refuse every chosen request with this reason."""
        self.ensure_one()
        self.request_ids._rcm_decide_many("refused", self.reason)
        return {"type": "ir.actions.act_window_close"}
