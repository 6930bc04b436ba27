from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..protocol.alerting import CRON_PATIENCE_SECONDS
from .rcm_alert_measure import subject_of


class RcmAlertMeasure(models.AbstractModel):
    """Measures of webhooks, scheduled actions, expected feeds, keys and doors."""

    _inherit = "rcm.alert.measure"

    @api.model
    def _rcm_active_webhooks(self, company):
        return self.env["rcm.webhook"].search(
            [("company_id", "=", company.id), ("state", "=", "active")]
        )

    @api.model
    def _rcm_measure_webhook_failures(self, company, minutes, now):
        return {
            subject_of(webhook): (webhook.name, webhook.failures)
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
            subject_of(webhook): (
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
            f"cron:{xmlid}": (name, value_of(active, due, failures))
            for xmlid, active, due, failures, name in rows
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
        return {subject_of(feed): (feed.name, feed.late_count) for feed in feeds}

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
            subject_of(key): (
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
