from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import latency
from ..protocol.families import COUNTER, GAUGE, HISTOGRAM, Family
from .rcm_alert_rule import SEVERITIES

# What is not posted after so long is delayed.
DELAYED_HOURS = 24
UNPOSTED = ("received", "parsed", "balanced", "matched", "approval", "held")
POSTED = ("posted", "posted_with_parked")
MODULES = "healthcare_rcm_%"
MOST_CONNECTORS = 500


class RcmMetrics(models.AbstractModel):
    """What is measured, asked from the database: every worker tells the same.

    Nothing here names a patient, a document or a person; labels are the codes of
    connectors, names of webhooks and scheduled actions, and words of fixed lists.
    Every question is bounded: by a partial index, by a window of minutes, or by the
    number of connectors.
    """

    _name = "rcm.metrics"
    _description = "Metrics"

    @api.model
    def _rcm_collect(self, company):
        """All :class:`Family` of one company, and those of the whole instance."""
        now = fields.Datetime.now()
        self.env.flush_all()
        owners = self._rcm_owners(company)
        totals = self.env["rcm.traffic"]._rcm_totals(now)
        return [
            *self._rcm_intake(owners, totals),
            *self._rcm_queues(owners, company, now),
            *self._rcm_webhooks(owners, totals, now),
            *self._rcm_availability(owners, now),
            *self._rcm_scheduler(now),
            *self._rcm_business(company, now),
            *self._rcm_watchers(company, now),
        ]

    @api.model
    def _rcm_owners(self, company):
        """{("connector" | "webhook", id): label} of the company."""
        found = {}
        for model, owner, label in (
            ("rcm.connector", "connector", "code"),
            ("rcm.webhook", "webhook", "name"),
        ):
            records = self.env[model].search(
                [("company_id", "=", company.id)], limit=MOST_CONNECTORS, order="id"
            )
            found.update({(owner, record.id): record[label] for record in records})
        return found

    # ------------------------------------------------------------------
    # Intake and processing
    # ------------------------------------------------------------------
    @api.model
    def _rcm_intake(self, owners, totals):
        received = Family(
            "rcm_events_received", COUNTER, "Events stored.", ("connector",)
        )
        attempts = Family(
            "rcm_event_attempts",
            COUNTER,
            "Tries at events by what came of them; retry: tried again later.",
            ("connector", "outcome"),
        )
        failures = Family(
            "rcm_event_failures",
            COUNTER,
            "Tries that did not go through, by kind of error.",
            ("connector", "error_class"),
        )
        times = Family(
            "rcm_event_latency_seconds",
            HISTOGRAM,
            "Seconds from receiving an event until it was done.",
            ("connector",),
        )
        for owner, label in owners.items():
            if owner[0] != "connector":
                continue
            values = totals.get(owner) or {}
            received.add((label,), values.get("received_count", 0))
            for outcome in ("done", "ignored", "waiting_predecessor", "retry", "dead"):
                attempts.add((label, outcome), values.get(f"{outcome}_count", 0))
            for error_class, count in sorted((values.get("failures") or {}).items()):
                failures.add((label, error_class), count)
            counts = values.get("latency_counts") or [0] * latency.SIZE
            times.add((label,), values.get("latency_seconds") or 0.0, counts)
        return [received, attempts, failures, times]

    @api.model
    def _rcm_queues(self, owners, company, now):
        waiting = Family(
            "rcm_events_waiting",
            GAUGE,
            "Events that are not finished, by lane and state.",
            ("connector", "lane", "state"),
        )
        oldest = Family(
            "rcm_events_oldest_waiting_seconds",
            GAUGE,
            "Age of the oldest event that still has to be worked on.",
            ("connector", "lane"),
        )
        dead = Family("rcm_events_dead", GAUGE, "Events given up.", ("connector",))
        rows = self._rcm_queue_rows(company)
        ages = {}
        given_up = dict.fromkeys(
            (id_ for owner, id_ in owners if owner == "connector"), 0
        )
        for connector, lane, state, count, first in rows:
            label = owners.get(("connector", connector))
            if label is None:
                continue
            if state == "dead":
                given_up[connector] += count
                continue
            waiting.add((label, lane, state), count)
            key = label, lane
            ages[key] = max(ages.get(key, 0), _seconds(first, now))
        for labels, age in ages.items():
            oldest.add(labels, age)
        for connector, count in given_up.items():
            dead.add((owners["connector", connector],), count)
        return [waiting, oldest, dead]

    @api.model
    def _rcm_queue_rows(self, company):
        """[(connector id, lane, state, count, oldest received)] of what is open."""
        return self.env.execute_query(
            SQL(
                """
                SELECT connector_id,
                       CASE WHEN priority >= 100 THEN 'history'
                            WHEN priority >= 20 THEN 'batch' ELSE 'real_time' END,
                       state, count(*), min(received_at)
                  FROM rcm_event
                 WHERE state IN ('received', 'processing', 'retry',
                                 'waiting_predecessor', 'dead')
                   AND company_id = %s
                 GROUP BY 1, 2, 3
                """,
                company.id,
            )
        )

    # ------------------------------------------------------------------
    # Webhooks
    # ------------------------------------------------------------------
    @api.model
    def _rcm_webhooks(self, owners, totals, now):
        tried = Family(
            "rcm_webhook_deliveries",
            COUNTER,
            "Tries to deliver a message, by result.",
            ("webhook", "result"),
        )
        queue = Family(
            "rcm_webhook_queue",
            GAUGE,
            "Messages that wait to be sent (pending, retry) or were given up (dead).",
            ("webhook", "state"),
        )
        oldest = Family(
            "rcm_webhook_oldest_waiting_seconds",
            GAUGE,
            "Age of the oldest message that was not delivered yet.",
            ("webhook",),
        )
        mine = {
            id_: label for (owner, id_), label in owners.items() if owner != "connector"
        }
        for id_, label in mine.items():
            values = totals.get(("webhook", id_)) or {}
            tried.add((label, "delivered"), values.get("done_count", 0))
            tried.add((label, "failed"), values.get("retry_count", 0))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT webhook_id, state, count(*), min(create_date)
                  FROM rcm_delivery
                 WHERE webhook_id = ANY(%s) AND state IN ('pending', 'retry', 'dead')
                 GROUP BY 1, 2
                """,
                list(mine),
            )
        )
        ages = {}
        for webhook, state, count, first in rows:
            queue.add((mine[webhook], state), count)
            if state != "dead":
                ages[webhook] = max(ages.get(webhook, 0), _seconds(first, now))
        for webhook, age in ages.items():
            oldest.add((mine[webhook],), age)
        return [tried, queue, oldest]

    # ------------------------------------------------------------------
    # Scheduled actions
    # ------------------------------------------------------------------
    @api.model
    def _rcm_scheduler(self, now):
        lag = Family(
            "rcm_cron_lag_seconds",
            GAUGE,
            "How long a scheduled action of the suite has been due and did not run.",
            ("cron",),
        )
        failed = Family(
            "rcm_cron_failures",
            GAUGE,
            "Failed runs in a row of a scheduled action of the suite.",
            ("cron",),
        )
        active = Family(
            "rcm_cron_active",
            GAUGE,
            "1 when the scheduled action runs by itself, 0 when it is switched off.",
            ("cron",),
        )
        for name, is_active, due, failures, _ in self._rcm_cron_rows(now):
            active.add((name,), is_active)
            failed.add((name,), failures)
            lag.add((name,), _seconds(due, now) if is_active and due else 0)
        return [lag, failed, active]

    @api.model
    def _rcm_cron_rows(self, now):
        """[(xml id, active, due since or None, failures, name)] of our crons."""
        return self.env.execute_query(
            SQL(
                """
                SELECT d.name, c.active,
                       least(CASE WHEN c.nextcall <= %(now)s
                             THEN greatest(c.nextcall, c.write_date) END,
                             (SELECT min(t.call_at) FROM ir_cron_trigger t
                               WHERE t.cron_id = c.id AND t.call_at <= %(now)s)),
                       coalesce(c.failure_count, 0), c.cron_name
                  FROM ir_cron c
                  JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
                 WHERE d.module LIKE %(modules)s
                 ORDER BY d.name
                """,
                now=now,
                modules=MODULES,
            )
        )

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    @api.model
    def _rcm_business(self, company, now):
        unmatched = Family(
            "rcm_unmatched_payments",
            GAUGE,
            "Posted remittances with money whose bank line was not found yet.",
        )
        unmatched_age = Family(
            "rcm_unmatched_payments_oldest_days",
            GAUGE,
            "Days since the oldest payment without a bank line was made.",
        )
        delayed = Family(
            "rcm_delayed_postings",
            GAUGE,
            f"Remittances that came over {DELAYED_HOURS} hours ago and are not posted.",
        )
        cases = Family(
            "rcm_open_cases", GAUGE, "Open exception cases.", ("kind", "severity")
        )
        overdue = Family(
            "rcm_overdue_cases",
            GAUGE,
            "Open exception cases past their target.",
            ("kind",),
        )
        [[count, first]] = self.env.execute_query(
            SQL(
                "SELECT count(*), min(coalesce(payment_date, create_date::date))"
                " FROM rcm_remittance WHERE company_id = %s AND amount <> 0"
                " AND state = ANY(%s)",
                company.id,
                list(POSTED),
            )
        )
        unmatched.add((), count)
        unmatched_age.add((), (now.date() - first).days if first else 0)
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM rcm_remittance WHERE company_id = %s"
                " AND state = ANY(%s)"
                " AND create_date < %s - make_interval(hours => %s)",
                company.id,
                list(UNPOSTED),
                now,
                DELAYED_HOURS,
            )
        )
        delayed.add((), count)
        late = {}
        for kind, severity, number, breached in self._rcm_case_rows(company):
            cases.add((kind, severity), number)
            late[kind] = late.get(kind, 0) + breached
        for kind, number in sorted(late.items()):
            overdue.add((kind,), number)
        return [unmatched, unmatched_age, delayed, cases, overdue]

    @api.model
    def _rcm_case_rows(self, company):
        return self.env.execute_query(
            SQL(
                """
                SELECT kind, severity, count(*), count(*) FILTER (WHERE breached)
                  FROM rcm_exception_case
                 WHERE state IN ('open', 'in_progress', 'waiting') AND company_id = %s
                 GROUP BY 1, 2 ORDER BY 1, 2
                """,
                company.id,
            )
        )

    @api.model
    def _rcm_watchers(self, company, now):
        """What watches over the interfaces: feeds, alerts, the doors."""
        feeds = Family(
            "rcm_feeds_missing", GAUGE, "Expected arrivals that did not come."
        )
        alerts = Family("rcm_alerts_firing", GAUGE, "Alerts firing now.", ("severity",))
        doors = Family(
            "rcm_failed_sign_ins",
            GAUGE,
            "Failed sign-ins at the doors in the last hour, of all senders.",
        )
        mine = [("company_id", "=", company.id)]
        missing = [*mine, ("state", "=", "missing")]
        feeds.add((), self.env["rcm.expected.arrival"].search_count(missing))
        firing = dict(
            self.env["rcm.alert"]._read_group(
                [*mine, ("state", "=", "firing")], ["severity"], ["__count"]
            )
        )
        for severity, _label in SEVERITIES:
            alerts.add((severity,), firing.get(severity, 0))
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT coalesce(sum(count), 0) FROM rcm_auth_failure"
                " WHERE minute > %s - interval '1 hour'",
                now,
            )
        )
        doors.add((), count)
        return [feeds, alerts, doors]


def _seconds(moment, now):
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
