import json
import logging
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from time import monotonic

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..protocol import field_rules, schema

_logger = logging.getLogger(__name__)

MOST_EVENTS = 1000
MOST_LINES = 200
RECENT_DAYS = 90
# The log names a sender of a deprecated version once an hour and process.
WARN_SECONDS = 3600
_warned = {}


class RcmEventType(models.Model):
    """The life of a version: draft, checked against traffic, active, deprecated."""

    _inherit = "rcm.event.type"

    check_ids = fields.One2many("rcm.event.type.check", "type_id", string="Checks")
    last_check_id = fields.Many2one(
        "rcm.event.type.check", string="Last Check", compute="_compute_last_check_id"
    )
    check_state = fields.Selection(
        [
            ("none", "Not checked yet"),
            ("stale", "Changed since the last check"),
            ("failed", "Recent events would be refused"),
            ("passed", "Recent events would be taken"),
        ],
        string="Against Recent Traffic",
        compute="_compute_last_check_id",
    )
    activation_note = fields.Char(
        string="Why Nevertheless",
        help="Why it is made active although recent events would be refused.",
    )
    can_retire = fields.Boolean(compute="_compute_hindrance")
    deprecated_at = fields.Datetime(readonly=True, copy=False)
    connector_ids = fields.Many2many(
        "rcm.connector",
        "rcm_connector_rcm_event_type_rel",
        "rcm_event_type_id",
        "rcm_connector_id",
        string="Pinned By",
        readonly=True,
        copy=False,
        help="Systems that may send this version.",
    )

    hindrance = fields.Char(
        string="Before It Ends",
        compute="_compute_hindrance",
        help="What is missing until this version can be deprecated or retired.",
    )

    @api.depends("state", "deprecation_date", "connector_ids")
    def _compute_hindrance(self):
        """What the buttons would say, before they are pressed."""
        for record in self:
            count = record._rcm_pinned_count()
            record.can_retire = record.state != "retired" and not count
            record.hindrance = False
            if record.state == "active" and not record.deprecation_date:
                record.hindrance = self.env._(
                    "To deprecate it, say until when it is taken (“Taken Until”)."
                )
            elif count:
                record.hindrance = self.env._(
                    "%s systems still pin it: move them to another version, or "
                    "deprecate it and wait for its last day.",
                    count,
                )

    def _rcm_pinned_count(self):
        """How many systems stand against retiring it now."""
        self.ensure_one()
        if self.state in ("draft", "retired"):
            return 0
        today = fields.Date.context_today(self)
        if self.deprecation_date and self.deprecation_date < today:
            return 0
        return len(self.sudo().connector_ids)  # their number decides

    @api.depends("schema", "check_ids.schema_hash", "check_ids.failed_count")
    def _compute_last_check_id(self):
        for record in self:
            # Numbers only; the events a check names have rules of their own.
            last = record.sudo().check_ids.sorted("id")[-1:]
            record.last_check_id = last.with_env(self.env)
            if not last:
                record.check_state = "none"
            elif last.schema_hash != record._rcm_schema_hash():
                record.check_state = "stale"
            else:
                record.check_state = "failed" if last.failed_count else "passed"

    def _rcm_schema_hash(self):
        self.ensure_one()
        try:
            return digest(json.loads(self.schema or ""))
        except ValueError:
            return False

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su and any(record.state != "draft" for record in records):
            raise UserError(
                self.env._("A new version begins as a draft and is checked first.")
            )
        return records

    def write(self, vals):
        if "state" in vals and not self.env.su:
            raise UserError(
                self.env._("Use the buttons: each step checks what it asks for.")
            )
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_check(self):
        """Check recent events of this name against this version's schema."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        # The check counts every company's events; who may see which is the rules'.
        check = self.sudo()._rcm_check_traffic(self.env.user)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Against recent traffic"),
            "res_model": check._name,
            "res_id": check.id,
            "views": [[False, "form"]],
        }

    def action_activate(self):
        """Let connectors that pin it send this version."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("Only a draft is made active."))
        if not self.owner:
            raise UserError(self.env._("Name who decides on this contract first."))
        if not self.example:
            raise UserError(
                self.env._("Senders need an example, and it must fit the schema.")
            )
        if self.check_state in ("none", "stale"):
            raise UserError(
                self.env._("Check it against recent traffic first: press “Check”.")
            )
        if self.check_state == "failed" and not (self.activation_note or "").strip():
            raise UserError(
                self.env._(
                    "%s recent events would be refused. If that is meant, write down "
                    "why it is made active nevertheless.",
                    self.last_check_id.failed_count,
                )
            )
        self.sudo().state = "active"  # role, check and reason were asked for

    def action_deprecate(self):
        """Announce the end of this version to its senders."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            if record.state != "active":
                raise UserError(self.env._("Only an active version is deprecated."))
            if not record.deprecation_date:
                raise UserError(
                    self.env._("Say until when it is taken (“Taken Until”).")
                )
            # the role was checked; the state moves through these steps only
            record.sudo().write(
                {"state": "deprecated", "deprecated_at": fields.Datetime.now()}
            )

    def action_reactivate(self):
        """Take a deprecated version without a warning again."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        if any(record.state != "deprecated" for record in self):
            raise UserError(self.env._("Only a deprecated version is taken back."))
        # the role was checked; the state moves through these steps only
        self.sudo().write({"state": "active", "deprecated_at": False})

    def action_retire(self):
        """Refuse this version from now on."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            if count := record._rcm_pinned_count():
                raise UserError(
                    self.env._(
                        "%(count)s systems still pin %(type)s. Move them to another "
                        "version, or deprecate it and wait for its last day.",
                        count=count,
                        type=record.display_name,
                    )
                )
        # the role was checked; the state moves through these steps only
        self.sudo().state = "retired"

    # ------------------------------------------------------------------
    # Recent traffic
    # ------------------------------------------------------------------
    def _rcm_check_traffic(self, user):
        """Make a check of this version: which stored events would fail, and where."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=RECENT_DAYS)
        events = self.env["rcm.event"].search(
            [
                ("type_id.name", "=", self.name),
                ("received_at", ">=", since),
                ("state", "!=", "ignored"),
            ],
            order="id desc",
            limit=MOST_EVENTS,
        )
        failing = {}
        for event in events:
            if faults := self._rcm_faults_of(event):
                failing[event] = faults
        return self.env["rcm.event.type.check"].create(
            {
                "type_id": self.id,
                "schema_hash": self._rcm_schema_hash(),
                "user_id": user.id,
                "event_count": len(events),
                "failed_count": len(failing),
                "line_ids": [
                    (0, 0, {"event_id": event.id, "faults": _in_words(faults)})
                    for event, faults in list(failing.items())[:MOST_LINES]
                ],
            }
        )

    def _rcm_faults_of(self, event):
        """What a stored event violates in this version; values are never named."""
        try:
            data = json.loads(event.canonical or event.payload or "")
        except ValueError:
            return [{"path": "$", "rule": "not readable"}]
        if not event.canonical:
            data = data.get("data")
        never_stored = field_rules.digest_paths(data)
        return [
            fault
            for fault in schema.errors(self.schema, data)
            if fault["path"] not in never_stored
        ]

    # ------------------------------------------------------------------
    # Telling senders
    # ------------------------------------------------------------------
    @api.model
    @tools.ormcache("type_id")
    def _rcm_notice(self, type_id):
        """(name, deprecated since, taken until) of a deprecated version, or None."""
        kind = self.sudo().browse(type_id)  # every sender is told
        if kind.state != "deprecated":
            return None
        return kind.display_name, kind.deprecated_at, kind.deprecation_date

    @api.model
    def _rcm_warning(self, type_id, connector):
        """What the answer to an event of a deprecated version says beside it."""
        notice = self._rcm_notice(type_id)
        if not notice:
            return {}
        name, since, until = notice
        key, now = (self.env.cr.dbname, connector.id, type_id), monotonic()
        if now - _warned.get(key, -WARN_SECONDS) >= WARN_SECONDS:
            _warned[key] = now
            _logger.warning("Connector %s sends deprecated %s", connector.code, name)
        return {
            "deprecated": {
                "type": name,
                "since": since and since.isoformat() + "Z",
                "taken_until": str(until or "") or None,
            }
        }


