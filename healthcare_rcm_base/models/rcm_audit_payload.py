from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from . import rcm_audit_guard


class RcmAuditPayload(models.Model):
    """The detail of an audit row: canonical JSON of {field: [before, after]}.

    Kept apart so that retention can drop it; the log row keeps its SHA-256.
    """

    _name = "rcm.audit.payload"
    _inherit = "rcm.append.only.mixin"
    _description = "Audit Detail"
    _order = "log_id desc"
    _log_access = False
    _rec_name = "log_id"

    log_id = fields.Integer(string="Audit Row", required=True, readonly=True)
    logged_at = fields.Datetime(string="Time", readonly=True, index=True)
    body = fields.Text(string="Changes", readonly=True)

    _log_unique = models.UniqueIndex("(log_id)", "An audit row has one detail.")

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    # ------------------------------------------------------------------
    # Retention
    # ------------------------------------------------------------------
    @api.model
    def _cron_drop_expired(self):
        """Drop details older than the days set; 0 or nothing set keeps them all."""
        parameters = self.env["ir.config_parameter"].sudo()  # cron: system setting
        days = int(
            parameters.get_param("healthcare_rcm_base.audit_detail_days", "0") or 0
        )
        if days > 0:
            self._rcm_drop_before(fields.Datetime.now() - timedelta(days=days))

    @api.model
    def _rcm_drop_before(self, cutoff):
        """Drop details written before ``cutoff``, and log that it was done.

        The row names the cutoff, so the verification knows which details may be gone.
        """
        cr = self.env.cr
        rcm_audit_guard.open_door(cr)
        cr.execute(SQL("DELETE FROM rcm_audit_payload WHERE logged_at < %s", cutoff))
        dropped = cr.rowcount
        rcm_audit_guard.close_door(cr)
        self.invalidate_model()
        if dropped:
            self.env["rcm.audit.log"]._rcm_append(
                [
                    {
                        "event": "rcm.audit.detail_dropped",
                        "record_name": cutoff.isoformat(sep=" "),
                        "changes": {"rows": [None, dropped]},
                    }
                ]
            )
        return dropped
