import json
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol.addresses import read_networks
from .rcm_connector_key import SCOPE
from .rcm_event_type import TAKEN

KINDS = [
    ("ehr", "Clinical system (EHR)"),
    ("lis", "Laboratory"),
    ("practice_management", "Practice management"),
    ("clearinghouse", "Clearinghouse"),
    ("payer", "Payer"),
    ("gateway", "Payment gateway"),
    ("bank", "Bank"),
    ("automation", "Automation"),
    ("other", "Other"),
]
STATES = [
    ("active", "Active"),
    ("paused", "Paused"),
    ("disabled", "Switched off"),
]
MEBIBYTE = 1024 * 1024
HARD_LIMIT_BYTES = 64 * MEBIBYTE


class RcmConnector(models.Model):
    """An external system: who it is, what it may send, for which facilities."""

    _name = "rcm.connector"
    _inherit = ["rcm.document.mixin", "rcm.secret.holder.mixin", "mail.thread"]
    _description = "Connector"
    _order = "name"
    _rcm_audit_fields = (
        "name",
        "code",
        "kind",
        "active",
        "user_id",
        "state",
        "event_type_ids",
        "facility_ids",
        "payload_limit_mib",
        "rate_limit_per_minute",
        "queue_limit",
        "allowed_networks",
        "file_format",
        "flow",
        "carries_claims",
        "carried_payer_ids",
        "down_by",
    )

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="Short name that marks this source in the audit log."
    )
    kind = fields.Selection(KINDS, required=True, default="ehr")
    active = fields.Boolean(default=True)
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        default="active",
        tracking=True,
        help="Paused: events are taken and stored, and worked on when it is resumed. "
        "Switched off: everything is refused.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Service User",
        required=True,
        index=True,
        ondelete="restrict",
        help="The user whose API key this system sends. One per connector, with the "
        "role Integration service and nothing more.",
    )
    event_type_ids = fields.Many2many(
        "rcm.event.type",
        string="Allowed Events",
        help="Types and versions this system may send. Empty: none.",
    )
    facility_ids = fields.Many2many(
        "rcm.facility",
        string="Facilities",
        check_company=True,
        help="Facilities this system speaks for. Empty: all of the company.",
    )
    payload_limit_mib = fields.Integer(
        string="Size Limit (MiB)", required=True, default=8
    )
    rate_limit_per_minute = fields.Integer(
        string="Requests per Minute",
        required=True,
        default=6000,
        help="Per server process; more are answered 429 with a time to wait.",
    )
    queue_limit = fields.Integer(
        string="Most Waiting Events",
        required=True,
        default=100000,
        help="While more events wait to be worked on, new ones are answered 503.",
    )
    allowed_networks = fields.Char(
        help="Addresses this system calls from, for example 203.0.113.0/24. Empty: "
        "any. Behind a proxy Odoo needs proxy_mode to see them.",
    )
    file_format = fields.Selection(
        "_selection_file_format",
        required=True,
        default="file",
        help="How files handed in at /rcm/v1/files are read when the sender names no "
        "format. “File as it is” takes the file whole, as a remittance is.",
    )
    pull_ids = fields.One2many("rcm.connector.pull", "connector_id", string="Pulls")
    sender_id = fields.Char(
        string="Sender ID",
        readonly=True,
        copy=False,
        default=lambda self: uuid4().hex,
        help="Names this system in the address it sends signed events to.",
    )
    signed_address = fields.Char(
        string="Address for Signed Events", compute="_compute_signed_address"
    )
    key_ids = fields.One2many("rcm.connector.key", "connector_id", string="API Keys")
    key_count = fields.Integer(string="Valid Keys", compute="_compute_key_count")
    last_seen_at = fields.Datetime(string="Last Event", compute="_compute_traffic")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_traffic")
    failed_count = fields.Integer(string="Failed", compute="_compute_traffic")
    today_count = fields.Integer(string="Events Today", compute="_compute_traffic")
    oldest_waiting_at = fields.Datetime(
        string="Oldest Waiting", compute="_compute_traffic"
    )
    note = fields.Html(string="Notes")

    _check_company_auto = True
    _user_uniq = models.Constraint(
        "UNIQUE(user_id)", "Each connector has a service user of its own."
    )
    _code_uniq = models.Constraint(
        "UNIQUE(company_id, code)", "Another connector has this code."
    )
    _sender_uniq = models.Constraint(
        "UNIQUE(sender_id)", "Another connector has this sender ID."
    )
    _limits = models.Constraint(
        "CHECK(payload_limit_mib BETWEEN 1 AND 64 AND rate_limit_per_minute > 0 "
        "AND queue_limit > 0)",
        "Size limit is 1 to 64 MiB; rate and queue limits are positive.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("key_ids.revoked_at", "key_ids.expires_at")
    def _compute_key_count(self):
        for record in self:
            valid = record.key_ids.filtered(lambda key: key.state == "valid")
            record.key_count = len(valid)

    def _compute_signed_address(self):
        base = self.get_base_url()
        for record in self:
            record.signed_address = f"{base}/rcm/v1/events?sender={record.sender_id}"

    def _compute_traffic(self):
        Event = self.env["rcm.event"].sudo()  # numbers, not the events themselves
        start = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        mine = fields.Domain("connector_id", "in", self.ids)

        def per_connector(domain, aggregate):
            groups = Event._read_group(mine & domain, ["connector_id"], [aggregate])
            return {connector.id: value for connector, value in groups}

        everything = fields.Domain.TRUE
        waiting = Event._rcm_waiting_domain()
        last = per_connector(everything, "received_at:max")
        open_ = per_connector(waiting, "__count")
        oldest = per_connector(waiting, "received_at:min")
        failed = per_connector(fields.Domain("state", "=", "dead"), "__count")
        today = per_connector(fields.Domain("received_at", ">=", start), "__count")
        for record in self:
            record.last_seen_at = last.get(record.id)
            record.waiting_count = open_.get(record.id, 0)
            record.oldest_waiting_at = oldest.get(record.id)
            record.failed_count = failed.get(record.id, 0)
            record.today_count = today.get(record.id, 0)

    @api.model
    def _selection_file_format(self):
        """Adapters that can decode and map."""
        mappers = self.env["rcm.adapter"]._rcm_adapters("map")
        choices = self.env["rcm.adapter"]._rcm_choices("decode")
        return [item for item in choices if item[0] in mappers]

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains("user_id", "company_id")
    def _check_user_id(self):
        group = "healthcare_rcm_base.group_integration"
        for record in self:
            user = record.user_id
            if not user.has_group(group):
                raise ValidationError(
                    self.env._(
                        "%s needs the role Integration service to be a connector's "
                        "service user.",
                        user.login,
                    )
                )
            if user.has_group("base.group_system"):
                raise ValidationError(
                    self.env._("A service user is not a system administrator.")
                )
            if record.company_id not in user.company_ids:
                raise ValidationError(
                    self.env._("The service user does not belong to the company.")
                )

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for record in self:
            try:
                read_networks(record.allowed_networks)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "%s is no network. Write addresses like 203.0.113.7 or "
                        "203.0.113.0/24, separated by blanks.",
                        error,
                    )
                ) from None

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        connectors = super().create(vals_list)
        connectors._rcm_list_keys()
        return connectors

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            self._rcm_list_keys()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_pause(self):
        """Keep taking events, stop working on them."""
        self._rcm_switch("paused")

    def action_resume(self):
        """Work on what was taken meanwhile, in order."""
        self._rcm_switch("active")
        self.env["rcm.event"]._rcm_wake_processing()

    def action_disable(self):
        """Refuse everything this system sends."""
        self._rcm_switch("disabled")

    def _rcm_switch(self, state):
        self.env.user._rcm_require("administrator", "integration_support")
        self.check_access("read")
        self.sudo().state = state  # the role was checked; other settings stay closed

    def action_new_key(self):
        """Open the wizard that makes an API key and shows it once."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New API key"),
            "res_model": "rcm.connector.key.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_connector_id": self.id},
        }

    def action_revoke_secrets(self):
        """Make every signing secret of these connectors useless at once."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        # after the role was checked
        self.env["rcm.secret"].sudo()._rcm_revoke_of(self)

    def action_test_panel(self):
        """Open the panel that checks a pasted event without storing it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check an event"),
            "res_model": "rcm.event.check",
            "view_mode": "form",
            "target": "new",
            "context": {"default_connector_id": self.id},
        }

    def action_open_events(self):
        """Open the events of this connector."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_event_action"
        )
        return {**action, "domain": [("connector_id", "=", self.id)]}

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_list_keys(self):
        """Make an entry for every key of the service users that has none yet."""
        # Keys are the service user's; only name and dates are read.
        keys = self.env["res.users.apikeys"].sudo()
        rows = keys.search([("user_id", "in", self.user_id.ids), ("scope", "=", SCOPE)])
        Key = self.env["rcm.connector.key"].sudo()  # kept by the system alone
        listed = set(Key.search([("apikey_id", "in", rows.ids)]).mapped("apikey_id"))
        connector_of = {connector.user_id.id: connector for connector in self}
        Key.create(
            [
                {
                    "connector_id": connector_of[row.user_id.id].id,
                    "apikey_id": row.id,
                    "name": row.name,
                    "created_at": row.create_date,
                    "expires_at": row.expiration_date,
                }
                for row in rows
                if row.id not in listed
            ]
        )

    def _rcm_payload_limit(self):
        """Largest body in bytes."""
        return min(self.payload_limit_mib * MEBIBYTE, HARD_LIMIT_BYTES)

    def _rcm_describe_types(self):
        """What this connector may send, with schemas, for its own eyes."""
        self.ensure_one()
        return [
            {
                "type": kind.name,
                "version": kind.version,
                "state": kind.state,
                "taken_until": str(kind.deprecation_date or "") or None,
                "description": kind.description or "",
                "schema": json.loads(kind.schema),
                "example": json.loads(kind.example) if kind.example else None,
            }
            for kind in self.event_type_ids.filtered(lambda t: t.state in TAKEN)
        ]
