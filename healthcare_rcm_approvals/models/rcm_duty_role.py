from odoo import fields, models

from .rcm_duty_conflict import DUTIES


class RcmDutyRole(models.Model):
    """Which duties a role lets its holders do: what the report of users reads."""

    _name = "rcm.duty.role"
    _inherit = "rcm.audit.mixin"
    _description = "Duties of a Role"
    _order = "group_id, duty"
    _rec_name = "group_id"
    _rcm_audit_fields = ("group_id", "duty", "active")

    active = fields.Boolean(default=True)
    group_id = fields.Many2one(
        "res.groups", "Role", required=True, index=True, ondelete="cascade"
    )
    duty = fields.Selection(DUTIES, required=True)

    _role_duty_unique = models.UniqueIndex(
        "(group_id, duty)", "This role has this duty already."
    )
