from odoo import api, fields, models
from odoo.exceptions import AccessError

from . import rcm_approval_guard


class RcmApprovalDecision(models.Model):
    """What one person decided on a request. Never changed, never deleted.

    It keeps the evidence: what the person saw, under which rules, for whom. Its hash
    is in the audit log, which is sealed.
    """

    _name = "rcm.approval.decision"
    _description = "Approval Decision"
    _inherit = ["rcm.document.mixin"]
    _order = "id desc"
    _rcm_protected = (
        "request_id",
        "step_id",
        "user_id",
        "on_behalf_of_id",
        "decision",
        "reason",
        "group_id",
        "decided_at",
        "facts_hash",
        "evidence",
        "evidence_hash",
    )

    request_id = fields.Many2one(
        "rcm.approval.request", required=True, index=True, ondelete="restrict"
    )
    step_id = fields.Many2one(
        "rcm.approval.request.step",
        "Step",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    # precompute: the row is never updated
    company_id = fields.Many2one(
        related="request_id.company_id", store=True, precompute=True
    )
    user_id = fields.Many2one("res.users", "By", required=True, ondelete="restrict")
    on_behalf_of_id = fields.Many2one(
        "res.users",
        "On Behalf Of",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The person whose right it was, when a delegate decided.",
    )
    group_id = fields.Many2one("res.groups", "As", ondelete="restrict")
    decision = fields.Selection(
        [("approved", "Approved"), ("refused", "Refused")], required=True
    )
    reason = fields.Char()
    decided_at = fields.Datetime("At", required=True)
    facts_hash = fields.Char(
        help="SHA-256 of the facts as the approver saw them.", readonly=True
    )
    evidence = fields.Json(
        readonly=True, help="The facts as the approver saw them, and the rules."
    )
    evidence_hash = fields.Char(
        readonly=True, help="SHA-256 of the evidence; the audit log holds it too."
    )

    _once_per_person = models.UniqueIndex(
        "(request_id, user_id)", "This person already decided on this request."
    )

    def init(self):
        rcm_approval_guard.install(self.env.cr, self._table)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise AccessError(self.env._("Decisions are evidence and cannot be deleted."))
