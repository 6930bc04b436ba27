import logging

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
        An event that killed its workers too often is set aside with a case.
        """
        batch, crashes = marks.admit(batch)
        marks.begin(batch, crashes)
        if crashes < MOST_CRASHES:
            return batch
        _logger.error("Event %s killed %s workers", batch.ids, crashes)
        batch._rcm_set_state("processing")
        batch.write({"attempt_count": batch.attempt_count + crashes})
        message = self.env._("Whoever worked on it died, %s times.", crashes)
        outcome = Outcome(
            "dead", error_class=retry.BUG, error_code="crashed", message=message
        )
        batch._rcm_settle({batch: outcome}, self._rcm_clock())
        return self.browse()

    @api.model
    def _rcm_clock(self):
        """The database's clock, which all nodes share."""
        return self.env["ir.cron"]._rcm_database_clock()
