from odoo import models


class RcmEventHandlerPayerUpdated(models.AbstractModel):
    """A master-data feed changed a payer."""

    _name = "rcm.event.handler.payer.updated"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: payer updated"

    def _rcm_handle(self, event, data):
        return self.env["rcm.payer"]._rcm_apply_update(
            data["payer"], event.company_id, event.connector_id.code
        )
