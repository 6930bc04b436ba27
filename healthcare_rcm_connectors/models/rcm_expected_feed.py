from datetime import timedelta
from zoneinfo import ZoneInfo

from pytz import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.base.models.res_partner import _tz_get

from ..protocol import feed_schedule
from ..protocol.feed_schedule import Schedule

CRON = "healthcare_rcm_connectors.cron_watch_feeds"
CASE = "feed_missing"
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
# How far back a feed that was not watched for a while is looked at.
LOOK_BACK = timedelta(days=10)
# So long a late arrival still closes what was missing.
OPEN_TIME = timedelta(days=60)


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
    # Watching
    # ------------------------------------------------------------------
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

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_watch(self):
        """Look now at what came."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for feed in self.sudo():  # role and record rules were checked
            feed._rcm_watch(fields.Datetime.now())

    def action_open_arrivals(self):
        """Open what was expected of this feed."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_expected_arrival_action"
        )
        return {**action, "domain": [("feed_id", "=", self.id)], "context": {}}


class RcmExpectedArrival(models.Model):
    """One time a feed was due: what came for it, and when."""

    _name = "rcm.expected.arrival"
    _inherit = ["rcm.document.mixin"]
    _description = "Expected Arrival"
    _order = "due_at desc, id desc"
    _rcm_reprocess_roles = ("integration_support",)
    _rcm_protected = (
        "feed_id",
        "company_id",
        "facility_id",
        "due_at",
        "opens_at",
        "deadline_at",
        "needed_count",
        "state",
        "arrived_count",
        "complete_at",
        "last_at",
        "waived_reason",
    )

    feed_id = fields.Many2one(
        "rcm.expected.feed",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    connector_id = fields.Many2one(related="feed_id.connector_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True, index="btree_not_null")
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    opens_at = fields.Datetime(
        string="Counts From", required=True, readonly=True, help="From here on."
    )
    deadline_at = fields.Datetime(string="Late After", required=True, readonly=True)
    needed_count = fields.Integer(string="At Least", required=True, readonly=True)
    arrived_count = fields.Integer(string="Came", readonly=True)
    complete_at = fields.Datetime(string="Complete", readonly=True)
    last_at = fields.Datetime(string="Last Came", readonly=True)
    waived_reason = fields.Char(string="Why Not", readonly=True)
    state = fields.Selection(
        [
            ("expected", "Expected"),
            ("arrived", "Arrived"),
            ("missing", "Missing"),
            ("late", "Arrived Late"),
            ("waived", "Will Not Come"),
        ],
        required=True,
        readonly=True,
        default="expected",
        index=True,
    )

    _one_each = models.UniqueIndex("(feed_id, due_at)", "A feed is due once at a time.")

    @api.depends("feed_id", "due_at")
    def _compute_display_name(self):
        for record in self:
            due = fields.Datetime.to_string(record.due_at) if record.due_at else ""
            record.display_name = f"{record.feed_id.name} {due[:16]}"

    def _rcm_audit_name(self):
        due = fields.Datetime.to_string(self.due_at)
        return f"{self.feed_id.name} {due[:16]}"

    def _rcm_slot(self):
        return feed_schedule.Slot(
            self.id, self.opens_at, self.deadline_at, self.needed_count
        )

    def _rcm_judge(self, verdict, now):
        """Record what came; a case when it is late, none when it has come."""
        self.ensure_one()
        if verdict.complete_at:
            state = "arrived" if verdict.complete_at <= self.deadline_at else "late"
        else:
            state = "missing" if now > self.deadline_at else "expected"
        vals = {
            "state": state,
            "arrived_count": verdict.count,
            "complete_at": verdict.complete_at or False,
        }
        if verdict.count and verdict.complete_at:
            vals["last_at"] = verdict.complete_at
        if any(self[name] != value for name, value in vals.items()):
            if state == self.state:
                self._rcm_write(vals)
            else:
                self._rcm_write_logged({self.id: vals}, f"{self._name}.{state}")
        if state == "missing":
            if not self.rcm_open_case_count:
                self._rcm_raise_missing()
        elif self.rcm_open_case_count:
            self._rcm_resolve_cases([CASE], self.env._("It has come."))

    def _rcm_raise_missing(self):
        feed = self.feed_id
        self._rcm_raise_case(
            CASE,
            self.env._(
                "%(event)s of %(connector)s did not come. %(note)s",
                event=feed.event_name,
                connector=feed.connector_id.name,
                note=feed.note or "",
            ).strip(),
            expected=str(self.needed_count),
            actual=str(self.arrived_count),
        )

    def _rcm_reprocess(self, case):
        """Look again whether it came."""
        for record in self:
            record.feed_id._rcm_watch(fields.Datetime.now())
        return all(record.state != "missing" for record in self)

    def action_waive(self, reason=None):
        """It will not come (a holiday of the sender): close it without a case."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for record in self.sudo():  # the role was checked; nobody writes arrivals
            if record.state not in ("expected", "missing"):
                raise UserError(self.env._("%s has come already.", record.display_name))
            vals = {"state": "waived", "waived_reason": reason or False}
            record._rcm_write_logged({record.id: vals}, f"{record._name}.waived")
            record._rcm_resolve_cases(
                [CASE], self.env._("It will not come, as someone decided.")
            )

    def action_watch(self):
        """Look now whether it came."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for feed in self.sudo().feed_id:  # role and record rules were checked
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
