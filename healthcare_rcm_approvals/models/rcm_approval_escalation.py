from datetime import timedelta

from odoo import api, fields, models

from ..policy import waiting
from .rcm_approval_request import OPEN_STATES

# Who is asked is looked at again this often, besides when rights change.
RECHECK = timedelta(hours=1)
CRON = "healthcare_rcm_approvals.cron_watch_approvals"


class RcmApprovalRequestStep(models.Model):
    """What happens to a step that nobody decides."""

    _inherit = "rcm.approval.request.step"

    def _rcm_escalate_due(self):
        """Called by the scheduled action for steps whose next mark is due."""
        self._rcm_escalate(fields.Datetime.now())

    def _rcm_escalate(self, now):
        """Set every mark whose time has come, each once: reminder, overdue (the
        alternate is asked too), supervisors."""
        for step in self:
            come = waiting.due(step._rcm_planned(), step._rcm_marks(), now)
            for mark in come:
                getattr(step, f"_rcm_mark_{mark}")(now)
            step._rcm_write({"next_at": step._rcm_following()})

    def _rcm_mark_reminder(self, now):
        self._rcm_write({"reminded_at": now})
        self._rcm_note("reminder", now)
        self.request_id._rcm_remind()

    def _rcm_mark_overdue(self, now):
        request, rule = self.request_id, self._rcm_rule()
        self._rcm_write({"breached_at": now})
        request._rcm_write({"breached": True})
        request._rcm_emit("approval.overdue", changes={"step": [None, self.name]})
        self._rcm_note("overdue", now)
        if rule.escalate_to or rule.escalate_role:
            self._rcm_write({"alternate_at": now})
            user = self.env["res.users"].browse(rule.escalate_to or 0)
            role = self.env["res.groups"].browse(rule.escalate_role or 0)
            self._rcm_note("alternate", now, to_user=user.exists(), text=role.name)
            request._rcm_emit(
                "approval.escalated",
                changes={
                    "escalate_to_id": [None, rule.escalate_to],
                    "escalate_group_id": [None, rule.escalate_role],
                },
            )
            request._rcm_refresh_asked()

    def _rcm_mark_supervisor(self, now):
        self._rcm_write({"supervised_at": now})
        self._rcm_note("supervisor", now)
        self.request_id._rcm_raise_case(
            "approval_stalled",
            self.env._(
                "%(request)s waits for %(who)s longer than the policy allows.",
                request=self.request_id.name,
                who=self.name,
            ),
            amount=self.request_id.amount,
        )

    def _rcm_note(self, kind, now, to_user=None, text=None):
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": self.request_id,
                    "kind": kind,
                    "at": now,
                    "to_user": to_user,
                    "step": self.name,
                    "text": text or None,
                }
            ]
        )


