import json
from datetime import timedelta

from odoo import api, fields, models

from ..protocol import latency
from .rcm_traffic import OUTCOMES, _added

HOURS = 24
HEALTHS = [
    ("ok", "In Order"),
    ("quiet", "Nothing Yet"),
    ("waiting", "Waiting"),
    ("failing", "Failing"),
    ("paused", "Paused"),
    ("down", "Down"),
    ("off", "Switched Off"),
]
# From here on a wait is worth a look, and a share of failures too.
WAITING_MINUTES = 5
FAILING_SHARE = 0.1


class RcmConnector(models.Model):
    """The dashboard: how each connector does, in one look."""

    _inherit = "rcm.connector"

    day_received = fields.Integer(string="Last 24 Hours", compute="_compute_board")
    day_failed = fields.Integer(string="Failed Tries", compute="_compute_board")
    day_failure_share = fields.Float(string="Error Rate", compute="_compute_board")
    day_latency = fields.Float(
        string="Done Within (s)",
        compute="_compute_board",
        help="95 of 100 events of the last 24 hours were done within so many seconds.",
    )
    last_success_at = fields.Datetime(string="Last Success", compute="_compute_board")
    waiting_minutes = fields.Float(
        string="Oldest Waiting (min)", compute="_compute_board"
    )
    health = fields.Selection(HEALTHS, compute="_compute_board")
    hour_graph = fields.Text(compute="_compute_board")
    alert_count = fields.Integer(string="Alerts", compute="_compute_alert_count")

    @api.depends_context("tz", "uid")
    def _compute_board(self):
        now = fields.Datetime.now()
        hours = self._rcm_day_by_hour(now)
        totals = self._rcm_last_successes()
        for record in self:
            mine = hours.get(record.id, {})
            day = {}
            for values in mine.values():
                day = _added(day, values)
            failed = day.get("retry_count", 0) + day.get("dead_count", 0)
            tries = sum(
                day.get(f"{outcome}_count", 0)
                for outcome in OUTCOMES
                if outcome != "waiting_predecessor"
            )
            record.day_received = day.get("received_count", 0)
            record.day_failed = failed
            record.day_failure_share = failed / tries if tries else 0.0
            counts = day.get("latency_counts")
            record.day_latency = latency.quantile(counts, 0.95) or 0.0
            last = [day.get("last_done_at"), totals.get(record.id)]
            record.last_success_at = max(filter(None, last), default=False)
            oldest = record.oldest_waiting_at
            record.waiting_minutes = (
                (now - oldest).total_seconds() / 60 if oldest else 0.0
            )
            record.health = record._rcm_health(tries)
            record.hour_graph = json.dumps(record._rcm_graph(mine, now))

    def _rcm_health(self, tries):
        if self.state == "disabled":
            return "off"
        if self.state in ("paused", "down"):
            return self.state
        if self.day_failure_share > FAILING_SHARE:
            return "failing"
        if self.waiting_minutes > WAITING_MINUTES:
            return "waiting"
        return "ok" if tries or self.last_success_at else "quiet"

    def _rcm_day_by_hour(self, now):
        """{connector id: {hour: counted values}} of the last day, the youngest too."""
        start = _hour_of(now) - timedelta(hours=HOURS - 1)
        # numbers only, of connectors the reader may see
        traffic = self.env["rcm.traffic"].sudo()
        found = {id_: {} for id_ in self.ids}
        for row in traffic.search(
            [
                ("kind", "=", "hour"),
                ("connector_id", "in", self.ids),
                ("hour", ">=", start),
            ]
        ):
            found[row.connector_id.id][row.hour] = row._rcm_values()
        closed = max(traffic._rcm_closed_until() or start, start)
        while closed <= now:
            end = min(_hour_of(closed) + timedelta(hours=1), now + timedelta(seconds=1))
            for (owner, id_), values in traffic._rcm_count(closed, end).items():
                if owner == "connector" and id_ in found:
                    hour = _hour_of(closed)
                    known = found[id_].get(hour, {})
                    found[id_][hour] = _added(known, values)
            closed = end
        return found

    def _rcm_last_successes(self):
        """{connector id: when an event was done last}, as far as it is counted."""
        # a date only, of connectors the reader may see
        rows = self.env["rcm.traffic"].sudo()
        rows = rows.search([("kind", "=", "total"), ("connector_id", "in", self.ids)])
        return {row.connector_id.id: row.last_done_at for row in rows}

    def _rcm_graph(self, hours, now):
        """What the bar chart of 24 hours shows."""
        start = _hour_of(now) - timedelta(hours=HOURS - 1)
        moments = [start + timedelta(hours=number) for number in range(HOURS)]
        return [
            {
                "key": self.env._("Events"),
                "values": [
                    {
                        "label": fields.Datetime.context_timestamp(
                            self, moment
                        ).strftime("%H:%M"),
                        "value": hours.get(moment, {}).get("received_count", 0),
                        "type": "past",
                    }
                    for moment in moments
                ],
            }
        ]

    def _compute_alert_count(self):
        # counted, not shown
        alerts = self.env["rcm.alert"].sudo()
        counts = dict(
            alerts._read_group(
                [("connector_id", "in", self.ids), ("state", "=", "firing")],
                ["connector_id"],
                ["__count"],
            )
        )
        for record in self:
            record.alert_count = counts.get(record, 0)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_failed(self):
        """Open the events of this connector that were given up."""
        action = self.action_open_events()
        return {**action, "context": {"search_default_failed": 1}}

    def action_open_waiting(self):
        """Open the events of this connector that still have to be worked on."""
        action = self.action_open_events()
        return {**action, "context": {"search_default_waiting": 1}}

    def action_open_board_alerts(self):
        """Open what fires about this connector."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_alert_action"
        )
        domain = [("connector_id", "=", self.id), ("state", "=", "firing")]
        return {**action, "domain": domain, "context": {}}


def _hour_of(moment):
    return moment.replace(minute=0, second=0, microsecond=0)
