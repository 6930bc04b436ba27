from collections import defaultdict
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import latency

# What is younger may still be committed by a slow batch; odoo.conf's time limits for
# requests and scheduled actions are two minutes.
MARGIN = timedelta(minutes=5)
SLOT = timedelta(minutes=5)
# As far back as history is of use when counting begins.
HISTORY = timedelta(days=35)
# One run closes so much; the rest follows at once.
SLOTS_AT_ONCE = 288
KEPT_DAYS = 400
OUTCOMES = ("done", "ignored", "waiting_predecessor", "retry", "dead")
# Where the shipped events name money.
AMOUNT_PATHS = {
    "encounter.completed": "charges[].amount",
    "charge.captured": "charge.amount",
    "charge.corrected": "charge.amount",
    "test.completed": "charge.amount",
    "procedure.completed": "charge.amount",
    "denial.alerted": "amount",
    "payment.confirmed": "amount",
    "settlement.reported": "net",
    "refund.requested": "amount",
    "dispute.opened": "amount",
}
COLUMNS = (
    "received_count",
    "amount_count",
    "amount_total",
    "amount_max",
    *(f"{outcome}_count" for outcome in OUTCOMES),
    "failures",
    "latency_counts",
    "latency_seconds",
    "last_done_at",
)


class RcmEventType(models.Model):
    _inherit = "rcm.event.type"

    amount_path = fields.Char(
        string="Amount",
        compute="_compute_amount_path",
        store=True,
        readonly=False,
        help="Where the payload names money, for example charges[].amount: unusually "
        "high amounts of a source are noticed. Empty: this event speaks of none.",
    )

    @api.depends("name")
    def _compute_amount_path(self):
        for record in self:
            record.amount_path = AMOUNT_PATHS.get(record.name) or False


class RcmEvent(models.Model):
    _inherit = "rcm.event"

    amount = fields.Float(
        readonly=True,
        digits=(16, 2),
        aggregator=None,
        help="How much the event speaks of; to notice unusual amounts, never booked.",
    )


class RcmEventAttempt(models.Model):
    _inherit = "rcm.event.attempt"

    # Attempts come in the order of time: a handful of pages answers for a window.
    _started_brin = models.Index(
        "USING brin (started_at) WITH (autosummarize = on, pages_per_range = 16)"
    )


class RcmDeliveryAttempt(models.Model):
    _inherit = "rcm.delivery.attempt"

    _tried_brin = models.Index(
        "USING brin (tried_at) WITH (autosummarize = on, pages_per_range = 16)"
    )


