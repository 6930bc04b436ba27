from odoo import fields, models
from odoo.exceptions import UserError

from ..models.rcm_exception_case import RESOLUTIONS, ROOT_CAUSES


class RcmExceptionStep(models.TransientModel):
    """One step on one or many cases: assign, wait, resolve or dismiss."""

    _name = "rcm.exception.step"
    _description = "Handle Exceptions"

    case_ids = fields.Many2many("rcm.exception.case", string="Cases", required=True)
    step = fields.Selection(
        [
            ("assign", "Assign"),
            ("wait", "Wait"),
            ("resolve", "Resolve"),
            ("dismiss", "Dismiss"),
        ],
        required=True,
        default="resolve",
    )
    user_id = fields.Many2one(
        "res.users", string="New Owner", domain=[("share", "=", False)]
    )
    queue_id = fields.Many2one("rcm.exception.queue", string="Queue")
    wake_at = fields.Datetime(string="Wait Until")
    reason = fields.Char(help="Without patient data.")
    root_cause = fields.Selection(ROOT_CAUSES)
    resolution_code = fields.Selection(RESOLUTIONS, string="Resolution")

    def action_apply(self):
        """Do the step on all chosen cases."""
        self.ensure_one()
        cases = self.case_ids
        cases._rcm_require_worker()
        getattr(self, f"_rcm_{self.step}")(cases)
        return {"type": "ir.actions.act_window_close"}

    def _rcm_assign(self, cases):
        if not self.user_id:
            raise UserError(self.env._("Choose who gets the cases."))
        for case in cases:
            if not case.with_user(self.user_id).has_access("write"):
                raise UserError(
                    self.env._(
                        "%(user)s may not work on %(case)s.",
                        user=self.user_id.name,
                        case=case.name,
                    )
                )
        cases._rcm_hand_over(self.user_id, self.queue_id)

    def _rcm_wait(self, cases):
        if not self.wake_at or not self.reason:
            raise UserError(self.env._("Say until when, and what you are waiting for."))
        cases._rcm_wait(self.wake_at, self.reason)

    def _rcm_resolve(self, cases):
        self._rcm_close(cases, "resolved")

    def _rcm_dismiss(self, cases):
        if not self.reason:
            raise UserError(self.env._("Say why nothing has to be done."))
        self._rcm_close(cases, "dismissed")

    def _rcm_close(self, cases, state):
        if not self.root_cause or not self.resolution_code:
            raise UserError(self.env._("Choose a root cause and a resolution."))
        # Role and access were checked in action_apply; state is protected.
        cases.sudo()._rcm_close(
            state, self.resolution_code, self.reason, self.root_cause
        )
