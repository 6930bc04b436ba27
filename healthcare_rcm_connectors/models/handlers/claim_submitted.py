from odoo import models

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    ReferenceMissing,
)

from ...protocol.envelope import parse_time


class RcmEventHandlerClaimSubmitted(models.AbstractModel):
    """A claim went out to its payer."""

    _name = "rcm.event.handler.claim.submitted"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: claim submitted"

    def _rcm_handle(self, event, data):
        claim = self._rcm_find_claim(event, data["control_number"], sending=True)
        claim._rcm_mark_submitted(
            parse_time(data["submitted_at"]),
            reference=data.get("reference"),
            payer=self._rcm_find_payer(event, data.get("payer")),
        )
        return claim

    def _rcm_find_claim(self, event, control_number, sending=False):
        """The version of the claim that is meant; wait while none is known yet."""
        found = self.env["rcm.claim"]._rcm_find_by_control_number(
            [control_number], event.company_id, sending=sending
        )
        claim = found.get(control_number)
        if not claim:
            raise PredecessorMissing(event.business_key)
        self._rcm_check_facility(event, claim)
        return claim

    def _rcm_find_payer(self, event, code):
        """The payer named by ``code``, or None when none is named."""
        if not code:
            return None
        payer = self.env["rcm.payer"].search(
            [("code", "=", code), ("company_id", "=", event.company_id.id)], limit=1
        )
        if not payer:
            raise ReferenceMissing("payer", code)
        return payer