class RcmApprovalRequest(models.Model):
    """The clock of requests."""

    _inherit = "rcm.approval.request"

    due_at = fields.Datetime(
        "Due",
        readonly=True,
        index=True,
        help="When the first open step is over time; business hours of the company.",
    )
    breached = fields.Boolean("Overdue", readonly=True)
    expires_at = fields.Datetime(
        "Lapses On",
        readonly=True,
        index="btree_not_null",
        help="When it lapses if nobody decides; only where its policy says so.",
    )
    auto_at = fields.Datetime(
        "Approved by Waiting On",
        readonly=True,
        index="btree_not_null",
        help="Only where the policy says so: it goes through then unless somebody "
        "refuses it or asks for information.",
    )
    urgency = fields.Selection(
        [("late", "Overdue"), ("soon", "Due soon"), ("on_time", "On time")],
        compute="_compute_urgency",
    )

    @api.depends("due_at", "state", "breached")
    def _compute_urgency(self):
        now = fields.Datetime.now()
        soon = now + timedelta(hours=4)
        for request in self:
            if request.state != "pending" or not request.due_at:
                request.urgency = False
            elif request.breached or request.due_at < now:
                request.urgency = "late"
            else:
                request.urgency = "soon" if request.due_at < soon else "on_time"

    # ------------------------------------------------------------------
    # Steps one after another
    # ------------------------------------------------------------------
    def _rcm_open_steps(self):
        """Steps whose turn it is."""
        return self.step_ids.filtered(lambda step: step.state == "open")

    def _rcm_open_next_steps(self, now):
        """Begin the next steps of requests that have none open."""
        steps = self.env["rcm.approval.request.step"]
        for request in self:
            left = request.step_ids.filtered(lambda step: step.state == "waiting")
            if left and not request._rcm_open_steps():
                lowest = min(left.mapped("sequence"))
                steps |= left.filtered(lambda s, low=lowest: s.sequence == low)
        steps._rcm_open(now)
        self._rcm_set_due()

    def _rcm_set_due(self):
        for request in self:
            times = [at for at in request._rcm_open_steps().mapped("due_at") if at]
            due = min(times, default=False)
            if due != request.due_at:
                request._rcm_write({"due_at": due})

    # ------------------------------------------------------------------
    # Approved by waiting: only where the policy says so
    # ------------------------------------------------------------------
    @api.model
    def _rcm_waiting_ends(self, version, company, now):
        """When waiting approves a request and when it lapses, as its policy says."""
        policy = version._rcm_policy()
        clock = self.env["rcm.exception.type"]
        return {
            name: clock._rcm_hours_later(now, hours, company) if hours > 0 else False
            for name, hours in (
                ("auto_at", policy.auto_after_hours),
                ("expires_at", policy.expire_after_hours),
            )
        }

    def _rcm_expire(self):
        """Let requests lapse that nobody decided in the time their policy gives."""
        for request in self:
            request._rcm_lock()
            if request.state not in OPEN_STATES:
                continue
            hours = request.policy_version_id._rcm_policy().expire_after_hours
            reason = self.env._(
                "Nobody decided within %s business hours. Ask again if it is still "
                "wanted.",
                f"{hours:g}",
            )
            request._rcm_emit("approval.expired")
            request._rcm_close("expired", reason)
            request._rcm_tell_requester(self.env._("Lapsed: %s", reason))

    def _rcm_approve_by_waiting(self):
        """Let requests through whose policy says so and that nobody objected to."""
        for request in self:
            if request._rcm_changed():
                request._rcm_void(self.env._("The document changed."))
                continue
            policy = request.policy_version_id._rcm_policy()
            reason = self.env._(
                "Nobody objected for %(hours)s business hours (%(policy)s: %(why)s).",
                hours=f"{policy.auto_after_hours:g}",
                policy=policy.name,
                why=policy.auto_reason or "",
            )
            request._rcm_emit(
                "approval.approved_by_waiting",
                changes={
                    "policy_version_id": [None, request.policy_version_id.id],
                    "hours": [None, policy.auto_after_hours],
                },
            )
            self.env["rcm.approval.log"]._rcm_append(
                [{"request": request, "kind": "waited", "text": reason}]
            )
            request._rcm_go_on(reason)

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_watch(self):
        """Remind, escalate, end what waited long enough, ask who may decide now."""
        now = fields.Datetime.now()
        self.env["rcm.approval.request.step"]._rcm_run_batches(
            [
                ("state", "=", "open"),
                ("next_at", "<=", now),
                ("request_id.state", "=", "pending"),
            ],
            "_rcm_escalate_due",
            case_type="event_failed",
        )
        self._rcm_run_batches(
            [("state", "=", "pending"), ("auto_at", "<=", now)],
            "_rcm_approve_by_waiting",
        )
        self._rcm_run_batches(
            [("state", "in", OPEN_STATES), ("expires_at", "<=", now)], "_rcm_expire"
        )
        self._rcm_run_batches(
            [
                ("state", "=", "pending"),
                "|",
                ("asked_checked_at", "=", False),
                ("asked_checked_at", "<=", now - RECHECK),
            ],
            "_rcm_watch_asked",
        )

    def _rcm_watch_asked(self):
        """Ask who may decide now; where nobody may, the supervisors have it."""
        self._rcm_refresh_asked()
        lonely = self.filtered(lambda request: not request.asked_ids)
        lonely._rcm_raise_case(
            "approval_stalled",
            self.env._(
                "Nobody may decide this request now: give somebody the role, name a "
                "stand-in, or withdraw it."
            ),
        )

    @api.model
    def _rcm_recheck_all(self):
        """Who is asked may be others now: rights, absences or delegations changed."""
        waiting_now = self.sudo().search(  # the clock's duty, whoever changed rights
            [("state", "=", "pending"), ("asked_checked_at", "!=", False)]
        )
        if waiting_now:
            waiting_now._rcm_write({"asked_checked_at": False})
            self.env["ir.cron"]._rcm_wake(CRON)
