from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..protocol import alerting, configuration, latency, unusual
from ..protocol.alerting import CRON_PATIENCE_SECONDS
from ..protocol.unusual import Hour
from .rcm_traffic import HISTORY

HIGH, LOW = alerting.HIGH, alerting.LOW
# code: (label, direction, unit, whether the window of minutes matters)
MEASURES = {
    "oldest_waiting": ("Oldest waiting event", HIGH, "minutes", False),
    "waiting_events": ("Waiting events", HIGH, "events", False),
    "queue_share": ("Queue, share of its limit", HIGH, "%", False),
    "failure_share": ("Share of failed tries", HIGH, "%", True),
    "dead_events": ("Events given up", HIGH, "events", True),
    "latency_p95": ("Time until done, 95 of 100", HIGH, "seconds", True),
    "webhook_failures": ("Webhook: failures in a row", HIGH, "tries", False),
    "webhook_oldest": ("Webhook: oldest waiting message", HIGH, "minutes", False),
    "cron_lag": ("Scheduled action: overdue", HIGH, "seconds", False),
    "cron_failures": ("Scheduled action: failures in a row", HIGH, "runs", False),
    "cron_off": ("Scheduled action: switched off", HIGH, "yes = 1", False),
    "feeds_missing": ("Expected feed: missing", HIGH, "times", False),
    "key_days": ("API key: days left", LOW, "days", False),
    "failed_logins": ("Failed sign-ins at the doors", HIGH, "attempts", True),
    "locked_addresses": ("Addresses locked out", HIGH, "addresses", False),
    "unusual_volume": ("Traffic, times the usual", HIGH, "times", False),
    "unusual_quiet": ("Traffic of the last hour, share of the usual", LOW, "%", False),
    "unusual_hour": ("Events at an hour without any before", HIGH, "events", False),
    "unusual_amount": ("Largest amount, times the usual", HIGH, "times", False),
    "unmatched_payments_age": (
        "Oldest payment without a bank line",
        HIGH,
        "days",
        False,
    ),
    "delayed_postings": ("Remittances not posted for a day", HIGH, "payments", False),
    "overdue_cases": ("Overdue exception cases", HIGH, "cases", False),
    "configuration": ("Unsafe points of the configuration", HIGH, "points", False),
}
# Fewer tries tell nothing about a share or a quantile.
LEAST_TRIES = 20
# Where one round of the evaluation keeps what several rules ask for.
HOURS_KNOWN = "rcm_alert_hours"


