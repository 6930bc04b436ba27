from odoo import models


class RcmEventHandlerClaimStatusChanged(models.AbstractModel):
    """A payer or clearinghouse says what became of a claim."""

    _name = "rcm.event.handler.claim.status_changed"
    _inherit = "rcm.event.handler.claim.submitted"
    _description = "Event Handler: claim status changed"

    def _rcm_handle(self, event, data):
        claim = self._rcm_find_claim(event, data["control_number"])
        claim._rcm_apply_status(
            data["status"],
            payer_claim_number=data.get("payer_claim_number"),
            reason=data.get("reason"),
        )
        return claim
