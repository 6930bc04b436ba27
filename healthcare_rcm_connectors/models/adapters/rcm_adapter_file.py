import base64

from odoo import models

from ..rcm_event_type import TAKEN

FILE_TYPE = "remittance.received"


class RcmAdapterFile(models.AbstractModel):
    """A file that is taken as it is: one event that carries it."""

    _name = "rcm.adapter.file"
    _inherit = ["rcm.adapter.decode", "rcm.adapter.map"]
    _description = "Adapter: file as it is"
    _rcm_adapter_code = "file"
    _rcm_adapter_title = "File as it is"

    def _rcm_decode(self, content, filename=""):
        return [
            {
                "filename": filename,
                "content_base64": base64.b64encode(content).decode(),
            }
        ]

    def _rcm_map(self, connector, record, hints):
        name = hints.get("type") or FILE_TYPE
        event_id = hints.get("id") or f"sha256-{hints['digest']}"
        return {
            "id": event_id,
            "type": name,
            "version": hints.get("version") or self._rcm_version(connector, name),
            "occurred_at": self._rcm_first_seen(connector, event_id),
            "data": record,
        }

    def _rcm_version(self, connector, name):
        """The newest version this connector may send."""
        allowed = connector.event_type_ids.filtered(
            lambda kind: kind.name == name and kind.state in TAKEN
        )
        return max(allowed.mapped("version"), default=1)
