from odoo import fields, models

ERRORS = [
    ("status", "Answered with an error"),
    ("redirect", "Answered with a redirect"),
    ("timeout", "No answer in time"),
    ("connection", "No connection"),
    ("certificate", "Certificate not trusted"),
    ("private_address", "Address not allowed"),
    ("scheme", "Not https"),
    ("credentials", "Credentials in the address"),
    ("host", "No such host"),
    ("port", "Port not allowed"),
    ("no_secret", "No secret"),
]


class RcmDeliveryAttempt(models.Model):
    """One try to deliver: when, how long, what came back."""

    _name = "rcm.delivery.attempt"
    _description = "Delivery Attempt"
    _order = "id desc"

    delivery_id = fields.Many2one(
        "rcm.delivery", required=True, readonly=True, index=True, ondelete="cascade"
    )
    number = fields.Integer(required=True, readonly=True)
    tried_at = fields.Datetime(required=True, readonly=True)
    duration_ms = fields.Integer("Duration (ms)", readonly=True)
    status = fields.Integer("HTTP Status", readonly=True)
    error = fields.Selection(ERRORS, readonly=True)
