from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

# Smaller ones are posted before anybody could look.
PROGRESS_FROM = 300
# A note this old is of a worker that was stopped.
STALE = timedelta(minutes=15)
STEPS = ("plan", "entry", "mark", "match", "follow")
# On their way without anybody's doing
UNSETTLED = ("received", "parsed", "balanced", "matched")


class RcmRemittance(models.Model):
    """Telling how far it is."""

    _inherit = "rcm.remittance"

    def _rcm_tell_progress(self, step, done=0):
        """Note that ``done`` claims are through with this step of the posting."""
        self.ensure_one()
        if self.claim_count >= PROGRESS_FROM:
            self.env["rcm.remittance.progress"]._rcm_note(
                self.id, step, done, self.claim_count
            )

    def get_progress(self):
        """What the form shows while it waits for the posting: numbers only.

        ``{running, state, step, steps, label, done, total}``
        """
        self.ensure_one()
        self.check_access("read")
        pending = self.state in UNSETTLED or self.retry
        answer = {"state": self.state, "pending": pending, "running": False}
        since = fields.Datetime.now() - STALE
        rows = self.env.execute_query(
            SQL(
                """
                SELECT step, done, total FROM rcm_remittance_progress
                 WHERE remittance = %s AND write_date > %s
                """,
                self.id,
                since,
            )
        )
        if not rows or not pending:
            return answer
        [(step, done, total)] = rows
        labels = {
            "plan": self.env._("Matching claims and planning"),
            "entry": self.env._("Writing the journal entry"),
            "mark": self.env._("Noting decisions"),
            "match": self.env._("Settling invoices"),
            "follow": self.env._("Updating claims, denials and variances"),
        }
        return {
            **answer,
            "running": True,
            "step": STEPS.index(step) + 1,
            "steps": len(STEPS),
            "label": labels[step],
            "done": done,
            "total": total,
        }

    def _rcm_plan(self, only=None, cash_purpose=None):
        if only is None:
            self._rcm_tell_progress("plan")
        return super()._rcm_plan(only, cash_purpose)

    def _rcm_create_entry(self, plan):
        self._rcm_tell_progress("entry")
        return super()._rcm_create_entry(plan)
