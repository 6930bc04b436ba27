from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerOrderPlaced(models.AbstractModel):
    """A service was ordered."""

    _name = "rcm.event.handler.order.placed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: order placed"

    def _rcm_handle(self, event, data):
        order = data["order"]
        if order.get("placed_at"):
            order = {**order, "placed_at": parse_time(order["placed_at"])}
        return self.env["rcm.service.order"]._rcm_take_placed(
            {**data, "order": order}, event.correlation_id, event.connector_id.code
        )
