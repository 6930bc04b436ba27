from odoo import models


class RcmRemittanceResolve(models.TransientModel):
    """Every decision is kept, so that it can be undone."""

    _inherit = "rcm.remittance.resolve"

    def action_resolve(self):
        self.env.user._rcm_require("cash_poster", "finance_manager")
        claim = self.remittance_claim_id
        before = claim.override
        result = super().action_resolve()
        # The role was checked above and by the step itself; it came through.
        Resolution = self.env["rcm.remittance.resolution"].sudo()
        Resolution._rcm_note(claim, self.resolution, before, self.reason)
        return result
