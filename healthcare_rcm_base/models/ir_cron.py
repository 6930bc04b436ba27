from odoo import api, models


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _rcm_wake(self, xmlid):
        """Run the scheduled action ``xmlid`` as soon as this transaction commits.

        Asking many times in one transaction triggers it once: the trigger row is
        written before commit, and goes with a savepoint that is rolled back.
        """
        precommit = self.env.cr.precommit
        woken = precommit.data.setdefault("rcm_wake", set())
        if xmlid in woken:
            return
        woken.add(xmlid)

        def trigger():
            woken.discard(xmlid)
            cron = self.env.ref(xmlid, raise_if_not_found=False)
            if cron:
                # Waking a job is not a right of the person whose step asks for it.
                cron.sudo()._trigger()

        precommit.add(trigger)
