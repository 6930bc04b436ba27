from odoo import api, fields, models
from odoo.exceptions import UserError

MODELS = ("rcm.write.off", "rcm.refund", "rcm.payment.run", "rcm.override")


class RcmRequestedDocumentReverse(models.TransientModel):
    """Asks why something approved is taken back."""

    _name = "rcm.requested.document.reverse"
    _description = "Take Back What Was Approved"

    res_model = fields.Char(required=True)
    res_ids = fields.Char(required=True)
    reason = fields.Char(
        required=True, help="Why, without patient names: auditors read it."
    )

    @api.constrains("res_model")
    def _check_res_model(self):
        if any(wizard.res_model not in MODELS for wizard in self):
            raise UserError(self.env._("This cannot be taken back here."))

    def action_reverse(self):
        """Take the documents back with this reason."""
        self.ensure_one()
        ids = [int(part) for part in self.res_ids.split(",") if part.isdigit()]
        documents = self.env[self.res_model].browse(ids)
        documents = documents._rcm_as(*documents._rcm_undo_roles)
        documents._rcm_reverse(self.reason)
        return {"type": "ir.actions.act_window_close"}
