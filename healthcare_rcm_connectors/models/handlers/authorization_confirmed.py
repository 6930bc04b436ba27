from odoo import models


class RcmEventHandlerAuthorizationConfirmed(models.AbstractModel):
    """A payer decided on an authorization."""

    _name = "rcm.event.handler.authorization.confirmed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: authorization confirmed"

    def _rcm_handle(self, event, data):
        return self.env["rcm.authorization"]._rcm_confirm(data, event.company_id)
