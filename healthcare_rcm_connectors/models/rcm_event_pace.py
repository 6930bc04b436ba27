from odoo import api, models

# How much of one batch a connector may take; then the others have their turn.
SHARE_SECONDS = 5.0
# What an event is taken to need until this process has seen how long it takes.
FIRST_SECONDS = 0.5
_seconds = {}


class RcmEvent(models.Model):
    """A slow connector takes few events of a batch, so that it holds up no other.

    A batch is one transaction: what is in it is done when all of it is. How long the
    events of a connector took of late is known to each process by itself.
    """

    _inherit = "rcm.event"

    def _rcm_share_time(self):
        """Of these locked events, those that fit into their connectors' shares.

        At least one of each connector; what is left over stays in line, and the next
        batch begins with every connector again.
        """
        left, taken = {}, []
        for event in self:
            key = _key(event)
            seconds = left.setdefault(key, SHARE_SECONDS)
            if seconds > 0:
                left[key] = seconds - _seconds.get(key, FIRST_SECONDS)
                taken.append(event.id)
        return self.browse(taken)

    @api.model
    def _rcm_note_pace(self, outcomes):
        """Keep how long these events took, of each connector the half that is news."""
        durations = {}
        for event, outcome in outcomes.items():
            durations.setdefault(_key(event), []).append(outcome.duration_ms / 1000)
        for key, seconds in durations.items():
            mean = sum(seconds) / len(seconds)
            _seconds[key] = (_seconds.get(key, mean) + mean) / 2


def _key(event):
    return event.env.cr.dbname, event.connector_id.id
