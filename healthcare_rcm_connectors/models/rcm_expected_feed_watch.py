from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import feed_schedule

CRON = "healthcare_rcm_connectors.cron_watch_feeds"
# How far back a feed that was not watched for a while is looked at.
LOOK_BACK = timedelta(days=10)
# So long a late arrival still closes what was missing.
OPEN_TIME = timedelta(days=60)


class RcmExpectedFeed(models.Model):
    """Looking at what came for a feed, time by time."""

    _inherit = "rcm.expected.feed"

    @api.model
    def _cron_watch(self):
        """See what came and what did not, feed by feed, each in a transaction."""
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        feeds = self.search([("company_id.active", "=", True)])
        for number, feed in enumerate(feeds, 1):
            feed._rcm_watch(fields.Datetime.now())
            if in_cron and not cron._commit_progress(1, remaining=len(feeds) - number):
                break

    def _rcm_watch(self, now):
        """Make the arrivals that are due, allot what came, tell of what is missing."""
        self.ensure_one()
        # One at a time: a person may ask while the scheduled action runs.
        if not self.try_lock_for_update(allow_referencing=True):
            return
        self._rcm_expect(now)
        Arrival = self.env["rcm.expected.arrival"]
        recent = [("feed_id", "=", self.id), ("due_at", ">", now - OPEN_TIME)]
        open_domain = [*recent, ("state", "in", ("expected", "missing"))]
        if not Arrival.search_count(open_domain, limit=1):
            return
        # Late ones too: what they took must not be given away a second time.
        taking = [*recent, ("state", "in", ("expected", "missing", "late"))]
        first = Arrival.search(taking, order="opens_at", limit=1)
        slots = Arrival.search(
            [*recent, ("opens_at", ">=", first.opens_at), ("state", "!=", "waived")],
            order="opens_at",
        )
        verdicts = feed_schedule.allocate(
            [slot._rcm_slot() for slot in slots],
            self._rcm_arrivals(first.opens_at, now),
        )
        for slot in slots:
            if slot.state in ("expected", "missing"):
                slot._rcm_judge(verdicts[slot.id], now)

    def _rcm_expect(self, now):
        """Make the arrivals up to the next one, which may have come already."""
        Arrival = self.env["rcm.expected.arrival"]
        last = Arrival.search([("feed_id", "=", self.id)], order="due_at desc", limit=1)
        start = max(last.due_at or self.watched_from, now - LOOK_BACK)
        times = self._rcm_due_times(start, now)
        following = self._rcm_next_due(max([now, start, *times]))
        if following:
            times.append(following)
        before = last.due_at or self._rcm_time_before((times or [now])[0])
        vals_list = []
        for due in times:
            lead = timedelta(hours=self.lead_hours) or (due - before) / 2
            opens = max(due - lead, before)
            if opens > now:
                break
            vals_list.append(
                {
                    "feed_id": self.id,
                    "company_id": self.company_id.id,
                    "facility_id": self.facility_id.id,
                    "due_at": due,
                    "opens_at": opens,
                    "deadline_at": due + timedelta(minutes=self.grace_minutes),
                    "needed_count": self.minimum_count,
                }
            )
            before = due
        Arrival._rcm_create(vals_list)

    def _rcm_time_before(self, due):
        """The due time before ``due``, to know how early the first may come."""
        earlier = self._rcm_due_times(due - timedelta(days=40), due)[:-1]
        return earlier[-1] if earlier else due - timedelta(days=1)

    def _rcm_arrivals(self, start, now):
        """When events of this feed were received since ``start``."""
        self.env.flush_all()
        pattern = SQL()
        if self.file_pattern:
            like = self.file_pattern.replace("\\", "\\\\")
            like = like.replace("%", r"\%").replace("_", r"\_").replace("*", "%")
            # The name is read in the database: the payload is patient data.
            pattern = SQL(" AND e.payload::jsonb #>> '{data,filename}' LIKE %s", like)
        facility = SQL()
        if self.facility_id:
            facility = SQL(" AND e.facility_id = %s", self.facility_id.id)
        rows = self.env.execute_query(
            SQL(
                "SELECT e.received_at FROM rcm_event e"
                " JOIN rcm_event_type t ON t.id = e.type_id"
                " WHERE e.connector_id = %s AND t.name = %s"
                " AND e.received_at >= %s AND e.received_at <= %s%s%s"
                " ORDER BY e.received_at",
                self.connector_id.id,
                self.event_name,
                start,
                now,
                facility,
                pattern,
            )
        )
        return [moment for [moment] in rows]

    def action_watch(self):
        """Look now at what came."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for feed in self.sudo():  # role and record rules were checked
            feed._rcm_watch(fields.Datetime.now())


class RcmEvent(models.Model):
    """What comes late closes its case within seconds."""

    _inherit = "rcm.event"

    @api.model
    def _cron_process_events(self, batch_size=None):
        """Work on the inbox, then look at what was missed until now."""
        args = () if batch_size is None else (batch_size,)
        result = super()._cron_process_events(*args)
        # whether anything is missing; nothing is shown
        missing = self.env["rcm.expected.arrival"].sudo()
        if missing.search_count([("state", "=", "missing")], limit=1):
            self.env["ir.cron"]._rcm_wake(CRON)
        return result
