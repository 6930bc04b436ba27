from odoo import api, fields, models

# Exception type → the runbook of its failure class (a file in runbooks/).
RUNBOOKS = {
    "event_schema": "event-schema",
    "event_reference": "event-reference",
    "event_sequence": "event-sequence",
    "event_failed": "event-failed",
    "interface_down": "connector-down",
    "pull_failed": "pull-failed",
    "webhook_failed": "webhook-failed",
    "source_totals": "source-totals",
    "feed_missing": "feed-missing",
    "payment_unmatched": "unmatched-payment",
    "posting_delayed": "delayed-posting",
}


class RcmExceptionType(models.Model):
    """Failures that have a runbook lead to it."""

    _inherit = "rcm.exception.type"

    runbook_url = fields.Char(
        string="Runbook",
        compute="_compute_runbook_url",
        help="What to do, step by step.",
    )

    @api.depends("code")
    def _compute_runbook_url(self):
        for record in self:
            name = RUNBOOKS.get(record.code)
            record.runbook_url = f"/rcm/runbooks/{name}" if name else False


class RcmExceptionCase(models.Model):
    _inherit = "rcm.exception.case"

    runbook_url = fields.Char(related="type_id.runbook_url")
