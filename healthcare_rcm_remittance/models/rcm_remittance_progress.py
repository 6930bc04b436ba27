from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Smaller ones are posted before anybody could look.
PROGRESS_FROM = 300
# A note this old is of a worker that was stopped.
STALE = timedelta(minutes=15)
STEPS = ("plan", "entry", "mark", "match", "follow")
# On their way without anybody's doing
UNSETTLED = ("received", "parsed", "balanced", "matched")


class RcmRemittanceProgress(models.TransientModel):
    """How far the posting of a large remittance is, while it is being posted.

    Posting is one transaction, so nobody sees anything of it before it is over. These
    notes are written beside it, on a connection of their own; they say nothing about
    the outcome, and hold numbers only.
    """

    _name = "rcm.remittance.progress"
    _description = "Progress of a Posting"

    # No foreign key: a note may outlive what it is about, and locks nothing of it.
    remittance = fields.Integer(required=True)
    step = fields.Char(required=True)
    done = fields.Integer()
    total = fields.Integer()

    _remittance_uniq = models.UniqueIndex("(remittance)")

    @api.model
    def _rcm_note(self, remittance_id, step, done, total):
        """Write a note, seen by everybody at once."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    INSERT INTO rcm_remittance_progress
                           (remittance, step, done, total, write_date)
                    VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC')
                        ON CONFLICT (remittance) DO UPDATE
                       SET step = EXCLUDED.step, done = EXCLUDED.done,
                           total = EXCLUDED.total, write_date = EXCLUDED.write_date
                    """,
                    remittance_id,
                    step,
                    done,
                    total,
                )
            )


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
