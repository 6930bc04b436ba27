from odoo import api, fields, models

SEQUENCES = {1: "primary", 2: "secondary", 3: "tertiary"}


class RcmCoverage(models.Model):
    """A patient's insurance with one payer, and its place in the order of payers."""

    _name = "rcm.coverage"
    _inherit = "rcm.audit.mixin"
    _description = "Coverage"
    _order = "patient_id, sequence, date_from desc, id"
    _check_company_auto = True
    _rcm_audit_fields = ("payer_id", "sequence", "date_from", "date_to", "active")

    patient_id = fields.Many2one(
        "rcm.patient.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="patient_id.company_id", store=True)
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        string="Order",
        required=True,
        default=1,
        help="1 is billed first, 2 next, 3 after that.",
    )
    member_id = fields.Char(
        string="Member ID", groups="healthcare_rcm_base.group_patient_data"
    )
    group_number = fields.Char(groups="healthcare_rcm_base.group_patient_data")
    subscriber_relationship = fields.Selection(
        [
            ("self", "Self"),
            ("spouse", "Spouse"),
            ("child", "Child"),
            ("other", "Other"),
        ],
        string="Patient Is Subscriber's",
        default="self",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A coverage cannot end before it begins.",
    )
    _sequence_in_range = models.Constraint(
        "CHECK(sequence BETWEEN 1 AND 9)", "The order of payers runs from 1 to 9."
    )

    @api.depends("payer_id", "sequence")
    def _compute_display_name(self):
        for coverage in self:
            place = SEQUENCES.get(coverage.sequence, str(coverage.sequence))
            coverage.display_name = f"{coverage.payer_id.name} ({place})"

    def _rcm_audit_name(self):
        return f"{self.patient_id.name} / {self.payer_id.code}"
