from odoo import api, fields, models
from odoo.exceptions import UserError

from ..policy import Decider
from .rcm_approval_request import OPEN_STATES

# Who may answer for a document that an automation asked for.
ANSWERERS = (
    "biller",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "finance_manager",
    "administrator",
)


class RcmApprovalRequest(models.Model):
    """What people do besides deciding: ask, answer, hand on, withdraw."""

    _inherit = "rcm.approval.request"

    question = fields.Char(readonly=True, help="What an approver wants to know.")
    questioner_id = fields.Many2one("res.users", "Asked By", readonly=True)

    can_answer = fields.Boolean(compute="_compute_can_answer")

    @api.depends("requester_id", "state")
    @api.depends_context("uid")
    def _compute_can_answer(self):
        worker = self.env.user._rcm_has_role(*ANSWERERS)
        for request in self:
            request.can_answer = request.state == "info_requested" and (
                worker or request.requester_id == self.env.user
            )

    # ------------------------------------------------------------------
    # Actions (dialogs)
    # ------------------------------------------------------------------
    def action_ask_information(self):
        """Ask the requester something before deciding."""
        self.ensure_one()
        self._rcm_require_decider()
        return self._rcm_dialog("ask", self.env._("Ask for Information"))

    def action_answer(self):
        """Answer the approver's question."""
        self.ensure_one()
        self._rcm_require_answerer()
        return self._rcm_dialog("answer", self.env._("Answer"))

    def action_forward(self):
        """Hand the request to another person who may decide it."""
        self.ensure_one()
        self._rcm_require_decider()
        return self._rcm_dialog("forward", self.env._("Forward"))

    def action_withdraw(self):
        """Take a request back; only the requester or an administrator."""
        self.check_access("read")
        for request in self:
            if request.requester_id != self.env.user:
                self.env.user._rcm_require("administrator")
            if request.state not in OPEN_STATES:
                raise UserError(self.env._("It is no longer waiting for a decision."))
            # checked above; the state itself is protected
            request.sudo()._rcm_withdraw()

    def _rcm_withdraw(self):
        self._rcm_lock()
        self._rcm_emit("approval.withdrawn")
        self._rcm_close("withdrawn", self.env._("Withdrawn"))

    # ------------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------------
    def _rcm_require_decider(self):
        """The step that the person may decide now; refuses with the reason."""
        self.ensure_one()
        self.check_access("read")
        request = self.sudo()  # the rules look at more than the person may
        if request.state not in OPEN_STATES:
            raise UserError(self.env._("It is no longer waiting for a decision."))
        step, found = request._rcm_find_step(self.env.user)
        if step is None:
            raise UserError(self._rcm_refusal(found))
        return step

    def _rcm_require_answerer(self):
        self.check_access("read")
        if self.requester_id != self.env.user:
            self.env.user._rcm_require(*ANSWERERS)
        if self.state != "info_requested":
            raise UserError(self.env._("Nobody asked for information."))

    # ------------------------------------------------------------------
    # Steps (called by the dialog; each checks again)
    # ------------------------------------------------------------------
    def _rcm_ask(self, question):
        """Put a question to the requester; the clock stands still until the answer."""
        step = self._rcm_require_decider()
        request = self.sudo()  # checked above; the state itself is protected
        request._rcm_lock()
        if request.state != "pending":
            raise UserError(self.env._("A question is open already."))
        now = fields.Datetime.now()
        request._rcm_set_state(
            "info_requested", question=question, questioner_id=self.env.uid
        )
        request._rcm_open_steps()._rcm_pause(now)
        request._rcm_emit("approval.information_asked")
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": request,
                    "kind": "information",
                    "to_user": request.requester_id,
                    "step": step.name,
                    "text": question,
                }
            ]
        )
        request._rcm_activities_of("ask").unlink()
        request._rcm_tell_requester(self.env._("A question: %s", question), todo=True)

    def _rcm_answer(self, answer):
        """Answer; the request waits for its approvers again."""
        self._rcm_require_answerer()
        request = self.sudo()  # checked above; the state itself is protected
        request._rcm_lock()
        if request.state != "info_requested":
            raise UserError(self.env._("Nobody asked for information."))
        questioner = request.questioner_id
        request._rcm_set_state("pending", question=False, questioner_id=False)
        request._rcm_open_steps()._rcm_resume(fields.Datetime.now())
        request._rcm_set_due()
        request._rcm_emit("approval.information_given")
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": request,
                    "kind": "answer",
                    "to_user": questioner,
                    "text": answer,
                }
            ]
        )
        request._rcm_activities_of("answer").unlink()
        request._rcm_refresh_asked()
        request._rcm_tell_asked({request: request.asked_ids}, note=answer)

    def _rcm_drop_question(self):
        """Who asked decided without the answer: nobody has to give it any more."""
        self._rcm_set_state("pending", question=False, questioner_id=False)
        self._rcm_open_steps()._rcm_resume(fields.Datetime.now())
        self._rcm_activities_of("answer").unlink()

    def _rcm_forward(self, user, reason):
        """Hand the step to ``user``, who must be one of those who may decide it."""
        step = self._rcm_require_decider()
        request = self.sudo()  # checked above; the step itself is protected
        request._rcm_lock()
        why = request._rcm_why_not_forward(step, user)
        if why:
            raise UserError(why)
        step._rcm_write({"forwarded_to_id": user.id})
        request._rcm_emit(
            "approval.forwarded", changes={"forwarded_to_id": [None, user.id]}
        )
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": request,
                    "kind": "forwarded",
                    "to_user": user,
                    "step": step.name,
                    "text": reason,
                }
            ]
        )
        request._rcm_refresh_asked()

    def _rcm_why_not_forward(self, step, user):
        """Why this person cannot have it, in words, or None."""
        if user == self.env.user:
            return self.env._("You have it already.")
        entitled = self._rcm_entitled(step)
        decider = Decider(user.id, frozenset())
        why = self._rcm_why_not(decider, entitled, self._rcm_situation())
        if why is None:
            return None
        if why == "missing_role":
            return self.env._(
                "%s may not decide this step. Forwarding gives nobody a right: choose "
                "somebody the policy names, or delegate yours.",
                user.name,
            )
        return self.env._(
            "%s prepared, requested or decided on this document already.", user.name
        )

    def _rcm_forward_candidates(self):
        """Who could have it: everybody else who may decide one of the open steps."""
        situation = self._rcm_situation()
        found = self.env["res.users"]
        for step in self._rcm_open_steps():
            entitled = self._rcm_entitled(step)
            for user in entitled - self.env.user:
                decider = Decider(user.id, frozenset())
                if self._rcm_why_not(decider, entitled, situation) is None:
                    found |= user
        return found
