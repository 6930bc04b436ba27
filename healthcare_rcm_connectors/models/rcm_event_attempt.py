from odoo import fields, models

from ..protocol import retry

ERROR_CLASSES = [
    (retry.SCHEMA, "Content does not fit the contract"),
    (retry.REFERENCE, "Names something unknown here"),
    (retry.BUSINESS, "Not allowed by a rule"),
    (retry.SEQUENCE, "Waits for an earlier event"),
    (retry.TRANSIENT, "Passing obstacle"),
    (retry.BUG, "Unexpected failure"),
]
OUTCOMES = [
    ("done", "Done"),
    ("ignored", "Ignored"),
    ("waiting_predecessor", "Waiting"),
    ("retry", "Will be tried again"),
    ("dead", "Given up"),
]


class RcmEventAttempt(models.Model):
    """One try at an event: when, how long, and what came of it."""

    _name = "rcm.event.attempt"
    _description = "Event Attempt"
    _order = "id desc"
    _log_access = False

    event_id = fields.Many2one(
        "rcm.event", required=True, index=True, ondelete="cascade", readonly=True
    )
    number = fields.Integer(readonly=True)
    started_at = fields.Datetime(readonly=True)
    duration_ms = fields.Integer(string="Duration (ms)", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    error_class = fields.Selection(ERROR_CLASSES, string="Kind of Error", readonly=True)
    error_code = fields.Char(readonly=True)
    message = fields.Char(readonly=True)
