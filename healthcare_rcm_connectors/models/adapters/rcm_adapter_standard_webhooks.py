from odoo import models

from ...protocol import outbound, signature
from ...tools.http_sender import send


class RcmAdapterStandardWebhooks(models.AbstractModel):
    """Messages as Standard Webhooks 1.0 describes: signed JSON over https."""

    _name = "rcm.adapter.standard_webhooks"
    _inherit = ["rcm.adapter.encode", "rcm.adapter.send"]
    _description = "Adapter: Standard Webhooks"
    _rcm_adapter_code = "standard_webhooks"
    _rcm_adapter_title = "Standard Webhooks"

    def _rcm_encode(self, message):
        return outbound.body_of(**message)

    def _rcm_sign(self, secrets, message_id, moment, body):
        return signature.sign_all(secrets, message_id, moment, body)

    def _rcm_sender(self):
        return send
