from odoo import models


class RcmEventHandlerEncounterCompleted(models.AbstractModel):
    """A patient's visit is over: encounter, patient, coverages and charges."""

    _name = "rcm.event.handler.encounter.completed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: encounter completed"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_intake_completed(
            data, event.correlation_id, event.connector_id.code
        )
