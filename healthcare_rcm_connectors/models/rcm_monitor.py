import secrets
from datetime import timedelta
from hashlib import sha256

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..protocol.addresses import lies_in, read_networks
from ..tools.last_use import note_use

TOKEN_BYTES = 32
PREFIX = "rcmm_"
OVERLAP_HOURS = 24


class RcmMonitor(models.Model):
    """A monitoring system that may read the metrics of one company, and nothing else.

    Its token opens only ``/rcm/v1/metrics``; kept is a hash, in columns that no field
    reads. The token before holds a day more, so that the scraper can change over.
    """

    _name = "rcm.monitor"
    _inherit = ["rcm.audit.mixin"]
    _description = "Monitoring Access"
    _order = "name"
    _rcm_audit_fields = ("name", "active", "company_id", "allowed_networks", "made_at")

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    allowed_networks = fields.Char(
        help="Addresses the scraper calls from, for example 203.0.113.0/24. Empty: any."
    )
    made_at = fields.Datetime(string="Token Made", readonly=True, copy=False)
    last_used_at = fields.Datetime(string="Last Use", readonly=True, copy=False)
    has_token = fields.Boolean(string="Token in Use", compute="_compute_has_token")

    def init(self):
        self.env.cr.execute(
            SQL(
                "ALTER TABLE rcm_monitor"
                " ADD COLUMN IF NOT EXISTS token_hash varchar,"
                " ADD COLUMN IF NOT EXISTS previous_hash varchar,"
                " ADD COLUMN IF NOT EXISTS previous_until timestamp"
            )
        )

    @api.depends("made_at")
    def _compute_has_token(self):
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM rcm_monitor WHERE token_hash IS NOT NULL"
                " AND id = ANY(%s)",
                list(self.ids),
            )
        )
        known = {id_ for [id_] in rows}
        for record in self:
            record.has_token = record.id in known

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for record in self:
            try:
                read_networks(record.allowed_networks)
            except ValueError as error:
                raise ValidationError(self.env._("%s is no network.", error)) from None

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_new_token(self):
        """Make a token and show it once; the present one holds a day more."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Token ready"),
            "res_model": "rcm.secret.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_secret": self._rcm_rotate()},
        }

    def action_revoke_tokens(self):
        """Make every token of these systems useless at once."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE rcm_monitor SET token_hash = NULL, previous_hash = NULL"
                " WHERE id = ANY(%s)",
                list(self.ids),
            )
        )
        self.write({"made_at": False})

    def _rcm_rotate(self):
        """Replace the token; return the new one, the only time."""
        self.ensure_one()
        token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        now = fields.Datetime.now()
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE rcm_monitor SET previous_hash = token_hash,"
                " previous_until = %s, token_hash = %s WHERE id = %s",
                now + timedelta(hours=OVERLAP_HOURS),
                _hash(token),
                self.id,
            )
        )
        self.write({"made_at": now})
        return token

    # ------------------------------------------------------------------
    # For the door
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find(self, token, address):
        """The monitor whose token this is, calling from where it may; or empty."""
        self.flush_model()
        digest = _hash(token)
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM rcm_monitor WHERE active AND (token_hash = %(digest)s"
                " OR (previous_hash = %(digest)s AND previous_until > %(now)s))",
                digest=digest,
                now=fields.Datetime.now(),
            )
        )
        found = self.browse(id_ for [id_] in rows)
        return found.filtered(lambda one: one._rcm_may_come_from(address))

    def _rcm_may_come_from(self, address):
        networks = read_networks(self.allowed_networks)
        return not networks or lies_in(address, networks)

    @api.model
    def _rcm_touch(self, monitor_id):
        note_use(self, SQL("id = %s", monitor_id))


def _hash(token):
    # A token is 256 random bits: nothing slower is needed to keep it from guessing.
    return sha256(token.encode()).hexdigest()
