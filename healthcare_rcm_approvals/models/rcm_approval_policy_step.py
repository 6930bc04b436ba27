from odoo import fields, models

from ..policy import Step


class RcmApprovalPolicyStep(models.Model):
    """One level of a policy: so many people of a role."""

    _name = "rcm.approval.policy.step"
    _inherit = "rcm.audit.mixin"
    _description = "Approval Policy Step"
    _order = "policy_id, sequence, id"
    _rcm_audit_fields = ("policy_id", "sequence", "group_id", "needed")

    policy_id = fields.Many2one(
        "rcm.approval.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(
        default=10, help="Steps with the same number are asked at the same time."
    )
    group_id = fields.Many2one("res.groups", "Role", required=True, ondelete="restrict")
    needed = fields.Integer(
        "How many", default=1, help="How many different people of the role must agree."
    )

    _needed_positive = models.Constraint(
        "CHECK(needed > 0)", "At least one person has to agree."
    )

    def _rcm_facts(self) -> Step:
        """This record as the pure rules want it."""
        self.ensure_one()
        return Step(self.id, self.sequence, self.group_id.id, self.needed)
