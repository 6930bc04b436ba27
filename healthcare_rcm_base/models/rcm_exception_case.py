from odoo import api, fields, models

from .readable import readable_ids

STATES = [
    ("open", "Open"),
    ("in_progress", "In Progress"),
    ("waiting", "Waiting"),
    ("resolved", "Resolved"),
    ("dismissed", "Dismissed"),
]
OPEN_STATES = ("open", "in_progress", "waiting")
DUE_SOON_HOURS = 4
ROOT_CAUSES = [
    ("source_data", "Wrong or missing data at the source"),
    ("master_data", "Master data or contract"),
    ("coverage", "Coverage or authorization"),
    ("coding", "Coding"),
    ("payer", "Payer behaviour"),
    ("interface", "Interface or file"),
    ("setup", "Set-up of this system"),
    ("user", "Handling mistake"),
    ("other", "Other"),
]
RESOLUTIONS = [
    ("corrected", "Corrected and run again"),
    ("corrected_source", "Corrected at the source"),
    ("cleared_itself", "The step went through later"),
    ("accepted", "Accepted as it is"),
    ("duplicate", "Duplicate"),
    ("not_an_error", "Not an error"),
]


class RcmExceptionCase(models.Model):
    """One failure of one record: who has it, until when, what came of it.

    At most one open case per (type, record): a repeat adds an occurrence. Texts
    carry no patient data.
    """

    _name = "rcm.exception.case"
    _inherit = [
        "rcm.document.mixin",
        "rcm.batch.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "Exception Case"
    _order = "due_at, amount desc, id"
    _rec_name = "name"
    _rcm_state_machine = "case"
    _rcm_protected = (
        "name",
        "type_id",
        "res_model",
        "res_id",
        "record_name",
        "company_id",
        "facility_id",
        "payer_id",
        "queue_id",
        "owner_id",
        "message",
        "expected",
        "actual",
        "difference",
        "amount",
        "occurrence_count",
        "first_seen_at",
        "last_seen_at",
        "due_at",
        "breached",
        "escalation_level",
        "next_escalation_at",
        "wake_at",
        "waiting_reason",
        "hours_left",
        "resolved_at",
        "resolved_by_id",
    )

    name = fields.Char(string="Number", readonly=True, copy=False, default="New")
    type_id = fields.Many2one(
        "rcm.exception.type", required=True, readonly=True, index=True
    )
    type_code = fields.Char(related="type_id.code", store=True, index=True)
    kind = fields.Selection(related="type_id.kind", store=True)
    severity = fields.Selection(related="type_id.severity", store=True)
    instructions = fields.Text(related="type_id.instructions")
    state = fields.Selection(
        STATES,
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
        group_expand="_group_expand_states",
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Integer(string="Document ID", required=True, readonly=True)
    record_name = fields.Char(string="Document", readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one("rcm.facility", readonly=True, index="btree_not_null")
    payer_id = fields.Many2one("rcm.payer", readonly=True, index="btree_not_null")
    queue_id = fields.Many2one("rcm.exception.queue", readonly=True, index=True)
    owner_id = fields.Many2one("res.users", readonly=True, index=True)
    message = fields.Char(readonly=True)
    expected = fields.Char(readonly=True)
    actual = fields.Char(readonly=True)
    difference = fields.Char(readonly=True)
    amount = fields.Monetary(
        string="Amount at Stake", readonly=True, help="Money that waits for this case."
    )
    occurrence_ids = fields.One2many(
        "rcm.exception.occurrence", "case_id", string="Occurrences", readonly=True
    )
    occurrence_count = fields.Integer(
        string="Times Seen", default=1, readonly=True, aggregator="sum"
    )
    first_seen_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    last_seen_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    due_at = fields.Datetime(
        string="Due",
        readonly=True,
        index=True,
        help="End of the type's target, in working hours of the queue's calendar, else "
        "the company's. Waiting stops the clock.",
    )
    breached = fields.Boolean(string="Overdue", readonly=True)
    escalation_level = fields.Integer(readonly=True, aggregator="max")
    next_escalation_at = fields.Datetime(readonly=True)
    urgency = fields.Selection(
        [("late", "Overdue"), ("soon", "Due soon"), ("on_time", "On time")],
        compute="_compute_urgency",
    )
    is_mine = fields.Boolean(compute="_compute_is_mine")
    can_open_record = fields.Boolean(
        compute="_compute_can_open_record",
        help="The document is there and the reader may see it.",
    )
    can_reprocess = fields.Boolean(
        compute="_compute_can_reprocess",
        help="The document has a step to run again, and the reader may run it.",
    )
    wake_at = fields.Datetime(string="Waiting Until", readonly=True)
    waiting_reason = fields.Char(readonly=True)
    hours_left = fields.Float(
        string="Working Hours Left",
        readonly=True,
        aggregator=None,
        help="What was left of the target when the case was put aside; the clock goes "
        "on with it when it wakes up.",
    )
    escalation_notice_ids = fields.One2many(
        "rcm.exception.escalation.notice",
        "case_id",
        string="Escalations",
        readonly=True,
    )
    root_cause = fields.Selection(ROOT_CAUSES)
    resolution_code = fields.Selection(RESOLUTIONS, string="Resolution")
    resolution = fields.Char(string="Resolution Note")
    resolved_at = fields.Datetime(readonly=True)
    resolved_by_id = fields.Many2one("res.users", string="Resolved By", readonly=True)

    _open_unique = models.UniqueIndex(
        "(type_id, res_model, res_id) "
        "WHERE state IN ('open', 'in_progress', 'waiting')",
        "This record has an open case of this type already.",
    )
    _record_idx = models.Index("(res_model, res_id)")
    _work_idx = models.Index(
        "(due_at) WHERE state IN ('open', 'in_progress', 'waiting')"
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("due_at", "state", "breached")
    def _compute_urgency(self):
        """Due soon is within so many working hours of those who have the case."""
        now, soon_by_hours = fields.Datetime.now(), {}
        for case in self:
            if case.state not in OPEN_STATES or not case.due_at:
                case.urgency = False
            elif case.breached:
                case.urgency = "late"
            elif case.state == "waiting":
                case.urgency = "on_time"  # the clock stands still
            elif case.due_at < now:
                case.urgency = "late"
            else:
                hours = case.company_id, case.queue_id.calendar_id
                if hours not in soon_by_hours:
                    soon_by_hours[hours] = case._rcm_later(now, DUE_SOON_HOURS)
                soon = case.due_at <= soon_by_hours[hours]
                case.urgency = "soon" if soon else "on_time"

    @api.depends("owner_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for case in self:
            case.is_mine = case.owner_id == self.env.user

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_open_record(self):
        for model, cases in self.grouped("res_model").items():
            readable = readable_ids(self.env, model, cases.mapped("res_id"))
            for case in cases:
                case.can_open_record = case.res_id in readable

    @api.depends("can_open_record")
    @api.depends_context("uid")
    def _compute_can_reprocess(self):
        """As the step itself asks; a button that only refuses is not shown."""
        user = self.env.user
        for model, cases in self.grouped("res_model").items():
            documents = self.env[model] if model in self.env else None
            may = hasattr(documents, "_rcm_reprocess") and user._rcm_has_role(
                *documents._rcm_reprocess_roles
            )
            for case in cases:
                case.can_reprocess = may and case.can_open_record

    @api.model
    def _group_expand_states(self, states, domain):
        """Show the open columns always, the closed ones when they hold something."""
        return [
            code for code, _label in STATES if code in OPEN_STATES or code in states
        ]

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        # here, so that the log has it before what automation rules do with the case
        cases._rcm_emit(
            "rcm.exception.case.opened",
            changes_by_id={case.id: {"type": [None, case.type_code]} for case in cases},
        )
        return cases
