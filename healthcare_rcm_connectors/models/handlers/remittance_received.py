import base64
import binascii

from odoo import models

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent


class RcmEventHandlerRemittanceReceived(models.AbstractModel):
    """A payer's remittance file (X12 835) arrived."""

    _name = "rcm.event.handler.remittance.received"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: remittance received"

    def _rcm_handle(self, event, data):
        try:
            content = base64.b64decode(data["content_base64"], validate=True)
        except (binascii.Error, ValueError):
            raise RcmPermanent(
                "schema", self.env._("content_base64 is not Base64.")
            ) from None
        if not content:
            raise RcmPermanent("schema", self.env._("The file is empty."))
        return self.env["rcm.remittance.file"]._rcm_receive(
            content,
            data["filename"],
            event.connector_id.code,
            correlation_id=event.correlation_id,
            company=event.company_id,
        )
