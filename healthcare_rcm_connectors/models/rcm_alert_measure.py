from odoo import api, models

from ..protocol import alerting, configuration, latency

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


class RcmAlertMeasure(models.AbstractModel):
    """The numbers alert rules look at, each a method ``_rcm_measure_<code>``.

    A method gets ``(company, minutes, now)`` and gives ``{subject: (label, value)}``;
    a value of None says that there is nothing to measure yet. A subject is
    ``connector:7``, ``webhook:3``, ``cron:…`` or, for the company as a whole, ``-``.
    Here are those of events and of the business; ``rcm_alert_measure_systems`` and
    ``rcm_alert_measure_traffic`` hold the others.
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
            subject_of(connector): (
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
            subject_of(connector): (connector.name, count)
            for connector, (count, _first) in self._rcm_queue_by_connector(
                company
            ).items()
        }

    @api.model
    def _rcm_measure_queue_share(self, company, minutes, now):
        return {
            subject_of(connector): (connector.name, 100 * count / connector.queue_limit)
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
            result[subject_of(connector)] = connector.name, share
        return result

    @api.model
    def _rcm_measure_dead_events(self, company, minutes, now):
        return {
            subject_of(connector): (connector.name, values.get("dead_count", 0))
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
            result[subject_of(connector)] = connector.name, value
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


def subject_of(record):
    """What an alert calls this record."""
    kind = record._name.removeprefix("rcm.").replace("expected.", "")
    return f"{kind}:{record.id}"
