from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..protocol import unusual
from ..protocol.unusual import Hour
from .rcm_alert_measure import subject_of
from .rcm_traffic import HISTORY

# Where one round of the evaluation keeps what several rules ask for.
HOURS_KNOWN = "rcm_alert_hours"


class RcmAlertMeasure(models.AbstractModel):
    """Measures of unusual traffic: a connector against its own history."""

    _inherit = "rcm.alert.measure"

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
            result[subject_of(connector)] = connector.name, value
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
            result[subject_of(connector)] = connector.name, max(known, default=None)
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


def _hour(start, values):
    return Hour(
        start.weekday(),
        start.hour,
        values.get("received_count", 0),
        float(values.get("amount_max", 0)),
        values.get("amount_count", 0),
    )
