import logging

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

# Working hours until a level that reached nobody is tried again.
RETRY_HOURS = 4.0


class RcmExceptionClock(models.Model):
    """Time passes over a case: it wakes up, is overdue, and people are told."""

    _inherit = "rcm.exception.case"

    @api.model
    def _cron_watch(self):
        """Wake waiting cases, mark overdue ones, escalate what stays overdue."""
        now = fields.Datetime.now()
        running = ("open", "in_progress")
        self._rcm_run_batches(
            [("state", "=", "waiting"), ("wake_at", "<=", now)], "_rcm_wake_up"
        )
        self._rcm_run_batches(
            [
                ("state", "in", running),
                ("breached", "=", False),
                ("due_at", "<=", now),
            ],
            "_rcm_mark_overdue",
        )
        self._rcm_run_batches(
            [("state", "in", running), ("next_escalation_at", "<=", now)],
            "_rcm_escalate_further",
        )

    def _rcm_mark_overdue(self):
        """Mark the breach; the first level of the queue's chain is told at its time."""
        now = fields.Datetime.now()
        self._rcm_write_logged(
            {case.id: {"breached": True} for case in self},
            "rcm.exception.case.overdue",
        )
        for case in self:
            first = case._rcm_escalation_chain()[:1]
            case._rcm_write({"next_escalation_at": case._rcm_later(now, first[0][1])})
        self.filtered(
            lambda case: case.next_escalation_at <= now
        )._rcm_escalate_further()

    def _rcm_escalation_chain(self):
        """Return [(who, working hours after the one before)] of the case's queue."""
        self.ensure_one()
        steps = self.queue_id.escalation_ids.sorted(lambda step: step.sequence)
        if steps:
            return [(step.user_id, step.after_hours) for step in steps]
        return [(self.queue_id.owner_id or self.owner_id, 0.0)]

    def _rcm_escalate_further(self):
        """Tell the next person up, once; after the last level the chain ends."""
        now = fields.Datetime.now()
        vals_by_id, told = {}, []
        for case in self:
            chain = case._rcm_escalation_chain()
            level = case.escalation_level
            if level >= len(chain):
                vals_by_id[case.id] = {"next_escalation_at": False}
                continue
            user = case._rcm_whom_to_tell(chain[level][0])
            if not user:
                _logger.warning("overdue case %s: nobody can be told", case.id)
                case._rcm_write(
                    {"next_escalation_at": case._rcm_later(now, RETRY_HOURS)}
                )
                continue
            following = chain[level + 1 : level + 2]
            vals_by_id[case.id] = {
                "escalation_level": level + 1,
                "next_escalation_at": case._rcm_later(now, following[0][1])
                if following
                else False,
            }
            told.append((case, user, level + 1))
        self._rcm_write_logged(vals_by_id, "rcm.exception.case.escalated")
        self.env["rcm.exception.escalation.notice"].create(
            [
                {
                    "case_id": case.id,
                    "level": level,
                    "user_id": user.id,
                    "due_at": case.due_at,
                    "told_at": now,
                }
                for case, user, level in told
            ]
        )
        for case, user, _level in told:
            case._rcm_notify(user)

    def _rcm_whom_to_tell(self, user):
        """Return ``user`` or, when they cannot open the case, who stands in.

        That is a finance manager of the company (integration support for technical
        cases), then an administrator; nobody when none of them can open it.
        """
        self.ensure_one()
        if self._rcm_open_to(user, "read"):
            return user
        role = "integration_support" if self.kind == "technical" else "finance_manager"
        for group in (role, "administrator"):
            people = self.env.ref(f"healthcare_rcm_base.group_{group}").all_user_ids
            for stand_in in people.sorted("id"):
                if self.company_id in stand_in.company_ids and self._rcm_open_to(
                    stand_in, "read"
                ):
                    return stand_in
        return user.browse()

    def _rcm_open_to(self, user, operation):
        """Whether ``user`` works here and may read or write this case."""
        self.ensure_one()
        if not user or not user.active or user.share:
            return False
        # Their companies, not those that whoever raised the case has switched on.
        as_user = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return as_user.has_access(operation)

    def _rcm_notify(self, user):
        """Give ``user`` an activity that names the case, never the patient."""
        self.ensure_one()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=self.env._("Overdue exception %s", self.name),
            note=self.env._(
                "%(type)s on %(document)s was due on %(due)s.",
                type=self.type_id.name,
                document=self.record_name,
                due=fields.Datetime.to_string(self.due_at),
            ),
        )
