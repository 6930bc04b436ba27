from odoo import api, fields, models

from ..policy import waiting
from .rcm_approval_policy_step import APPROVER_KINDS

STEP_STATES = [
    ("waiting", "Not yet"),
    ("open", "Waiting"),
    ("done", "Done"),
    ("ended", "Not needed any more"),
]


class RcmApprovalRequestStep(models.Model):
    """One level of a request: who is asked since when, and how long they may take.

    Made from the version of the policy the request points at, never from the live
    policy. Its clock counts business hours of the company's calendar and stands still
    while information is asked for.
    """

    _name = "rcm.approval.request.step"
    _description = "Approval Request Step"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _order = "request_id, sequence, id"
    _rcm_protected = (
        "request_id",
        "ref",
        "sequence",
        "name",
        "approver_kind",
        "group_id",
        "needed",
        "sla_hours",
        "require_reason",
        "require_attachment",
        "state",
        "opened_at",
        "closed_at",
        "due_at",
        "remind_at",
        "supervisor_at",
        "next_at",
        "hours_left",
        "hours_taken",
        "reminded_at",
        "breached_at",
        "alternate_at",
        "supervised_at",
        "forwarded_to_id",
        "asked_ids",
    )

    request_id = fields.Many2one(
        "rcm.approval.request",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    ref = fields.Integer("Step of the Policy", readonly=True, aggregator=None)
    sequence = fields.Integer("Order", readonly=True, aggregator=None)
    name = fields.Char("Who", required=True, readonly=True)
    approver_kind = fields.Selection(APPROVER_KINDS, readonly=True)
    group_id = fields.Many2one("res.groups", "Role", readonly=True, ondelete="restrict")
    needed = fields.Integer(readonly=True, aggregator=None)
    taken = fields.Integer("Agreed", compute="_compute_taken")
    progress = fields.Char(compute="_compute_taken")
    sla_hours = fields.Float("Within (hours)", readonly=True, aggregator="avg")
    require_reason = fields.Boolean("Reason", readonly=True)
    require_attachment = fields.Boolean("Attachment", readonly=True)
    state = fields.Selection(
        STEP_STATES,
        string="Status",
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    opened_at = fields.Datetime("Asked", readonly=True)
    closed_at = fields.Datetime("Ended", readonly=True)
    due_at = fields.Datetime("Due", readonly=True)
    remind_at = fields.Datetime(readonly=True)
    supervisor_at = fields.Datetime(readonly=True)
    next_at = fields.Datetime("Next Escalation", readonly=True, index=True)
    hours_left = fields.Float(
        readonly=True,
        aggregator=None,
        help="What was left of the time when information was asked for.",
    )
    hours_taken = fields.Float("Business Hours Taken", readonly=True, aggregator="avg")
    reminded_at = fields.Datetime("Reminded", readonly=True)
    breached_at = fields.Datetime("Overdue Since", readonly=True)
    alternate_at = fields.Datetime("Alternate Asked", readonly=True)
    supervised_at = fields.Datetime("With the Supervisors", readonly=True)
    forwarded_to_id = fields.Many2one("res.users", "Forwarded To", readonly=True)
    asked_ids = fields.Many2many(
        "res.users",
        "rcm_approval_request_step_asked_rel",
        "step_id",
        "user_id",
        "People Asked",
        readonly=True,
    )
    decision_ids = fields.One2many("rcm.approval.decision", "step_id", "Decisions")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("decision_ids.decision", "needed")
    def _compute_taken(self):
        for step in self:
            agreed = step.decision_ids.filtered(lambda d: d.decision == "approved")
            step.taken = len(agreed)
            step.progress = self.env._(
                "%(taken)s of %(needed)s", taken=step.taken, needed=step.needed
            )

    def _rcm_audit_name(self):
        return f"{self.request_id.name}: {self.name}"

    # ------------------------------------------------------------------
    # Making (called by requests)
    # ------------------------------------------------------------------
    @api.model
    def _rcm_make(self, requests):
        """The steps of each request, as its version of the policy says."""
        rules = {
            version: version._rcm_steps() for version in requests.policy_version_id
        }
        return self._rcm_create(
            [
                {
                    "request_id": request.id,
                    "ref": rule.ref,
                    "sequence": rule.sequence,
                    "name": self._rcm_name_of(rule),
                    "approver_kind": rule.kind,
                    "group_id": rule.role,
                    "needed": rule.needed,
                    "sla_hours": rule.sla_hours,
                    "require_reason": rule.require_reason,
                    "require_attachment": rule.require_attachment,
                }
                for request in requests
                for rule in rules.get(request.policy_version_id, ())
            ]
        )

    @api.model
    def _rcm_name_of(self, rule):
        """Who is asked, in a word."""
        if rule.kind == "role":
            return self.env["res.groups"].browse(rule.role).name or "?"
        if rule.kind == "users":
            people = self.env["res.users"].browse(sorted(rule.users)).exists()
            return ", ".join(people.mapped("name")) or "?"
        if rule.kind == "manager":
            return self.env._("Manager of the requester")
        return self.env._("Person named on the document (%s)", rule.field_name)

    def _rcm_rule(self):
        """The pure rule of this step, from the version of its request."""
        self.ensure_one()
        rules = self.request_id.policy_version_id._rcm_steps()
        return next(rule for rule in rules if rule.ref == self.ref)

    # ------------------------------------------------------------------
    # Its turn, its end
    # ------------------------------------------------------------------
    def _rcm_open(self, now):
        """It is this step's turn: its clock starts."""
        memo = {}
        for step in self:
            hours = step._rcm_hours()
            times = step._rcm_times(now, hours, memo)
            step._rcm_write({"state": "open", "opened_at": now, **times})
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": step.request_id,
                    "kind": "step_opened",
                    "at": now,
                    "step": step.name,
                }
                for step in self
            ]
        )

    def _rcm_hours(self):
        company = self.request_id.company_id
        return waiting.hours_of(
            self.sla_hours,
            company.rcm_approval_remind_percent,
            company.rcm_approval_supervisor_hours,
        )

    def _rcm_times(self, start, hours, memo):
        """When the marks of this step are due, counted from ``start``."""
        company = self.request_id.company_id

        def at(number):
            if number is None:
                return False
            key = company.id, start, number
            if key not in memo:
                memo[key] = self.env["rcm.exception.type"]._rcm_hours_later(
                    start, number, company
                )
            return memo[key]

        times = {
            "remind_at": at(hours.reminder),
            "due_at": at(hours.overdue),
            "supervisor_at": at(hours.supervisor),
        }
        planned = [time for time in times.values() if time]
        return {**times, "next_at": min(planned, default=False)}

    def _rcm_done(self, now):
        """Enough people agreed."""
        self._rcm_finish("done", now)
        self.env["rcm.approval.log"]._rcm_append(
            [
                {"request": step.request_id, "kind": "step_done", "step": step.name}
                for step in self
            ]
        )

    def _rcm_end(self, now):
        """The request is over: what was not done is not needed any more."""
        self.filtered(lambda step: step.state in ("waiting", "open"))._rcm_finish(
            "ended", now
        )

    def _rcm_finish(self, state, now):
        for step in self:
            step._rcm_write(
                {
                    "state": state,
                    "closed_at": now,
                    "next_at": False,
                    "hours_taken": step._rcm_hours_between(step.opened_at, now),
                    "asked_ids": [fields.Command.clear()],
                }
            )

    def _rcm_hours_between(self, start, end):
        """Business hours between two moments; 0 when it never began."""
        if not start:
            return 0.0
        return self.env["rcm.exception.type"]._rcm_hours_left(
            start, end, self.request_id.company_id
        )

    # ------------------------------------------------------------------
    # The clock stands still while information is asked for
    # ------------------------------------------------------------------
    def _rcm_pause(self, now):
        for step in self:
            left = step._rcm_hours_between(now, step.due_at) if step.due_at else 0.0
            step._rcm_write({"hours_left": left, "next_at": False})

    def _rcm_resume(self, now):
        """Go on with what was left of the time."""
        for step in self.filtered("due_at"):
            hours = step._rcm_hours()
            used = step.sla_hours - step.hours_left
            rest = waiting.Hours(
                None if hours.reminder is None else max(hours.reminder - used, 0.0),
                step.hours_left,
                hours.supervisor - used,
            )
            times = step._rcm_times(now, rest, {})
            if step.breached_at:
                times["due_at"] = step.due_at  # missed already stays missed
            step._rcm_write(times)
            step._rcm_write({"next_at": step._rcm_following()})

    # ------------------------------------------------------------------
    # Marks, as the pure rules want them
    # ------------------------------------------------------------------
    def _rcm_planned(self):
        return {
            waiting.REMINDER: self.remind_at or None,
            waiting.OVERDUE: self.due_at or None,
            waiting.SUPERVISOR: self.supervisor_at or None,
        }

    def _rcm_marks(self):
        marks = {
            waiting.REMINDER: self.reminded_at,
            waiting.OVERDUE: self.breached_at,
            waiting.SUPERVISOR: self.supervised_at,
        }
        return frozenset(mark for mark, at in marks.items() if at)

    def _rcm_following(self):
        return waiting.following(self._rcm_planned(), self._rcm_marks()) or False
