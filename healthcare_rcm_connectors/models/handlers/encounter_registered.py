from odoo import models


class RcmEventHandlerEncounterRegistered(models.AbstractModel):
    """A patient was registered for a visit: encounter, patient and coverages."""

    _name = "rcm.event.handler.encounter.registered"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: encounter registered"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_intake_registered(
            data, event.correlation_id, event.connector_id.code
        )
