from odoo import models


class RcmEventHandlerChargeCorrected(models.AbstractModel):
    """A charge was corrected or taken back."""

    _name = "rcm.event.handler.charge.corrected"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: charge corrected"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_take_correction(
            data, event.correlation_id, event.connector_id.code
        )
