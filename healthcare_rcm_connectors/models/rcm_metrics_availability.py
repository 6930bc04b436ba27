from odoo import api, models

from ..protocol.families import GAUGE, Family


class RcmMetrics(models.AbstractModel):
    """Which interfaces work, and what waits for those that do not."""

    _inherit = "rcm.metrics"

    @api.model
    def _rcm_availability(self, owners, now):
        """Families of the connectors and webhooks in ``owners``."""
        systems = Family(
            "rcm_connector_up",
            GAUGE,
            "1 while its events are worked on, 0 while it is down, paused or off.",
            ("connector",),
        )
        pending = Family(
            "rcm_pending_claims",
            GAUGE,
            "Claims that wait as pending interface.",
            ("connector",),
        )
        receivers = Family(
            "rcm_webhook_up",
            GAUGE,
            "1 while messages are sent to it, 0 while it rests after failures, is "
            "paused or gone.",
            ("webhook",),
        )
        ids = {"connector": [], "webhook": []}
        for owner, id_ in owners:
            ids[owner].append(id_)
        for record in self.env["rcm.connector"].browse(ids["connector"]):
            systems.add((record.code,), int(record.state == "active"))
            pending.add((record.code,), record.pending_claim_count)
        for record in self.env["rcm.webhook"].browse(ids["webhook"]):
            rests = record.rest_until and record.rest_until > now
            works = record.state == "active" and not rests
            receivers.add((record.name,), int(works))
        return [systems, pending, receivers]
