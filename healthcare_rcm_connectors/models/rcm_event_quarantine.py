import logging
from math import ceil

from odoo import api, models

from odoo.addons.healthcare_rcm_base.tools.work_marks import MOST_CRASHES

from ..protocol import retry
from .rcm_event_verdict import Outcome

_logger = logging.getLogger(__name__)


class RcmEvent(models.Model):
    """Events that take their worker with them: found out, and set aside."""

    _inherit = "rcm.event"

    @api.model
    def _rcm_admit(self, batch, marks):
        """Mark locked events before they are tried; return those to be tried now.

        The mark is committed by itself: whoever dies over an event leaves it behind.
        An event that killed its workers rests for a while each time; one that did it
        too often is set aside with a case.
        """
        batch, crashes = marks.admit(batch)
        for id_, (died, seconds) in marks.resting.items():
            rest = Outcome("retry", error_class=retry.BUG, delay_seconds=ceil(seconds))
            self.browse(id_)._rcm_note_crashes(died, rest)
        marks.begin(batch, crashes)
        if crashes < MOST_CRASHES:
            return batch
        _logger.error("Event %s killed %s workers", batch.ids, crashes)
        batch._rcm_note_crashes(crashes, Outcome("dead", error_class=retry.BUG))
        return self.browse()

    def _rcm_note_crashes(self, crashes, outcome):
        """Record that workers died over this event, and what comes of it."""
        self.ensure_one()
        self._rcm_set_state("processing")
        self.write({"attempt_count": max(self.attempt_count, crashes)})
        outcome.error_code = "crashed"
        outcome.message = self.env._("Whoever worked on it died, %s times.", crashes)
        self._rcm_settle({self: outcome}, self._rcm_clock())

    @api.model
    def _rcm_clock(self):
        """The database's clock, which all nodes share."""
        return self.env["ir.cron"]._rcm_database_clock()
