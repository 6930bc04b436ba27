from odoo import models

from ...protocol.envelope import parse_time


class RcmEventHandlerEligibilityUpdated(models.AbstractModel):
    """A payer answered whether, when and on what terms a patient is covered."""

    _name = "rcm.event.handler.eligibility.updated"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: eligibility updated"

    def _rcm_handle(self, event, data):
        facts = {**data, "answered_at": parse_time(data["answered_at"])}
        return self.env["rcm.coverage"]._rcm_apply_eligibility(facts, event.company_id)
