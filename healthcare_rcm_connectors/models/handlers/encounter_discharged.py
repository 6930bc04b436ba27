from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerEncounterDischarged(models.AbstractModel):
    """A stay is over."""

    _name = "rcm.event.handler.encounter.discharged"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: encounter discharged"

    def _rcm_handle(self, event, data):
        return self.env["rcm.encounter"]._rcm_take_discharge(
            {**data, "discharged_at": parse_time(data["discharged_at"])},
            event.connector_id.code,
        )
