from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import states

from ..protocol import envelope, replay
from ..protocol.problem import ProblemError
from .rcm_event import STATES
from .rcm_event_attempt import ERROR_CLASSES

MACHINE = "replay"
states.register(
    MACHINE, {"draft": ("checked",), "checked": ("draft", "done"), "done": ()}
)
MOST_EVENTS = 5000
MOST_BY_DOOR = 500
FILTERS = (
    "event_ids",
    "connector_ids",
    "type_ids",
    "event_state",
    "error_class",
    "received_from",
    "received_to",
)
OUTCOMES = [
    (replay.REPLAYED, "Replay"),
    (replay.WAITING, "Leave waiting"),
    (replay.REFUSED, "Refuse"),
]
REASONS = [
    ("ready", "Goes back in line"),
    ("connector_paused", "Goes back in line; its connector is paused or down"),
    ("in_line", "It is in line already"),
    ("no_handler", "No installed part works on it yet"),
    ("done", "It is done"),
    ("processing", "It is being worked on right now"),
    ("connector_disabled", "Its connector is switched off"),
    ("type_retired", "Its event type is retired"),
]
REPLAYABLE = [item for item in STATES if item[0] not in ("received", "processing")]


class RcmReplay(models.Model):
    """One controlled replay: which events, what a dry run said, what came of it."""

    _name = "rcm.replay"
    _inherit = ["rcm.document.mixin"]
    _description = "Replay"
    _order = "id desc"
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_audit_fields = FILTERS
    _rcm_protected = ("checked_at", "done_at", "found_count", "line_ids", "user_id")

    name = fields.Char(string="Why", required=True, help="What was mended before.")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    event_ids = fields.Many2many(
        "rcm.event",
        string="Chosen Events",
        help="Empty: all that the filters below find.",
    )
    connector_ids = fields.Many2many("rcm.connector", string="Connectors")
    type_ids = fields.Many2many("rcm.event.type", string="Types")
    event_state = fields.Selection(
        REPLAYABLE, string="Status of the Events", default="dead"
    )
    error_class = fields.Selection(ERROR_CLASSES, string="Kind of Error")
    received_from = fields.Datetime()
    received_to = fields.Datetime(string="Received Until")
    state = fields.Selection(
        [("draft", "Draft"), ("checked", "Dry run done"), ("done", "Replayed")],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    user_id = fields.Many2one("res.users", string="Replayed By", readonly=True)
    checked_at = fields.Datetime(string="Dry Run", readonly=True)
    done_at = fields.Datetime(string="Replayed On", readonly=True)
    found_count = fields.Integer(string="Found", readonly=True)
    line_ids = fields.One2many("rcm.replay.line", "replay_id", readonly=True)
    replay_count = fields.Integer("To Be Replayed", compute="_compute_counts")
    wait_count = fields.Integer("Left Waiting", compute="_compute_counts")
    refuse_count = fields.Integer("Refused", compute="_compute_counts")

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        groups = self.env["rcm.replay.line"]._read_group(
            [("replay_id", "in", self.ids)], ["replay_id", "outcome"], ["__count"]
        )
        counts = {(record, outcome): count for record, outcome, count in groups}
        for record in self:
            record.replay_count = counts.get((record._origin, replay.REPLAYED), 0)
            record.wait_count = counts.get((record._origin, replay.WAITING), 0)
            record.refuse_count = counts.get((record._origin, replay.REFUSED), 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        if set(FILTERS) & set(vals):
            if any(record.state == "done" for record in self):
                raise UserError(self.env._("This replay is over: make a new one."))
            # What a dry run said holds for what it looked at only.
            checked = self.filtered(lambda record: record.state == "checked")
            checked._rcm_set_state("draft")
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_dry_run(self):
        """Say for each event what a replay would do; change none."""
        self.ensure_one()
        self.env.user._rcm_require("integration_support")
        self.check_access("write")
        if self.state == "done":
            raise UserError(self.env._("This replay is over: make a new one."))
        events = self._rcm_find()
        total = self._rcm_count()
        record = self.sudo()  # results are the system's; the role was checked
        record._rcm_keep(events.sudo(), total)
        record._rcm_set_state("checked", checked_at=fields.Datetime.now())

    def action_run(self):
        """Replay what the dry run found, as far as it still may be replayed."""
        self.ensure_one()
        self.env.user._rcm_require("integration_support")
        self.check_access("write")
        if self.state != "checked":
            raise UserError(self.env._("A dry run comes first."))
        user = self.env.user
        self.sudo()._rcm_run(user)  # nobody writes events; role and rules were checked

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    def _rcm_domain(self):
        """The events meant, by choice or by filter; record rules narrow it further."""
        self.ensure_one()
        domain = fields.Domain("company_id", "=", self.company_id.id)
        if self.event_ids:
            return domain & fields.Domain("id", "in", self.event_ids.ids)
        for name, values in (
            ("connector_id", self.connector_ids.ids),
            ("type_id", self.type_ids.ids),
        ):
            if values:
                domain &= fields.Domain(name, "in", values)
        for name, operator, value in (
            ("state", "=", self.event_state),
            ("error_class", "=", self.error_class),
            ("received_at", ">=", self.received_from),
            ("received_at", "<=", self.received_to),
        ):
            if value:
                domain &= fields.Domain(name, operator, value)
        return domain

    def _rcm_find(self):
        return self.env["rcm.event"].search(
            self._rcm_domain(), order="received_at, id", limit=MOST_EVENTS
        )

    def _rcm_count(self):
        return self.env["rcm.event"].search_count(self._rcm_domain())

    def _rcm_keep(self, events, total):
        """Replace the lines by what would become of ``events`` now."""
        self.line_ids.unlink()
        self.env["rcm.replay.line"].create(
            [
                {
                    "replay_id": self.id,
                    "event_id": event.id,
                    "state_before": event.state,
                    "outcome": judgement.outcome,
                    "reason": judgement.reason,
                }
                for event, judgement in zip(
                    events, events._rcm_judge_replay(), strict=True
                )
            ]
        )
        self._rcm_write({"found_count": total})
        self.invalidate_recordset(["replay_count", "wait_count", "refuse_count"])

    def _rcm_run(self, user):
        """Judge again, replay, and keep what was done with each."""
        events = self.line_ids.event_id
        locked = events.try_lock_for_update()
        for line in self.line_ids:
            judgement = line.event_id._rcm_judge_replay()[0]
            if line.event_id not in locked:
                judgement = replay.Judgement(replay.REFUSED, "processing")
            line.write(
                {
                    "state_before": line.event_id.state,
                    "outcome": judgement.outcome,
                    "reason": judgement.reason,
                }
            )
        going = self.line_ids.filtered(lambda line: line.outcome == replay.REPLAYED)
        going.event_id._rcm_replay()
        self._rcm_set_state("done", done_at=fields.Datetime.now(), user_id=user.id)
        self._rcm_emit("replay.run", {"events": [None, len(going)]})


class RcmReplayLine(models.Model):
    """What a replay does, or did, with one event."""

    _name = "rcm.replay.line"
    _description = "Replayed Event"
    _order = "replay_id, id"
    _log_access = False

    replay_id = fields.Many2one(
        "rcm.replay", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event_id = fields.Many2one(
        "rcm.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    connector_id = fields.Many2one(related="event_id.connector_id", store=True)
    type_id = fields.Many2one(related="event_id.type_id", store=True)
    state_before = fields.Selection(STATES, string="Status Before", readonly=True)
    outcome = fields.Selection(OUTCOMES, string="What Happens", readonly=True)
    reason = fields.Selection(REASONS, string="Why", readonly=True)
    state_now = fields.Selection(related="event_id.state", string="Status Now")
    error_message = fields.Char(related="event_id.error_message")


class RcmEvent(models.Model):
    """Replaying more than one event, and for a connector."""

    _inherit = "rcm.event"

    def _rcm_judge_replay(self):
        """What a replay would do with each of these events, in order."""
        handlers = {kind: kind._rcm_handler() is not None for kind in self.type_id}
        return [
            replay.judge(
                event.state,
                event.connector_id.state,
                event.type_id.state,
                handlers[event.type_id],
            )
            for event in self
        ]

    def action_replay_plan(self):
        """Open a replay of these events, to be looked at in a dry run first."""
        self.env.user._rcm_require("integration_support")
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": "rcm.replay",
            "views": [[False, "form"]],
            "context": {"default_event_ids": self.ids},
        }

    @api.model
    def _rcm_replay_for(self, connector, ids, since, until, dry_run):
        """Replay failed events of a connector at its wish; say what becomes of each.

        :param ids: event ids of the sender, or None for all failed ones
        :param since: only those received at or after, or None; ``until`` likewise
        """
        domain = fields.Domain("connector_id", "=", connector.id)
        if ids is None:
            domain &= fields.Domain("state", "=", "dead")
        else:
            domain &= fields.Domain("external_id", "in", ids)
        if since:
            domain &= fields.Domain("received_at", ">=", since)
        if until:
            domain &= fields.Domain("received_at", "<=", until)
        # The filter on the connector is the right.
        events = self.sudo().search(domain, order="id", limit=MOST_BY_DOOR)
        unknown = sorted(set(ids or ()) - set(events.mapped("external_id")))
        if unknown:
            raise ProblemError(
                "not-found",
                "No event of yours with these ids, in this time.",
                ids=unknown,
            )
        judgements = {
            event: replay.judge_own(judgement, event.state)
            for event, judgement in zip(events, events._rcm_judge_replay(), strict=True)
        }
        going = events.filtered(lambda e: judgements[e].outcome == replay.REPLAYED)
        if not dry_run:
            locked = going.try_lock_for_update()
            for event in going - locked:
                judgements[event] = replay.Judgement(replay.REFUSED, "processing")
            locked._rcm_replay()
        return {
            "dry_run": dry_run,
            "events": [
                {
                    "id": event.external_id,
                    "outcome": judgements[event].outcome,
                    "reason": judgements[event].reason,
                    "status": event.state,
                    "received_at": envelope.format_time(event.received_at),
                }
                for event in events
            ],
        }