def headers_of(answer):
    """HTTP headers that say a version ends (RFC 9745 and RFC 8594)."""
    notice = answer.get("deprecated")
    if not notice:
        return {}
    headers = {}
    if notice["since"]:
        since = datetime.fromisoformat(notice["since"].rstrip("Z"))
        stamp = int(since.replace(tzinfo=timezone.utc).timestamp())
        headers["Deprecation"] = f"@{stamp}"
    if notice["taken_until"]:
        last = datetime.fromisoformat(notice["taken_until"])
        end = last.replace(hour=23, minute=59, second=59, tzinfo=timezone.utc)
        headers["Sunset"] = format_datetime(end, usegmt=True)
    return headers


def _in_words(faults):
    return ", ".join(f"{fault['path']} ({fault['rule']})" for fault in faults[:5])[:500]


class RcmEventTypeCheck(models.Model):
    """What a draft contract would have said to recent events."""

    _name = "rcm.event.type.check"
    _inherit = ["rcm.audit.mixin"]
    _description = "Contract Check"
    _order = "id desc"
    _rcm_audit_fields = ("type_id", "schema_hash", "event_count", "failed_count")

    type_id = fields.Many2one(
        "rcm.event.type",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    schema_hash = fields.Char(string="Schema SHA-256", readonly=True)
    user_id = fields.Many2one("res.users", string="Checked By", readonly=True)
    event_count = fields.Integer(string="Events Looked At", readonly=True)
    failed_count = fields.Integer(string="Would Be Refused", readonly=True)
    line_ids = fields.One2many(
        "rcm.event.type.check.line", "check_id", string="Events", readonly=True
    )

    @api.depends("type_id.name", "type_id.version", "create_date")
    def _compute_display_name(self):
        for check in self:
            moment = fields.Datetime.context_timestamp(
                check, check.create_date or fields.Datetime.now()
            )
            check.display_name = (
                f"{check.type_id.display_name}, {moment:%Y-%m-%d %H:%M}"
            )


class RcmEventTypeCheckLine(models.Model):
    """One stored event that a draft contract would refuse, and where."""

    _name = "rcm.event.type.check.line"
    _description = "Refused by a Contract"
    _order = "check_id, id"
    _log_access = False

    check_id = fields.Many2one(
        "rcm.event.type.check",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    event_id = fields.Many2one(
        "rcm.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    connector_id = fields.Many2one(related="event_id.connector_id")
    type_id = fields.Many2one(related="event_id.type_id", string="Sent As")
    received_at = fields.Datetime(related="event_id.received_at")
    faults = fields.Char(string="Where", readonly=True)
