from odoo import api, fields, models

CASE = "request_ageing"
# Where a person has to take the next step; waiting for an approval has its own clock.
LYING = ("draft", "approved", "refused")
KINDS = ("rcm.write.off", "rcm.refund", "rcm.payment.run", "rcm.override")


class RcmRequestedDocument(models.AbstractModel):
    """What was begun, or approved and not done, and then left lying."""

    _inherit = "rcm.requested.document"

    def _rcm_note_ageing(self):
        days = self._rcm_ageing_days()
        self._rcm_note_lying(
            CASE, self.env._("Nobody went on with it for more than %s days.", days)
        )

    def _rcm_reprocess(self, case):
        """Settled when somebody asked for it, did it or dropped it."""
        done = super()._rcm_reprocess(case)
        if case.type_code != CASE:
            return done
        return all(record.state not in LYING for record in self)


class RcmClaim(models.Model):
    """The sweep of the suite takes the requests along."""

    _inherit = "rcm.claim"

    @api.model
    def _cron_draft_ageing(self):
        result = super()._cron_draft_ageing()
        for name in KINDS:
            self.env[name]._rcm_sweep(CASE, fields.Domain("state", "in", LYING))
        return result
