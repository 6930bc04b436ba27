from odoo import models


class RcmEventHandlerEncounterCancelled(models.AbstractModel):
    """An encounter did not take place."""

    _name = "rcm.event.handler.encounter.cancelled"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: encounter cancelled"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_take_cancellation(
            data, event.connector_id.code
        )
