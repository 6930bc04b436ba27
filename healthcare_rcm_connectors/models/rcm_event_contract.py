from odoo import api, models, tools

from ..protocol import amounts
from ..protocol.contract import Contract
from .rcm_event_type import TAKEN


class RcmEventType(models.Model):
    """What the inbox remembers of contracts; every change of one forgets it."""

    _inherit = "rcm.event.type"

    @api.model
    @tools.ormcache("name", "version")
    def _rcm_contract(self, name, version):
        """The :class:`Contract` that takes events of this version now, or None."""
        kind = self.sudo().search(  # every sender's event meets its contract
            [("name", "=", name), ("version", "=", version), ("state", "in", TAKEN)],
            limit=1,
        )
        if not kind:
            return None
        notice = kind._rcm_notice(kind.id)
        return Contract(
            id=kind.id,
            name=kind.name,
            schema=kind.schema,
            business_key_template=kind.business_key_template or "",
            facility_path=kind.facility_path or "",
            amount_path=kind.amount_path if amounts.is_path(kind.amount_path) else "",
            priority=kind._rcm_priority(),
            history_priority=kind._rcm_priority(history=True),
            taken_until=notice and notice[2] or None,
        )
