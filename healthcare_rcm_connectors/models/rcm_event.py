from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core import redaction

from ..protocol import retry
from .rcm_event_attempt import ERROR_CLASSES

STATES = [
    ("received", "Received"),
    ("processing", "In Progress"),
    ("waiting_predecessor", "Waiting"),
    ("retry", "To Be Tried Again"),
    ("done", "Done"),
    ("dead", "Failed"),
    ("ignored", "Ignored"),
]
WAITING_STATES = ("received", "processing", "waiting_predecessor", "retry")
CASE_OF_CLASS = {
    retry.SCHEMA: "event_schema",
    retry.REFERENCE: "event_reference",
    retry.SEQUENCE: "event_sequence",
    retry.BUSINESS: "event_failed",
    retry.TRANSIENT: "event_failed",
    retry.BUG: "event_failed",
}
CRON = "healthcare_rcm_connectors.cron_process_events"
LANE = "healthcare_rcm_connectors.cron_process_events_lane"


class RcmEvent(models.Model):
    """The inbox: one row per event an external system sent, with its payload.

    Rows are made by the doors alone (``rcm_event_intake``) and worked on by a
    scheduled action (``rcm_event_processing``; what a failure means is decided in
    ``rcm_event_verdict`` and recorded in ``rcm_event_settle``). The payload is
    patient data.
    """

    _name = "rcm.event"
    _inherit = ["rcm.document.mixin"]
    _description = "Event"
    _order = "id desc"
    _rec_name = "external_id"
    _rcm_state_machine = "event"
    _rcm_reprocess_roles = ("integration_support", "biller")
    _rcm_protected = (
        "connector_id",
        "company_id",
        "external_id",
        "type_id",
        "facility_id",
        "business_key",
        "occurred_at",
        "received_at",
        "payload",
        "payload_hash",
        "document_refs",
        "canonical",
        "mapping_id",
        "mapping_steps",
        "remap",
        "error_class",
        "error_code",
        "error_message",
    )

    connector_id = fields.Many2one("rcm.connector", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    external_id = fields.Char(string="Event ID", required=True, readonly=True)
    type_id = fields.Many2one(
        "rcm.event.type", string="Type", required=True, readonly=True, index=True
    )
    facility_id = fields.Many2one("rcm.facility", readonly=True, index=True)
    business_key = fields.Char(
        readonly=True, help="Events with the same key are worked on in order."
    )
    awaited_key = fields.Char(
        readonly=True, copy=False, help="What it waits for: it goes on when that comes."
    )
    occurred_at = fields.Datetime(string="Happened", required=True, readonly=True)
    received_at = fields.Datetime(string="Received", required=True, readonly=True)
    done_at = fields.Datetime(string="Finished", readonly=True)
    payload = fields.Text(
        string="Raw Payload",
        readonly=True,
        copy=False,
        prefetch=False,
        groups="healthcare_rcm_base.group_clinical",
    )
    payload_hash = fields.Char(string="Content SHA-256", readonly=True)
    payload_size = fields.Integer(string="Size (bytes)", readonly=True)
    payload_shown = fields.Text(
        string="Payload",
        compute="_compute_payload_shown",
        help="What was sent; patient data only for people who may see patients.",
    )
    priority = fields.Integer(readonly=True, default=10)
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="received"
    )
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    attempt_ids = fields.One2many("rcm.event.attempt", "event_id", readonly=True)
    next_attempt_at = fields.Datetime(string="Next Attempt", readonly=True)
    deadline_at = fields.Datetime(string="Waits Until", readonly=True)
    error_class = fields.Selection(ERROR_CLASSES, string="Kind of Error", readonly=True)
    error_code = fields.Char(readonly=True)
    error_message = fields.Char(string="What Went Wrong", readonly=True)
    what_to_do = fields.Char(compute="_compute_what_to_do")
    document_refs = fields.Json(readonly=True)
    document_names = fields.Char(string="Documents", compute="_compute_document_names")

    _external_id_uniq = models.Constraint(
        "UNIQUE(connector_id, external_id)", "This connector used this event id before."
    )
    _lane_idx = models.Index("(connector_id, priority, id) WHERE state = 'received'")
    _due_idx = models.Index(
        "(next_attempt_at) WHERE state IN ('retry', 'waiting_predecessor')"
    )
    _open_key_idx = models.Index(
        "(company_id, business_key, occurred_at, id) WHERE state IN "
        "('received', 'processing', 'retry', 'waiting_predecessor')"
    )
    _awaited_key_idx = models.Index(
        "(company_id, awaited_key) WHERE state = 'waiting_predecessor'"
    )
    _done_key_idx = models.Index(
        "(company_id, business_key, type_id, occurred_at) WHERE state = 'done'"
    )
    _traffic_idx = models.Index("(connector_id, received_at)")
    _state_idx = models.Index("(state) WHERE state <> 'done'")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _rcm_is_sensitive(self):
        """Predicate: does a payload field of this name hold patient data?"""
        own = self.type_id._rcm_sensitive_keys()
        return lambda key: key.lower() in own or redaction.is_sensitive(key)

    @api.depends("state", "error_class", "error_code")
    def _compute_what_to_do(self):
        for record in self:
            record.what_to_do = record._rcm_advice()

    def _rcm_advice(self):
        """One sentence for the person who looks at an event that is not done."""
        if self.state in ("done", "received", "processing"):
            return False
        if self.error_code == "no_handler":
            return self.env._("Nothing: it is worked on once that part is installed.")
        if self.error_code == "stale":
            return self.env._("Nothing: a newer event of the same kind was applied.")
        advice = {
            retry.SCHEMA: self.env._(
                "Ask the sender to correct the content and send it with a new event id."
            ),
            retry.REFERENCE: self.env._(
                "Create or correct the named master data, then replay the event."
            ),
            retry.BUSINESS: self.env._(
                "Correct what the message names, then replay the event; or ask the "
                "sender for a corrected event with a new id."
            ),
            retry.SEQUENCE: self.env._(
                "Find out whether the earlier event was sent; replay this one after it."
            ),
            retry.TRANSIENT: self.env._(
                "It is tried again by itself; if it has failed, replay it."
            ),
            retry.BUG: self.env._(
                "Tell the supplier the place named in the message; replay the event "
                "after the correction."
            ),
        }
        return advice.get(self.error_class, False)

    @api.depends("document_refs")
    def _compute_document_names(self):
        for record in self:
            refs = record.document_refs or []
            record.document_names = ", ".join(ref["name"] for ref in refs)

    def _rcm_audit_name(self):
        return f"{self.type_id.name} {self.external_id}"

    @api.model
    def _rcm_waiting_domain(self):
        """Events that still have to be worked on."""
        return fields.Domain("state", "in", WAITING_STATES)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_replay(self):
        """Put failed, waiting or ignored events back in line."""
        self.env.user._rcm_require("integration_support")
        self.check_access("read")
        self.sudo()._rcm_replay()  # the role was checked; nobody writes events
        return True

    def _rcm_replay(self):
        wrong = self.filtered(lambda event: event.state in ("done", "processing"))
        if wrong:
            raise UserError(
                self.env._(
                    "An event that is done cannot be replayed: %s",
                    ", ".join(wrong.mapped("external_id")),
                )
            )
        moving = self.filtered(lambda event: event.state != "received")
        moving._rcm_emit("event.replayed")
        moving._rcm_set_state("received")
        moving.write({"next_attempt_at": False, "deadline_at": False})
        self._rcm_wake_processing()

    def action_ignore(self):
        """Close failed events that need not be worked on any more."""
        self.env.user._rcm_require("integration_support")
        self.check_access("read")
        events = self.sudo()  # the role was checked; nobody writes events
        events._rcm_set_state("ignored", done_at=fields.Datetime.now())
        events._rcm_resolve_cases(resolution=self.env._("The event was set aside."))
        return True

    def _rcm_reprocess(self, case):
        """Try the event again now, in this transaction; True when it went through.

        While an earlier event of its business key is open it goes back in line
        instead: nobody gets past the order.
        """
        self.ensure_one()
        self._rcm_lock()
        if self.state in ("done", "ignored"):
            return True
        if self._rcm_is_behind_another():
            self._rcm_replay()
            return False
        self._rcm_process_batch()
        return self.state in ("done", "ignored")

    def _rcm_lock(self):
        """Keep the lanes off these events until the transaction ends."""
        if len(self.try_lock_for_update()) < len(self):
            raise UserError(self.env._("This event is being worked on right now."))

    def action_open_documents(self):
        """Open what this event made or changed."""
        self.ensure_one()
        refs = self.document_refs or []
        if not refs:
            raise UserError(self.env._("This event has no documents."))
        model = refs[0]["model"]
        ids = [ref["id"] for ref in refs if ref["model"] == model]
        action = {
            "type": "ir.actions.act_window",
            "name": self.env[model]._description,
            "res_model": model,
            "domain": [("id", "in", ids)],
            "views": [[False, "list"], [False, "form"]],
        }
        if len(ids) == 1:
            action.update(res_id=ids[0], views=[[False, "form"]])
        return action

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_wake_processing(self):
        """Start working as soon as this transaction commits."""
        self.env["ir.cron"]._rcm_wake(CRON)

    @api.model
    def _rcm_waiting_count(self, connector_id, most):
        """How many events of a connector wait, counted up to ``most``."""
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT 1 FROM rcm_event WHERE connector_id = %s"
                " AND state = 'received' LIMIT %s) AS waiting",
                connector_id,
                most,
            )
        )
        return count

    @api.model
    def _rcm_oldest_received(self):
        """When the oldest event came that nobody has touched yet, or None."""
        [[moment]] = self.env.execute_query(
            SQL(
                "SELECT min(e.received_at) FROM rcm_event e"
                " JOIN rcm_connector c ON c.id = e.connector_id"
                " WHERE e.state = 'received' AND c.state = 'active' AND c.active"
            )
        )
        return moment
