from odoo import api, fields, models
from odoo.tools import SQL


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
