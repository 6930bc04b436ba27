from odoo import models


class RcmEventHandlerDenialAlerted(models.AbstractModel):
    """A payer's portal shows a denial that no remittance told yet."""

    _name = "rcm.event.handler.denial.alerted"
    _inherit = "rcm.event.handler.claim.submitted"
    _description = "Event Handler: denial alerted"

    def _rcm_handle(self, event, data):
        claim = self._rcm_find_claim(event, data["control_number"])
        claim._rcm_note_denial_alert(data)
        return claim
