from odoo import api, fields, models


class RcmExceptionReprocess(models.TransientModel):
    """What came of running blocked steps again, case by case."""

    _name = "rcm.exception.reprocess"
    _description = "Reprocess Results"

    line_ids = fields.One2many("rcm.exception.reprocess.line", "reprocess_id")
    ok_count = fields.Integer(string="Resolved", compute="_compute_counts")
    failed_count = fields.Integer(string="Still Blocked", compute="_compute_counts")

    @api.depends("line_ids.ok")
    def _compute_counts(self):
        for wizard in self:
            wizard.ok_count = len(wizard.line_ids.filtered("ok"))
            wizard.failed_count = len(wizard.line_ids) - wizard.ok_count


class RcmExceptionReprocessLine(models.TransientModel):
    """The result of one case."""

    _name = "rcm.exception.reprocess.line"
    _description = "Reprocess Result"

    reprocess_id = fields.Many2one(
        "rcm.exception.reprocess", required=True, index=True, ondelete="cascade"
    )
    case_id = fields.Many2one("rcm.exception.case", required=True, readonly=True)
    type_id = fields.Many2one(related="case_id.type_id")
    record_name = fields.Char(related="case_id.record_name")
    ok = fields.Boolean(string="Resolved", readonly=True)
    message = fields.Char(readonly=True)