class RcmTraffic(models.Model):
    """What came and what became of it, per connector or webhook and hour.

    Events are many and are dropped one day; these rows are few and stay. They feed
    the dashboard, the counters of the metrics page and the history against which
    traffic is unusual. Of each connector and webhook there is also one row with the
    sums of everything, so that a counter costs one row however old the database is.
    """

    _name = "rcm.traffic"
    _description = "Hourly Traffic"
    _order = "hour desc, id desc"
    _log_access = False

    kind = fields.Selection(
        [("hour", "Hour"), ("total", "Everything up to this time")],
        required=True,
        readonly=True,
    )
    hour = fields.Datetime(required=True, readonly=True)
    connector_id = fields.Many2one(
        "rcm.connector", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    webhook_id = fields.Many2one(
        "rcm.webhook", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    received_count = fields.Integer(string="Received", readonly=True)
    amount_count = fields.Integer(string="With an Amount", readonly=True)
    amount_total = fields.Float(string="Amount", digits=(16, 2), readonly=True)
    amount_max = fields.Float(
        string="Largest Amount", digits=(16, 2), readonly=True, aggregator="max"
    )
    done_count = fields.Integer(string="Done", readonly=True)
    ignored_count = fields.Integer(string="Ignored", readonly=True)
    waiting_predecessor_count = fields.Integer(string="Waited", readonly=True)
    retry_count = fields.Integer(string="Tried Again", readonly=True)
    dead_count = fields.Integer(string="Failed", readonly=True)
    failures = fields.Json(string="Failures by Kind", readonly=True)
    latency_counts = fields.Json(readonly=True)
    latency_seconds = fields.Float(string="Seconds Until Done", readonly=True)
    last_done_at = fields.Datetime(string="Last Success", readonly=True)

    _one_each = models.UniqueIndex(
        "(kind, COALESCE(connector_id, 0), COALESCE(webhook_id, 0), (CASE WHEN kind ="
        " 'hour' THEN hour ELSE TIMESTAMP '1970-01-01 00:00:00' END))",
        "Traffic of an hour is counted once.",
    )
    _hour_idx = models.Index("(kind, hour)")

    @api.depends("hour", "connector_id", "webhook_id")
    def _compute_display_name(self):
        for record in self:
            owner = record.connector_id.name or record.webhook_id.name or ""
            record.display_name = f"{owner} {record.hour}"

    # ------------------------------------------------------------------
    # Counting
    # ------------------------------------------------------------------
    @api.model
    def _rcm_count(self, start, end):
        """What happened from ``start`` to before ``end``.

        :return: {("connector" | "webhook", id): {column: value}}
        """
        self.env.flush_all()
        found = defaultdict(dict)
        self._rcm_count_received(found, start, end)
        self._rcm_count_attempts(found, start, end)
        self._rcm_count_deliveries(found, start, end)
        return found

    def _rcm_count_received(self, found, start, end):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.id, e.* FROM rcm_connector c CROSS JOIN LATERAL (
                    SELECT count(*) AS events, count(amount), coalesce(sum(amount), 0),
                           coalesce(max(amount), 0)
                      FROM rcm_event
                     WHERE connector_id = c.id
                       AND received_at >= %s AND received_at < %s) AS e
                 WHERE e.events > 0
                """,
                start,
                end,
            )
        )
        names = COLUMNS[:4]
        for connector, *values in rows:
            found["connector", connector].update(zip(names, values, strict=True))

    def _rcm_count_attempts(self, found, start, end):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT e.connector_id, a.outcome, a.error_class, b.bucket, count(*),
                       sum(t.seconds), max(a.started_at)
                  FROM rcm_event_attempt a
                  JOIN rcm_event e ON e.id = a.event_id
                 CROSS JOIN LATERAL (SELECT greatest(0, extract(epoch FROM
                       a.started_at - e.received_at) + a.duration_ms / 1000.0)
                       AS seconds) AS t
                 CROSS JOIN LATERAL (SELECT CASE WHEN a.outcome = 'done' THEN
                       (SELECT count(*) FROM unnest(%(bounds)s::float[]) AS bound
                         WHERE bound < t.seconds) END AS bucket) AS b
                 WHERE a.started_at >= %(start)s AND a.started_at < %(end)s
                 GROUP BY 1, 2, 3, 4
                """,
                bounds=list(latency.BOUNDS),
                start=start,
                end=end,
            )
        )
        for connector, outcome, error_class, bucket, count, seconds, last in rows:
            values = found["connector", connector]
            name = f"{outcome}_count"
            values[name] = values.get(name, 0) + count
            if outcome == "done":
                counts = values.setdefault("latency_counts", [0] * latency.SIZE)
                counts[bucket] += count
                values["latency_seconds"] = values.get("latency_seconds", 0.0) + float(
                    seconds
                )
                known = values.get("last_done_at")
                values["last_done_at"] = max(known, last) if known else last
            elif outcome != "ignored" and error_class:
                failures = values.setdefault("failures", {})
                failures[error_class] = failures.get(error_class, 0) + count

    def _rcm_count_deliveries(self, found, start, end):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.webhook_id, a.error, count(*), sum(a.duration_ms)
                  FROM rcm_delivery_attempt a JOIN rcm_delivery d
                    ON d.id = a.delivery_id
                 WHERE a.tried_at >= %s AND a.tried_at < %s
                 GROUP BY 1, 2
                """,
                start,
                end,
            )
        )
        for webhook, error, count, _milliseconds in rows:
            values = found["webhook", webhook]
            if error is None:
                values["done_count"] = values.get("done_count", 0) + count
            else:
                values["retry_count"] = values.get("retry_count", 0) + count
                values.setdefault("failures", {})[error] = count

    # ------------------------------------------------------------------
    # Closing hours
    # ------------------------------------------------------------------
    @api.model
    def _rcm_closed_until(self):
        """Up to when the kept rows tell everything; None before the first run."""
        [[moment]] = self.env.execute_query(
            SQL(
                "SELECT max(hour) FROM rcm_traffic WHERE kind = 'total'"
                " AND connector_id IS NULL AND webhook_id IS NULL"
            )
        )
        return moment

    @api.model
    def _cron_close(self):
        """Keep what is old enough not to change any more, slot by slot."""
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        end = _slot_of(fields.Datetime.now() - MARGIN)
        start = self._rcm_closed_until() or self._rcm_first_slot(end)
        for _number in range(SLOTS_AT_ONCE):
            if start >= end:
                break
            start = self._rcm_close_slot(start, end)
            if in_cron:
                left = max(0, int((end - start) / SLOT))
                if not cron._commit_progress(1, remaining=left):
                    break

    @api.model
    def _rcm_first_slot(self, end):
        [[first]] = self.env.execute_query(
            SQL(
                "SELECT min(received_at) FROM rcm_event WHERE received_at >= %s",
                end - HISTORY,
            )
        )
        return min(_slot_of(first), end) if first else end

    @api.model
    def _rcm_close_slot(self, start, end):
        """Add one slot to its hour and to the totals; return where it ended."""
        until = min(start + SLOT, end)
        hour = start.replace(minute=0, second=0, microsecond=0)
        for (owner, id_), values in self._rcm_count(start, until).items():
            self._rcm_add("hour", hour, owner, id_, values)
            self._rcm_add("total", until, owner, id_, values)
        self._rcm_add("total", until, None, None, {})
        return until

    def _rcm_add(self, kind, hour, owner, id_, values):
        """Add ``values`` to a row, which is made when there is none."""
        connector = self.env["rcm.connector"].browse(id_ if owner == "connector" else 0)
        webhook = self.env["rcm.webhook"].browse(id_ if owner == "webhook" else 0)
        mine = [
            ("kind", "=", kind),
            ("connector_id", "=", connector.id),
            ("webhook_id", "=", webhook.id),
        ]
        if kind == "hour":
            mine.append(("hour", "=", hour))
        record = self.search(mine, limit=1)
        if not record:
            company = connector.company_id or webhook.company_id
            self.create(
                {
                    "kind": kind,
                    "hour": hour,
                    "connector_id": connector.id,
                    "webhook_id": webhook.id,
                    "company_id": company.id,
                    **values,
                }
            )
            return
        record.write({**_added(record._rcm_values(), values), "hour": hour})

    def _rcm_values(self):
        """The counted columns as a dict."""
        self.ensure_one()
        return {name: self[name] for name in COLUMNS}

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------
    @api.model
    def _rcm_totals(self, now):
        """Everything counted so far, the youngest included: a counter of each column.

        :return: {("connector" | "webhook", id): {column: value}}
        """
        totals = defaultdict(dict)
        for record in self.search([("kind", "=", "total")]):
            if owner := record._rcm_owner():
                totals[owner] = record._rcm_values()
        start = self._rcm_closed_until() or now - HISTORY
        for owner, values in self._rcm_count(start, now + SLOT).items():
            totals[owner] = _added(totals[owner], values)
        return totals

    @api.model
    def _rcm_window(self, minutes, now):
        """What happened in the last ``minutes``, in the form of :meth:`_rcm_count`."""
        start = now - timedelta(minutes=minutes)
        return self._rcm_count(start, now + timedelta(seconds=1))

    def _rcm_owner(self):
        if self.connector_id:
            return "connector", self.connector_id.id
        return ("webhook", self.webhook_id.id) if self.webhook_id else None

    @api.autovacuum
    def _gc_old_hours(self):
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("kind", "=", "hour"), ("hour", "<", limit)]).unlink()


def _slot_of(moment):
    """The slot's beginning at or before ``moment``."""
    return moment - (moment - datetime.min) % SLOT


def _added(known, more):
    """``known`` with ``more`` on top, column by column."""
    result = dict(known)
    for name, value in more.items():
        old = result.get(name)
        if not value:
            result[name] = old or value
        elif name == "latency_counts":
            result[name] = latency.add(old, value)
        elif name == "failures":
            merged = dict(old or {})
            for kind, count in value.items():
                merged[kind] = merged.get(kind, 0) + count
            result[name] = merged
        elif name == "amount_max":
            result[name] = max(old or 0, value)
        elif name == "last_done_at":
            result[name] = max(old, value) if old else value
        else:
            result[name] = (old or 0) + value
    return result
