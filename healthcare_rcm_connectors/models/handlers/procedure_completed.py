from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerProcedureCompleted(models.AbstractModel):
    """A procedure was done."""

    _name = "rcm.event.handler.procedure.completed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: procedure completed"

    def _rcm_handle(self, event, data):
        return self.env["rcm.service.order"]._rcm_take_procedure(
            data,
            parse_time(data["completed_at"]),
            event.correlation_id,
            event.connector_id.code,
        )
