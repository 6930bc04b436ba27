import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..protocol import business_key, schema

STATES = [
    ("draft", "Draft"),
    ("active", "Active"),
    ("deprecated", "Deprecated"),
    ("retired", "Retired"),
]
TAKEN = ("active", "deprecated")
CLASSES = [("real_time", "Real time"), ("batch", "Batch")]


class RcmEventType(models.Model):
    """A contract: one version of one event, as JSON Schema (draft 2020-12)."""

    _name = "rcm.event.type"
    _inherit = ["rcm.audit.mixin", "rcm.remembered.mixin"]
    _description = "Event Type"
    _order = "name, version desc"
    _rcm_audit_fields = (
        "active",
        "name",
        "version",
        "state",
        "schema",
        "handler_model",
        "owner",
        "deprecation_date",
        "activation_note",
        "delivery_class",
        "class_reason",
        "financial_sensitivity",
        "urgency",
        "reconciled",
        "patient_impact",
    )

    name = fields.Char(string="Event", required=True, index=True)
    version = fields.Integer(required=True, default=1)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        # The module's own contracts are checked before they are shipped.
        default=lambda self: "active" if self.env.su else "draft",
        help="Draft: taken from nobody yet. Deprecated: still taken, senders are told "
        "to move on. Retired: refused.",
    )
    deprecation_date = fields.Date(
        string="Taken Until", help="Announced to senders of a deprecated version."
    )
    description = fields.Text(help="What happened when this event is sent.")
    owner = fields.Char(help="Who decides on this contract.")
    delivery_class = fields.Selection(
        CLASSES,
        string="Class",
        required=True,
        default="real_time",
        help="Real-time events are worked on before batch events.",
    )
    class_reason = fields.Char(
        string="Why This Class",
        help="Financial sensitivity, urgency, reconciliation and patient impact.",
    )
    schema = fields.Text(string="JSON Schema", required=True, prefetch=False)
    example = fields.Text(prefetch=False)
    handler_model = fields.Char(
        string="Handler",
        help="Model that turns the payload into steps of the suite. Without one, "
        "events are stored and wait until a part that works on them is installed.",
    )
    business_key_template = fields.Char(
        string="Business Key",
        help="Events with the same key are worked on in order, for example "
        "encounter:{encounter.facility}:{encounter.number}. Empty: no order.",
    )
    facility_path = fields.Char(
        help="Where the payload names its facility, for example encounter.facility."
    )
    redacted_keys = fields.Char(
        string="Hidden Fields",
        help="Names of payload fields, separated by commas, that are never shown "
        "beside those hidden everywhere.",
    )
    latest_wins = fields.Boolean(
        help="An event that is older than one already applied to the same business "
        "key is ignored instead of undoing it."
    )
    max_attempts = fields.Integer(
        string="Most Attempts",
        default=8,
        required=True,
        help="Tries after passing obstacles before the event is given up.",
    )
    wait_hours = fields.Integer(
        string="Wait for Predecessor (hours)",
        default=72,
        required=True,
        help="How long an event waits for the one that must come before it.",
    )
    event_count = fields.Integer(compute="_compute_event_count")

    _name_version_uniq = models.Constraint(
        "UNIQUE(name, version)", "This event type has this version already."
    )
    _version_positive = models.Constraint(
        "CHECK(version BETWEEN 1 AND 32767)", "Versions count from 1."
    )
    _limits = models.Constraint(
        "CHECK(max_attempts BETWEEN 1 AND 50 AND wait_hours BETWEEN 1 AND 2160)",
        "Attempts are 1 to 50, waiting 1 to 2160 hours.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("name", "version")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.name} v{record.version}"

    def _compute_event_count(self):
        counts = dict(
            self.env["rcm.event"]._read_group(
                [("type_id", "in", self.ids)], ["type_id"], ["__count"]
            )
        )
        for record in self:
            record.event_count = counts.get(record, 0)

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains("schema", "example")
    def _check_schema(self):
        for record in self:
            try:
                schema.check_schema(record.schema)
            except schema.InvalidSchema as error:
                raise ValidationError(
                    self.env._(
                        "The schema of %(type)s cannot be used: %(reason)s",
                        type=record.display_name,
                        reason=error,
                    )
                ) from None
            record._check_example()

    def _check_example(self):
        if not self.example:
            return
        try:
            example = json.loads(self.example)
        except ValueError as error:
            raise ValidationError(
                self.env._("The example is not JSON: %s", error)
            ) from None
        if faults := schema.errors(self.schema, example):
            raise ValidationError(
                self.env._(
                    "The example does not fit the schema: %s", json.dumps(faults[:5])
                )
            )

    @api.constrains("handler_model")
    def _check_handler_model(self):
        for record in self.filtered("handler_model"):
            if record._rcm_handler() is None:
                raise ValidationError(
                    self.env._(
                        "%s is not an event handler of this database.",
                        record.handler_model,
                    )
                )

    @api.constrains("business_key_template")
    def _check_business_key_template(self):
        for record in self.filtered("business_key_template"):
            if not business_key.paths(record.business_key_template):
                raise ValidationError(
                    self.env._("A business key names a field of the payload in braces.")
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        self.check_access("write")
        # A contract in use never changes under its senders; the module's own data
        # is loaded by the system.
        if {"schema", "name", "version"} & set(vals) and not self.env.su:
            if any(record.event_count for record in self):
                raise UserError(
                    self.env._(
                        "Events of this version were received: make a new version "
                        "instead of changing it."
                    )
                )
        result = super().write(vals)
        if vals.get("handler_model"):
            self._rcm_release_events()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_events(self):
        """Open the events of this type and version."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_event_action"
        )
        return {**action, "domain": [("type_id", "=", self.id)], "context": {}}

    def action_new_version(self):
        """Open a draft of the next version, starting from this one."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        newest = self.with_context(active_test=False).search(
            [("name", "=", self.name)], order="version desc", limit=1
        )
        copy = self.copy(
            {
                "version": newest.version + 1,
                "state": "draft",
                "deprecation_date": False,
                "activation_note": False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": copy.id,
            "views": [[False, "form"]],
        }

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_known(self):
        """["name v1", …] of what can be sent, for error answers."""
        known = self.sudo().search([("state", "in", TAKEN)], order="name, version")
        return [record.display_name for record in known]

    def _rcm_schema_errors(self, data):
        """What ``data`` violates: path and rule, never a value."""
        self.ensure_one()
        return schema.errors(self.sudo().schema, data)  # whoever maps it again

    def _rcm_release_events(self):
        """Events that waited for a part that works on them go on."""
        Event = self.env["rcm.event"].sudo()  # a matter of the inbox, not the person
        Event.search(
            [
                ("type_id", "in", self.ids),
                ("state", "=", "waiting_predecessor"),
                ("error_code", "=", "no_handler"),
            ]
        ).write({"next_attempt_at": fields.Datetime.now()})
        Event._rcm_wake_processing()

    def _rcm_handler(self):
        """The handler as an empty model, or None when this part is not installed."""
        self.ensure_one()
        return self.env["rcm.adapter"]._rcm_find("handle", self.handler_model)

    def _rcm_sensitive_keys(self):
        """Payload fields this type hides beside those hidden everywhere."""
        self.ensure_one()
        names = (self.redacted_keys or "").split(",")
        return frozenset(name.strip().lower() for name in names if name.strip())
