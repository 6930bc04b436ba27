from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerTestCompleted(models.AbstractModel):
    """A test has its final result."""

    _name = "rcm.event.handler.test.completed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: test completed"

    def _rcm_handle(self, event, data):
        return self.env["rcm.service.order"]._rcm_take_test(
            data,
            parse_time(data["completed_at"]),
            event.correlation_id,
            event.connector_id.code,
        )
