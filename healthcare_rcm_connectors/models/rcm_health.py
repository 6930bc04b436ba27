from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol.alerting import CRON_PATIENCE_SECONDS

UNSETTLED = ("to install", "to upgrade", "to remove")


class RcmHealth(models.AbstractModel):
    """Whether this node may get requests, and whether all is well behind it."""

    _name = "rcm.health"
    _description = "Health"

    @api.model
    def _rcm_report(self):
        """{"ready", "good", "scheduler", "configuration"}; names nothing inside."""
        scheduler = self._rcm_scheduler_state()
        configuration = self._rcm_configuration_state()
        return {
            "ready": self._rcm_is_ready(),
            "good": scheduler == "ok" and configuration != "problem",
            "scheduler": scheduler,
            "configuration": configuration,
        }

    @api.model
    def _rcm_is_ready(self):
        """No module of the suite is being installed, upgraded or removed."""
        [[unsettled]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM ir_module_module WHERE name LIKE %s"
                " AND state = ANY(%s)",
                "healthcare_rcm%",
                list(UNSETTLED),
            )
        )
        return self.env.registry.ready and not unsettled

    @api.model
    def _rcm_scheduler_state(self):
        """``late`` when a scheduled action of the suite is due and does not run."""
        now = fields.Datetime.now()
        rows = self.env["rcm.metrics"]._rcm_cron_rows(now)
        for _xmlid, active, due, failures, _name in rows:
            overdue = due and (now - due).total_seconds() > CRON_PATIENCE_SECONDS
            if active and (overdue or failures):
                return "late"
        return "ok"

    @api.model
    def _rcm_configuration_state(self):
        """``ok``, ``warning`` or ``problem`` of the configuration check."""
        return self.env["rcm.configuration.check"]._rcm_worst()
