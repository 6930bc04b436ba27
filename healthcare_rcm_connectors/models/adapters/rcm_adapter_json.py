from odoo import models

from ...protocol import strict_json
from .rcm_adapter_roles import UnreadableContent


class RcmAdapterJson(models.AbstractModel):
    """Our own format: JSON that is the envelope already, or an array of envelopes."""

    _name = "rcm.adapter.json"
    _inherit = ["rcm.adapter.decode", "rcm.adapter.map"]
    _description = "Adapter: JSON events"
    _rcm_adapter_code = "json"
    _rcm_adapter_title = "JSON events"

    def _rcm_decode(self, content, filename=""):
        try:
            value = strict_json.loads(content)
        except strict_json.InvalidJson as error:
            raise UnreadableContent(str(error)) from None
        return value if isinstance(value, list) else [value]
