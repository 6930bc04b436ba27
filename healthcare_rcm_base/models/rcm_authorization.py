from odoo import api, fields, models


class RcmAuthorization(models.Model):
    """A payer's prior consent to services: codes, dates and units."""

    _name = "rcm.authorization"
    _inherit = "rcm.audit.mixin"
    _description = "Authorization"
    _order = "date_from desc, id desc"
    _rec_name = "number"
    _check_company_auto = True
    _rcm_audit_fields = (
        "number",
        "payer_id",
        "date_from",
        "date_to",
        "units_authorized",
        "units_used",
        "state",
    )

    number = fields.Char(required=True, index=True)
    patient_id = fields.Many2one(
        "rcm.patient.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="patient_id.company_id", store=True)
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    service_code_ids = fields.Many2many(
        "rcm.service.code",
        string="Services",
        help="Services it covers. Empty: all of them.",
    )
    units_authorized = fields.Float(
        digits=(12, 3), help="0 when the payer set no limit of units."
    )
    units_used = fields.Float(digits=(12, 3))
    units_left = fields.Float(
        digits=(12, 3), compute="_compute_units_left", store=True
    )
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("confirmed", "Confirmed"),
            ("denied", "Denied"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="confirmed",
    )

    _number_patient_uniq = models.UniqueIndex(
        "(patient_id, payer_id, number)", "This authorization is on file already."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "An authorization cannot end before it begins.",
    )
    _units_not_negative = models.Constraint(
        "CHECK(units_authorized >= 0 AND units_used >= 0)",
        "Units cannot be negative.",
    )

    @api.depends("units_authorized", "units_used")
    def _compute_units_left(self):
        for authorization in self:
            authorization.units_left = (
                authorization.units_authorized - authorization.units_used
            )
