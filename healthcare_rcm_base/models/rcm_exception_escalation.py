from odoo import api, fields, models


class RcmExceptionEscalation(models.Model):
    """One level of a queue's escalation chain: whom, and how long after the one before.

    Level 1 is told when the target is missed. Each level is told once for a case.
    """

    _name = "rcm.exception.escalation"
    _inherit = "rcm.audit.mixin"
    _description = "Escalation Level"
    _order = "queue_id, sequence, id"
    _rcm_audit_fields = ("queue_id", "sequence", "user_id", "after_hours")

    queue_id = fields.Many2one(
        "rcm.exception.queue", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    level = fields.Integer(compute="_compute_level")
    user_id = fields.Many2one(
        "res.users", string="Who", required=True, domain=[("share", "=", False)]
    )
    after_hours = fields.Float(
        string="Working Hours Later",
        help="Working hours after the level before; the first level counts from the "
        "missed target.",
    )

    _hours_positive = models.Constraint(
        "CHECK(after_hours >= 0)", "Escalation hours cannot be negative."
    )

    @api.depends("sequence", "queue_id.escalation_ids.sequence")
    def _compute_level(self):
        for step in self:
            chain = step.queue_id.escalation_ids.sorted(lambda one: one.sequence)
            step.level = (
                list(chain.ids).index(step.id) + 1 if step.id in chain.ids else 0
            )


class RcmExceptionEscalationNotice(models.Model):
    """Who was told that a case is overdue, and when."""

    _name = "rcm.exception.escalation.notice"
    _description = "Escalation Notice"
    _order = "id"
    _log_access = False

    case_id = fields.Many2one(
        "rcm.exception.case", required=True, index=True, ondelete="cascade"
    )
    told_at = fields.Datetime(string="Time", required=True, default=fields.Datetime.now)
    level = fields.Integer(aggregator=None)
    user_id = fields.Many2one("res.users", string="Told")
    due_at = fields.Datetime(string="Was Due")

    _level_unique = models.UniqueIndex(
        "(case_id, level)", "Each level is told once for a case."
    )
