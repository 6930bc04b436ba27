from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

CASE = "policy_review_due"
# Days after which a review nobody did is no longer only the owner's matter.
PATIENCE_DAYS = 14


class RcmApprovalPolicy(models.Model):
    """Every policy is looked at again, at the latest on its review date."""

    _name = "rcm.approval.policy"
    _inherit = ["rcm.approval.policy", "mail.thread", "mail.activity.mixin"]

    owner_id = fields.Many2one(
        "res.users",
        "Owner",
        domain="[('share', '=', False)]",
        ondelete="restrict",
        help="Answers for the policy and is reminded of its review.",
    )
    review_months = fields.Integer(
        "Review Every (months)", default=12, help="0: the policy is not reviewed."
    )
    next_review_on = fields.Date(
        "Next Review",
        copy=False,
        default=lambda self: (
            fields.Date.context_today(self) + relativedelta(months=12)
        ),
    )
    last_reviewed_on = fields.Date("Last Review", readonly=True, copy=False)
    last_reviewed_by_id = fields.Many2one(
        "res.users", "Reviewed By", readonly=True, copy=False, ondelete="restrict"
    )
    review_due = fields.Boolean(
        compute="_compute_review_due", search="_search_review_due"
    )

    _review_not_negative = models.Constraint(
        "CHECK(review_months >= 0)", "The time between reviews cannot be negative."
    )

    @api.model
    def _rcm_protected_fields(self):
        reviewed = {"last_reviewed_on", "last_reviewed_by_id"}
        return super()._rcm_protected_fields() | reviewed

    @api.depends("next_review_on", "review_months", "active")
    def _compute_review_due(self):
        today = fields.Date.context_today(self)
        for policy in self:
            policy.review_due = bool(
                policy.active
                and policy.review_months
                and policy.next_review_on
                and policy.next_review_on <= today
            )

    @api.model
    def _search_review_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        due = [
            ("active", "=", True),
            ("review_months", ">", 0),
            ("next_review_on", "<=", fields.Date.context_today(self)),
        ]
        return due if True in value else ["!", "&", "&", *due]

    def action_reviewed(self):
        """Say that the policy was looked at and stands; the next review is set."""
        self.env.user._rcm_require("administrator", "finance_manager")
        self.check_access("read")
        # the role was checked; a review changes no rule
        policies = self.sudo()
        today = fields.Date.context_today(self)
        vals_by_id = {
            policy.id: {
                "last_reviewed_on": today,
                "last_reviewed_by_id": self.env.uid,
                "next_review_on": today
                + relativedelta(months=policy.review_months or 12),
            }
            for policy in policies
        }
        policies._rcm_write_logged(vals_by_id, "approval_policy.reviewed")
        policies.activity_unlink(["mail.mail_activity_data_todo"])
        policies._rcm_resolve_cases([CASE], self.env._("Reviewed."))
        return True

    # ------------------------------------------------------------------
    # Chasing
    # ------------------------------------------------------------------
    @api.model
    def _cron_chase_reviews(self):
        """Remind owners; what nobody owns or looked at in time becomes a case."""
        today = fields.Date.context_today(self)
        for policy in self.search([("review_due", "=", True)]):
            owner = policy.owner_id
            late = today - relativedelta(days=PATIENCE_DAYS)
            if not owner.active or policy.next_review_on <= late:
                policy._rcm_raise_review_case(owner)
            if owner.active and not policy.activity_ids:
                policy.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=policy.next_review_on,
                    summary=self.env._("Review this approval policy"),
                    user_id=owner.id,
                )

    def _rcm_raise_review_case(self, owner):
        if owner.active:
            message = self.env._("The review of this policy is overdue.")
        else:
            message = self.env._("This policy is due for review and nobody owns it.")
        self._rcm_raise_case(CASE, message)

    def _rcm_reprocess(self, case):
        """Settled when somebody reviewed, archived or gave it more time."""
        if case.type_id.code != CASE:
            return super()._rcm_reprocess(case)
        return not any(self.mapped("review_due"))
