from odoo import models


class RcmEventHandlerClaimAcknowledged(models.AbstractModel):
    """A clearinghouse or billing platform took claims in, or did not."""

    _name = "rcm.event.handler.claim.acknowledged"
    _inherit = "rcm.event.handler.claim.submitted"
    _description = "Event Handler: claim acknowledged"

    def _rcm_handle(self, event, data):
        claims = [
            (item["control_number"], item["status"], item.get("reasons") or ())
            for item in data.get("claims") or ()
        ]
        single = data.get("control_number")
        if single:
            claims.append((single, data["status"], data.get("reasons") or ()))
        known = {
            number: self._rcm_find_claim(event, number)
            for number, _status, _reasons in claims
        }
        Batch = self.env["rcm.submission.batch"]
        number = data.get("batch") or None
        for line in Batch._rcm_find_sent(event.company_id, number).line_ids:
            self._rcm_check_facility(event, line)
        batches = Batch._rcm_receive_acknowledgement(
            event.company_id,
            data["status"],
            number=number,
            claims=claims,
            reasons=data.get("reasons") or (),
        )
        return batches or known[single]
