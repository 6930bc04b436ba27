from odoo import api, fields, models
from odoo.exceptions import AccessError


class RcmApprovalDecision(models.Model):
    """What one person decided on a request. Never changed, never deleted."""

    _name = "rcm.approval.decision"
    _description = "Approval Decision"
    _inherit = ["rcm.document.mixin"]
    _order = "id desc"
    _rcm_protected = (
        "request_id",
        "user_id",
        "decision",
        "reason",
        "group_id",
        "decided_at",
        "facts_hash",
    )

    request_id = fields.Many2one(
        "rcm.approval.request", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    user_id = fields.Many2one("res.users", "By", required=True, ondelete="restrict")
    group_id = fields.Many2one("res.groups", "As", ondelete="restrict")
    decision = fields.Selection(
        [("approved", "Approved"), ("refused", "Refused")], required=True
    )
    reason = fields.Char()
    decided_at = fields.Datetime("At", required=True)
    facts_hash = fields.Char(
        help="SHA-256 of the facts as the approver saw them.", readonly=True
    )

    _once_per_person = models.UniqueIndex(
        "(request_id, user_id)", "This person already decided on this request."
    )

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise AccessError(self.env._("Decisions are evidence and cannot be deleted."))
