from odoo import models


class RcmEventHandlerChargeCaptured(models.AbstractModel):
    """A service was charged."""

    _name = "rcm.event.handler.charge.captured"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: charge captured"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_take_charge(
            data, event.correlation_id, event.connector_id.code
        )
