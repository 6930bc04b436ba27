import json

from odoo import models


class RcmEventType(models.Model):
    """Contracts as the description of the interface shows them."""

    _inherit = "rcm.event.type"

    def _rcm_describe(self):
        """What can be sent, with schemas: for those who may read contracts."""
        return [
            {
                "type": kind.name,
                "version": kind.version,
                "state": kind.state,
                "taken_until": str(kind.deprecation_date or "") or None,
                "description": kind.description or "",
                "schema": json.loads(kind.schema),
                "example": json.loads(kind.example) if kind.example else None,
            }
            for kind in self
        ]


class RcmConnector(models.Model):
    _inherit = "rcm.connector"

    def action_open_docs(self):
        """Open the description of the interface as this system may use it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/rcm/docs?connector={self.id}",
            "target": "new",
        }
