from odoo import api, fields, models
from odoo.exceptions import AccessError

from . import rcm_audit_guard


class RcmAuditPayload(models.Model):
    """The detail of an audit row: canonical JSON of {field: [before, after]}.

    Kept apart so that retention can drop it; the log row keeps its SHA-256.
    """

    _name = "rcm.audit.payload"
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

    @api.model_create_multi
    def create(self, vals_list):
        self._rcm_refuse_change()

    def write(self, vals):
        self._rcm_refuse_change()

    def unlink(self):
        self._rcm_refuse_change()

    def _rcm_refuse_change(self):
        raise AccessError(self.env._("The audit log can only be appended to."))
