from datetime import timedelta
from zoneinfo import ZoneInfo

from pytz import UTC

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get

from ..protocol import feed_schedule
from ..protocol.feed_schedule import Schedule

FREQUENCIES = [
    (feed_schedule.HOURLY, "Several Times a Day"),
    (feed_schedule.DAILY, "Daily"),
    (feed_schedule.WEEKLY, "On Weekdays"),
    (feed_schedule.MONTHLY, "Monthly"),
]
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class RcmExpectedFeed(models.Model):
    """What should arrive, from whom and when: noticed when it does not come."""

    _name = "rcm.expected.feed"
    _inherit = ["rcm.audit.mixin"]
    _description = "Expected Feed"
    _order = "name"
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "active",
        "connector_id",
        "facility_id",
        "event_name",
        "file_pattern",
        "frequency",
        "due_hour",
        "every_hours",
        *WEEKDAYS,
        "month_day",
        "calendar_id",
        "tz",
        "grace_minutes",
        "lead_hours",
        "minimum_count",
        "watched_from",
    )

    name = fields.Char(required=True, help="e.g. Acme remittances, every working day")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    connector_id = fields.Many2one(
        "rcm.connector",
        required=True,
        index=True,
        check_company=True,
        ondelete="cascade",
        help="Who sends it.",
    )
    facility_id = fields.Many2one(
        "rcm.facility",
        check_company=True,
        index="btree_not_null",
        help="Only what is for this facility counts, and its calendar is looked at "
        "first. Empty: any.",
    )
    event_name = fields.Char(
        string="Event",
        required=True,
        default="remittance.received",
        help="The event type that should come, in any version.",
    )
    file_pattern = fields.Char(
        string="File Name",
        help="Of events that carry a file: * stands for anything, for example "
        "ACME_*.835. Empty: any file.",
    )
    frequency = fields.Selection(
        FREQUENCIES, required=True, default=feed_schedule.DAILY
    )
    due_hour = fields.Float(
        string="Due At",
        required=True,
        default=7.0,
        help="Time of day in the time zone below; of a feed that comes several times a "
        "day, the first time.",
    )
    every_hours = fields.Integer(required=True, default=1)
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    month_day = fields.Integer(
        string="Day of the Month",
        required=True,
        default=1,
        help="Months that are shorter: their last day.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Days",
        default=lambda self: self.env.company.resource_calendar_id,
        help="Days without working time (weekends, holidays) are skipped; what is "
        "weekly or monthly is then due on the next working day. Empty: every day "
        "counts.",
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        help="Empty: that of the working days when they are not the company's own, "
        "else of the company's address.",
    )
    grace_minutes = fields.Integer(
        string="Patience (minutes)",
        required=True,
        default=60,
        help="So long after the due time nobody is told.",
    )
    lead_hours = fields.Float(
        string="May Come Earlier By (hours)",
        help="What comes earlier still counts as late for the time before. 0: half of "
        "the time since the time before.",
    )
    minimum_count = fields.Integer(
        string="At Least",
        required=True,
        default=1,
        help="So many events or files make it complete.",
    )
    watched_from = fields.Datetime(
        required=True, default=fields.Datetime.now, help="Nothing is missed before."
    )
    note = fields.Text(
        string="Whom to Ask", help="Who sends it and whom to ask when it does not come."
    )
    arrival_ids = fields.One2many("rcm.expected.arrival", "feed_id", readonly=True)
    zone = fields.Char(string="Zone Used", compute="_compute_zone")
    next_expected_at = fields.Datetime(
        string="Next Expected", compute="_compute_progress"
    )
    last_arrived_at = fields.Datetime(
        string="Last Arrived", compute="_compute_progress"
    )
    late_count = fields.Integer(string="Missing", compute="_compute_progress")
    status = fields.Selection(
        [("missing", "Missing"), ("due", "Due"), ("ok", "On Time")],
        compute="_compute_progress",
    )

    _limits = models.Constraint(
        "CHECK(due_hour >= 0 AND due_hour < 24 AND every_hours BETWEEN 1 AND 24"
        " AND month_day BETWEEN 1 AND 31 AND grace_minutes BETWEEN 0 AND 20160"
        " AND lead_hours BETWEEN 0 AND 720 AND minimum_count BETWEEN 1 AND 100000)",
        "Time of day 0:00 to 23:59, every 1 to 24 hours, day 1 to 31, patience up to "
        "14 days, at least one event.",
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("tz", "calendar_id.tz", "company_id.partner_id.tz")
    def _compute_zone(self):
        for feed in self.sudo():  # of calendar and company only their zones
            company, calendar = feed.company_id, feed.calendar_id
            # The company's own calendar often still has the zone Odoo gave it: where
            # the company says where it is, that counts.
            chosen = calendar - company.resource_calendar_id
            feed.zone = (
                feed.tz or chosen.tz or company.partner_id.tz or calendar.tz or "UTC"
            )

    def _compute_progress(self):
        now = fields.Datetime.now()
        Arrival = self.env["rcm.expected.arrival"].sudo()  # counts and dates only
        mine = fields.Domain("feed_id", "in", self.ids)
        missing = dict(
            Arrival._read_group(
                mine & fields.Domain("state", "=", "missing"), ["feed_id"], ["__count"]
            )
        )
        waiting = dict(
            Arrival._read_group(
                mine & fields.Domain("state", "=", "expected"),
                ["feed_id"],
                ["due_at:min"],
            )
        )
        arrived = dict(Arrival._read_group(mine, ["feed_id"], ["last_at:max"]))
        for feed in self:
            feed.late_count = missing.get(feed, 0)
            feed.last_arrived_at = arrived.get(feed)
            due = waiting.get(feed)
            following = feed._rcm_next_due(now) if feed.active else False
            feed.next_expected_at = due or following
            if feed.late_count:
                feed.status = "missing"
            else:
                feed.status = "due" if due and due <= now else "ok"

    @api.constrains("frequency", *WEEKDAYS)
    def _check_weekdays(self):
        for feed in self:
            if feed.frequency == feed_schedule.WEEKLY and not feed._rcm_weekdays():
                raise ValidationError(self.env._("Choose at least one weekday."))

    @api.constrains("event_name")
    def _check_event_name(self):
        Type = self.env["rcm.event.type"].sudo()  # whether it exists
        for feed in self:
            if not Type.search_count([("name", "=", feed.event_name)], limit=1):
                raise ValidationError(
                    self.env._("There is no event type “%s”.", feed.event_name)
                )

    # ------------------------------------------------------------------
    # The schedule
    # ------------------------------------------------------------------
    def _rcm_weekdays(self):
        return frozenset(number for number, name in enumerate(WEEKDAYS) if self[name])

    def _rcm_schedule(self):
        return Schedule(
            self.frequency,
            self.due_hour,
            ZoneInfo(self.zone),
            self._rcm_weekdays(),
            self.month_day,
            self.every_hours,
        )

    def _rcm_is_open(self, start, end):
        """A function of a date: is there working time on it? Asked once for a span."""
        calendar = self.calendar_id
        if not calendar:
            return lambda day: True
        zone = ZoneInfo(self.zone)
        margin = timedelta(days=feed_schedule.MOST_CLOSED_DAYS + 3)
        intervals = calendar.sudo()._work_intervals_batch(  # times, nothing else
            (start - margin).replace(tzinfo=UTC), (end + margin).replace(tzinfo=UTC)
        )[False]
        days = {begin.astimezone(zone).date() for begin, _end, _what in intervals}
        return lambda day: day in days

    def _rcm_due_times(self, start, end):
        self.ensure_one()
        return feed_schedule.due_times(
            self._rcm_schedule(), start, end, self._rcm_is_open(start, end)
        )

    def _rcm_next_due(self, after):
        self.ensure_one()
        end = after + timedelta(days=70)
        return feed_schedule.next_due(
            self._rcm_schedule(), after, self._rcm_is_open(after, end)
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_arrivals(self):
        """Open what was expected of this feed."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_expected_arrival_action"
        )
        return {**action, "domain": [("feed_id", "=", self.id)], "context": {}}
