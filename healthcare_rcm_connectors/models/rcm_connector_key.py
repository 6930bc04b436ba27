from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.last_use import note_use

SCOPE = "rcm"


class RcmConnectorKey(models.Model):
    """What we may know of an API key of a connector: never the key itself."""

    _name = "rcm.connector.key"
    _inherit = ["rcm.audit.mixin"]
    _description = "Connector API Key"
    _order = "id desc"
    _rcm_audit_fields = ("connector_id", "name", "expires_at", "revoked_at")

    connector_id = fields.Many2one(
        "rcm.connector", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="connector_id.company_id", store=True)
    apikey_id = fields.Integer(
        string="API Key ID", required=True, readonly=True, index=True
    )
    name = fields.Char(string="Description", required=True, readonly=True)
    created_at = fields.Datetime(
        string="Made", readonly=True, default=fields.Datetime.now
    )
    created_by_id = fields.Many2one(
        "res.users", string="Made By", readonly=True, default=lambda self: self.env.user
    )
    expires_at = fields.Datetime(string="Expires", readonly=True)
    last_used_at = fields.Datetime(string="Last Use", readonly=True)
    revoked_at = fields.Datetime(string="Revoked", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")],
        string="Status",
        compute="_compute_state",
    )

    _apikey_uniq = models.Constraint("UNIQUE(apikey_id)", "This key is listed already.")

    @api.depends("expires_at", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for record in self:
            if record.revoked_at:
                record.state = "revoked"
            elif record.expires_at and record.expires_at < now:
                record.state = "expired"
            else:
                record.state = "valid"

    def action_revoke(self):
        """Make these keys useless at once."""
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        live = self.filtered(lambda key: not key.revoked_at)
        live.sudo()._rcm_revoke()  # keys of service users, after the role was checked
        return True

    def _rcm_revoke(self):
        self.env["res.users.apikeys"].browse(self.mapped("apikey_id")).exists().unlink()
        self._rcm_mark_revoked()

    def _rcm_mark_revoked(self):
        live = self.filtered(lambda key: not key.revoked_at)
        live.write({"revoked_at": fields.Datetime.now()})

    @api.model
    def _rcm_touch(self, apikey_id):
        note_use(self, SQL("apikey_id = %s", apikey_id))
