from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..policy import FIELD, MANAGER, ROLE, USERS, Step

APPROVER_KINDS = [
    (ROLE, "Role"),
    (USERS, "Named people"),
    (MANAGER, "Manager of the requester"),
    (FIELD, "Person named on the document"),
]


class RcmApprovalPolicyStep(models.Model):
    """One level of a policy: who has to agree, how many of them, how soon."""

    _name = "rcm.approval.policy.step"
    _inherit = "rcm.audit.mixin"
    _description = "Approval Policy Step"
    _order = "policy_id, sequence, id"
    _rcm_audit_fields = (
        "policy_id",
        "sequence",
        "approver_kind",
        "group_id",
        "user_ids",
        "field_name",
        "needed",
        "sla_hours",
        "escalate_to_id",
        "escalate_group_id",
        "require_reason",
        "require_attachment",
    )

    policy_id = fields.Many2one(
        "rcm.approval.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(
        default=10, help="Steps with the same number are asked at the same time."
    )
    approver_kind = fields.Selection(
        APPROVER_KINDS, string="Who", required=True, default=ROLE
    )
    group_id = fields.Many2one("res.groups", "Role", ondelete="restrict")
    user_ids = fields.Many2many(
        "res.users",
        "rcm_approval_policy_step_user_rel",
        "step_id",
        "user_id",
        string="People",
    )
    field_name = fields.Char(
        "Document Field",
        help="Technical name of a field of the document that holds a user.",
    )
    needed = fields.Integer(
        "How Many", default=1, help="How many different people must agree."
    )
    sla_hours = fields.Float(
        "Within (hours)",
        help="Business hours by the company's calendar until the step escalates; 0 "
        "for no limit.",
    )
    escalate_to_id = fields.Many2one(
        "res.users",
        "Escalate To",
        ondelete="restrict",
        help="This person is asked too once the time is over.",
    )
    escalate_group_id = fields.Many2one(
        "res.groups",
        "Escalate to Role",
        ondelete="restrict",
        help="This role is asked too once the time is over.",
    )
    require_reason = fields.Boolean(
        "Reason", help="Approving needs a reason as well; refusing always does."
    )
    require_attachment = fields.Boolean(
        "Attachment", help="Nobody approves before a file is attached."
    )

    _needed_positive = models.Constraint(
        "CHECK(needed > 0)", "At least one person has to agree."
    )
    _sla_not_negative = models.Constraint(
        "CHECK(sla_hours >= 0)", "The time to decide cannot be negative."
    )

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains("approver_kind", "group_id", "user_ids", "field_name", "needed")
    def _check_approver(self):
        """Every step names somebody, and enough of them."""
        for step in self:
            named = {
                ROLE: step.group_id,
                USERS: step.user_ids,
                FIELD: step.field_name,
                MANAGER: True,
            }
            if not named[step.approver_kind]:
                raise ValidationError(
                    self.env._("Say who has to agree in each step of the policy.")
                )
            most = {USERS: len(step.user_ids), MANAGER: 1, FIELD: 1}
            if step.needed > most.get(step.approver_kind, step.needed):
                raise ValidationError(
                    self.env._("A step asks for more people than it names.")
                )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_facts(self) -> Step:
        """This record as the pure rules want it."""
        self.ensure_one()
        return Step(
            ref=self.id,
            sequence=self.sequence,
            role=self.group_id.id or None,
            needed=self.needed,
            kind=self.approver_kind,
            users=frozenset(self.user_ids.ids),
            field_name=self.field_name or None,
            sla_hours=self.sla_hours,
            escalate_to=self.escalate_to_id.id or None,
            escalate_role=self.escalate_group_id.id or None,
            require_reason=self.require_reason,
            require_attachment=self.require_attachment,
        )

    def _rcm_audit_company_id(self):
        return self.policy_id.company_id.id