class RcmAlertMeasure(models.AbstractModel):
    """The numbers alert rules look at, each a method ``_rcm_measure_<code>``.

    A method gets ``(company, minutes, now)`` and gives ``{subject: (label, value)}``;
    a value of None says that there is nothing to measure yet. A subject is
    ``connector:7``, ``webhook:3``, ``cron:…`` or, for the company as a whole, ``-``.
    """

    _name = "rcm.alert.measure"
    _description = "Measures of Alert Rules"

    @api.model
    def _rcm_measure(self, code, company, minutes, now):
        """What ``code`` is now, by subject."""
        if code not in MEASURES:
            raise ValueError(f"unknown measure {code!r}")
        self.env.flush_all()
        return getattr(self, f"_rcm_measure_{code}")(company, minutes, now)

    # ------------------------------------------------------------------
    # Events
    # ------------------------------------------------------------------
    @api.model
    def _rcm_connectors(self, company):
        return self.env["rcm.connector"].search(
            [("company_id", "=", company.id), ("state", "=", "active")]
        )

    @api.model
    def _rcm_queue_by_connector(self, company):
        """{connector: (count, oldest)} of what could be worked on now."""
        found = {}
        for id_, _lane, state, count, first in self.env["rcm.metrics"]._rcm_queue_rows(
            company
        ):
            # what waits for another event, or for a part to be installed, is no delay
            if state in ("received", "processing", "retry"):
                known, oldest = found.get(id_, (0, first))
                found[id_] = known + count, min(oldest, first)
        return {
            connector: found.get(connector.id, (0, None))
            for connector in self._rcm_connectors(company)
        }

    @api.model
    def _rcm_measure_oldest_waiting(self, company, minutes, now):
        return {
            _key(connector): (
                connector.name,
                (now - first).total_seconds() / 60 if first else 0,
            )
            for connector, (_count, first) in self._rcm_queue_by_connector(
                company
            ).items()
        }

    @api.model
    def _rcm_measure_waiting_events(self, company, minutes, now):
        return {
            _key(connector): (connector.name, count)
            for connector, (count, _first) in self._rcm_queue_by_connector(
                company
            ).items()
        }

    @api.model
    def _rcm_measure_queue_share(self, company, minutes, now):
        return {
            _key(connector): (connector.name, 100 * count / connector.queue_limit)
            for connector, (count, _first) in self._rcm_queue_by_connector(
                company
            ).items()
        }

    @api.model
    def _rcm_window(self, company, minutes, now):
        """{connector: counted values} of the last ``minutes``."""
        counted = self.env["rcm.traffic"]._rcm_window(minutes, now)
        return {
            connector: counted.get(("connector", connector.id), {})
            for connector in self._rcm_connectors(company)
        }

    @api.model
    def _rcm_measure_failure_share(self, company, minutes, now):
        result = {}
        for connector, values in self._rcm_window(company, minutes, now).items():
            failed = values.get("retry_count", 0) + values.get("dead_count", 0)
            tries = failed + values.get("done_count", 0)
            share = 100 * failed / tries if tries >= LEAST_TRIES else None
            result[_key(connector)] = connector.name, share
        return result

    @api.model
    def _rcm_measure_dead_events(self, company, minutes, now):
        return {
            _key(connector): (connector.name, values.get("dead_count", 0))
            for connector, values in self._rcm_window(company, minutes, now).items()
        }

    @api.model
    def _rcm_measure_latency_p95(self, company, minutes, now):
        result = {}
        for connector, values in self._rcm_window(company, minutes, now).items():
            counts = values.get("latency_counts") or []
            value = (
                latency.quantile(counts, 0.95) if sum(counts) >= LEAST_TRIES else None
            )
            result[_key(connector)] = connector.name, value
        return result

    # ------------------------------------------------------------------
    # Webhooks, scheduled actions, feeds, keys, doors
    # ------------------------------------------------------------------
    @api.model
    def _rcm_active_webhooks(self, company):
        return self.env["rcm.webhook"].search(
            [("company_id", "=", company.id), ("state", "=", "active")]
        )

    @api.model
    def _rcm_measure_webhook_failures(self, company, minutes, now):
        return {
            _key(webhook): (webhook.name, webhook.failures)
            for webhook in self._rcm_active_webhooks(company)
        }

    @api.model
    def _rcm_measure_webhook_oldest(self, company, minutes, now):
        webhooks = self._rcm_active_webhooks(company)
        oldest = dict(
            self.env["rcm.delivery"]._read_group(
                [
                    ("webhook_id", "in", webhooks.ids),
                    ("state", "in", ("pending", "retry")),
                ],
                ["webhook_id"],
                ["create_date:min"],
            )
        )
        return {
            _key(webhook): (
                webhook.name,
                (now - oldest[webhook]).total_seconds() / 60
                if webhook in oldest
                else 0,
            )
            for webhook in webhooks
        }

    @api.model
    def _rcm_crons(self, now, value_of):
        rows = self.env["rcm.metrics"]._rcm_cron_rows(now)
        return {
            f"cron:{name}": (name, value_of(active, due, failures))
            for name, active, due, failures in rows
        }

    @api.model
    def _rcm_measure_cron_lag(self, company, minutes, now):
        def lag(active, due, _failures):
            if not (active and due):
                return 0
            return max(0, (now - due).total_seconds() - CRON_PATIENCE_SECONDS)

        # When nothing runs, everything is late: that is one alert, not fifty.
        late = sorted(
            self._rcm_crons(now, lag).values(), key=lambda item: item[1], reverse=True
        )
        name, worst = late[0] if late else ("", 0)
        others = len([value for _name, value in late[1:] if value])
        if others:
            name = self.env._("%(name)s and %(count)s more", name=name, count=others)
        return {"-": (name or self.env._("Scheduled actions"), worst)}

    @api.model
    def _rcm_measure_cron_failures(self, company, minutes, now):
        return self._rcm_crons(now, lambda _active, _due, failures: failures)

    @api.model
    def _rcm_measure_cron_off(self, company, minutes, now):
        return self._rcm_crons(now, lambda active, _due, _failures: int(not active))

    @api.model
    def _rcm_measure_feeds_missing(self, company, minutes, now):
        feeds = self.env["rcm.expected.feed"].search([("company_id", "=", company.id)])
        return {_key(feed): (feed.name, feed.late_count) for feed in feeds}

    @api.model
    def _rcm_measure_key_days(self, company, minutes, now):
        keys = self.env["rcm.connector.key"].search(
            [
                ("company_id", "=", company.id),
                ("revoked_at", "=", False),
                ("expires_at", ">", now),
                ("connector_id.state", "=", "active"),
            ]
        )
        return {
            _key(key): (
                f"{key.connector_id.name}: {key.name}",
                (key.expires_at - now) / timedelta(days=1),
            )
            for key in keys
        }

    @api.model
    def _rcm_measure_failed_logins(self, company, minutes, now):
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT coalesce(sum(f.count), 0) FROM rcm_auth_failure f"
                " LEFT JOIN rcm_connector c ON c.id = f.connector_id"
                " WHERE f.minute > %s"
                " AND (c.company_id IS NULL OR c.company_id = %s)",
                now - timedelta(minutes=minutes),
                company.id,
            )
        )
        return {"-": (self.env._("The doors"), count)}

    @api.model
    def _rcm_measure_locked_addresses(self, company, minutes, now):
        locked = self.env["rcm.auth.failure"]._rcm_locked_addresses()
        return {"-": (self.env._("The doors"), len(locked))}

    # ------------------------------------------------------------------
    # Unusual traffic
    # ------------------------------------------------------------------
    @api.model
    def _rcm_measure_unusual_volume(self, company, minutes, now):
        return self._rcm_unusual(
            company, now, lambda hour, past, _days: unusual.volume_ratio(hour, past)
        )

    @api.model
    def _rcm_measure_unusual_amount(self, company, minutes, now):
        return self._rcm_unusual(
            company, now, lambda hour, past, _days: unusual.amount_ratio(hour, past)
        )

    @api.model
    def _rcm_measure_unusual_hour(self, company, minutes, now):
        return self._rcm_unusual(company, now, unusual.strange_hour)

    @api.model
    def _rcm_measure_unusual_quiet(self, company, minutes, now):
        result = {}
        for connector, (_now, before, past, _days) in self._rcm_hours(
            company, now
        ).items():
            share = unusual.quiet_share(before, past)
            value = None if share is None else 100 * share
            result[_key(connector)] = connector.name, value
        return result

    @api.model
    def _rcm_unusual(self, company, now, judge):
        """The worse of the running and the last hour, by connector."""
        result = {}
        for connector, (current, before, past, days) in self._rcm_hours(
            company, now
        ).items():
            values = [judge(hour, past, days) for hour in (current, before)]
            known = [value for value in values if value is not None]
            result[_key(connector)] = connector.name, max(known, default=None)
        return result

    @api.model
    def _rcm_hours(self, company, now):
        """{connector: (running hour, last hour, hours before, days known)}.

        Four rules ask the same within one round: it is looked up once.
        """
        known = self.env.cr.cache.get(HOURS_KNOWN)
        if known is None:
            return self._rcm_hours_now(company, now)
        if company.id not in known:
            known[company.id] = self._rcm_hours_now(company, now)
        return known[company.id]

    @api.model
    def _rcm_hours_now(self, company, now):
        start = now.replace(minute=0, second=0, microsecond=0)
        one = timedelta(hours=1)
        traffic = self.env["rcm.traffic"]
        current = traffic._rcm_count(start, now + timedelta(seconds=1))
        before = traffic._rcm_count(start - one, start)
        past = self._rcm_past_hours(company, start - one)
        return {
            connector: (
                _hour(start, current.get(("connector", connector.id), {})),
                _hour(start - one, before.get(("connector", connector.id), {})),
                *past.get(connector.id, ([], 0)),
            )
            for connector in self._rcm_connectors(company)
        }

    @api.model
    def _rcm_past_hours(self, company, end):
        """{connector id: ([every hour since the first, empty ones too], days)}."""
        rows = self.env.execute_query(
            SQL(
                "SELECT connector_id, hour, received_count, amount_max, amount_count"
                " FROM rcm_traffic WHERE kind = 'hour' AND company_id = %s"
                " AND connector_id IS NOT NULL AND hour >= %s AND hour < %s"
                " ORDER BY hour",
                company.id,
                end - HISTORY,
                end,
            )
        )
        seen = {}
        for connector, hour, *values in rows:
            seen.setdefault(connector, {})[hour] = values
        result = {}
        for connector, hours in seen.items():
            first = min(hours)
            count = int((end - first) / timedelta(hours=1))
            result[connector] = (
                [
                    Hour(
                        moment.weekday(),
                        moment.hour,
                        *(number or 0 for number in hours.get(moment, (0, 0, 0))),
                    )
                    for moment in (
                        first + timedelta(hours=number) for number in range(count)
                    )
                ],
                count / 24,
            )
        return result

    # ------------------------------------------------------------------
    # Business and configuration
    # ------------------------------------------------------------------
    @api.model
    def _rcm_business(self, company, now):
        families = self.env["rcm.metrics"]._rcm_business(company, now)
        return {family.name: family for family in families}

    @api.model
    def _rcm_measure_unmatched_payments_age(self, company, minutes, now):
        family = self._rcm_business(company, now)["rcm_unmatched_payments_oldest_days"]
        return {"-": (company.name, family.readings[0].value)}

    @api.model
    def _rcm_measure_delayed_postings(self, company, minutes, now):
        family = self._rcm_business(company, now)["rcm_delayed_postings"]
        return {"-": (company.name, family.readings[0].value)}

    @api.model
    def _rcm_measure_overdue_cases(self, company, minutes, now):
        family = self._rcm_business(company, now)["rcm_overdue_cases"]
        return {"-": (company.name, sum(reading.value for reading in family.readings))}

    @api.model
    def _rcm_measure_configuration(self, company, minutes, now):
        findings = self.env["rcm.configuration.check"]._rcm_findings(company)
        unsafe = [item for item in findings if item.level == configuration.PROBLEM]
        return {"-": (company.name, len(unsafe))}


def _key(record):
    kind = record._name.removeprefix("rcm.").replace("expected.", "")
    return f"{kind}:{record.id}"


def _hour(start, values):
    return Hour(
        start.weekday(),
        start.hour,
        values.get("received_count", 0),
        float(values.get("amount_max", 0)),
        values.get("amount_count", 0),
    )
