from odoo import api, fields, models

TREATMENTS = [
    ("account", "Account"),
    ("recovery", "Overpayment"),
    ("forward", "Forward Balance"),
    ("memo", "Memo"),
    ("interest", "Interest"),
    ("unmapped", "No Rule"),
]


class RcmRemittanceProviderAdjustment(models.Model):
    """One PLB pair: an adjustment of the payment as such, not of a claim."""

    _name = "rcm.remittance.provider.adjustment"
    _inherit = "rcm.remittance.fact"
    _description = "Provider Adjustment"
    _order = "remittance_id, index"
    _rec_name = "reason_code"

    remittance_id = fields.Many2one(
        "rcm.remittance", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="remittance_id.company_id", store=True)
    facility_id = fields.Many2one(related="remittance_id.facility_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    index = fields.Integer(string="No.", readonly=True)
    provider_identifier = fields.Char(string="Provider", readonly=True)
    fiscal_date = fields.Date(readonly=True)
    reason_code = fields.Char(string="Reason", readonly=True)
    reference = fields.Char(readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Positive reduces the payment, negative increases it."
    )
    treatment = fields.Selection(TREATMENTS, string="What Happens", readonly=True)
    rule_id = fields.Many2one("rcm.posting.rule", readonly=True, ondelete="set null")
    settlements = fields.Json(readonly=True)
    words = fields.Char(compute="_compute_words")
    start_offset = fields.Integer(readonly=True)

    @api.depends("rule_id")
    def _compute_words(self):
        for adjustment in self:
            adjustment.words = adjustment.rule_id.name or self.env._(
                "Add a posting rule for this code"
            )
