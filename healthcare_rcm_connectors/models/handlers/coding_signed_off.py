from odoo import models


class RcmEventHandlerCodingSignedOff(models.AbstractModel):
    """Codes and diagnoses are final."""

    _name = "rcm.event.handler.coding.signed_off"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: coding signed off"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_take_sign_off(
            data, event.connector_id.code
        )
