from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerSpecimenReceived(models.AbstractModel):
    """A specimen arrived at the laboratory."""

    _name = "rcm.event.handler.specimen.received"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: specimen received"

    def _rcm_handle(self, event, data):
        return self.env["rcm.service.order"]._rcm_take_specimen(
            data, parse_time(data["received_at"]), event.connector_id.code
        )
