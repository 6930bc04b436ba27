from odoo import fields, models


class RcmExceptionOccurrence(models.Model):
    """Each time the same failure hit the same record while its case was open."""

    _name = "rcm.exception.occurrence"
    _description = "Exception Occurrence"
    _order = "id desc"
    _log_access = False

    case_id = fields.Many2one(
        "rcm.exception.case", required=True, index=True, ondelete="cascade"
    )
    occurred_at = fields.Datetime(
        string="Time", required=True, default=fields.Datetime.now
    )
    message = fields.Char()
    expected = fields.Char()
    actual = fields.Char()
