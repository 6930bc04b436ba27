from odoo import fields, models


class RcmRemittanceService(models.Model):
    """One SVC of a remittance: a line as the payer decided it."""

    _name = "rcm.remittance.service"
    _inherit = "rcm.remittance.fact"
    _description = "Remittance Service Line"
    _order = "remittance_claim_id, index"
    _rec_name = "code"

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="remittance_claim_id.company_id", store=True)
    facility_id = fields.Many2one(related="remittance_claim_id.facility_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    index = fields.Integer(string="No.", readonly=True)
    qualifier = fields.Char(readonly=True)
    code = fields.Char(readonly=True, help="SVC01: the code the payer decided on.")
    modifiers = fields.Char(readonly=True)
    submitted_code = fields.Char(
        readonly=True, help="SVC06: the code we sent, where the payer changed it."
    )
    submitted_modifiers = fields.Char(readonly=True)
    submitted_qualifier = fields.Char(readonly=True)
    charge = fields.Monetary(readonly=True)
    paid = fields.Monetary(readonly=True)
    revenue_code = fields.Char(readonly=True)
    units_paid = fields.Float(digits=(16, 4), readonly=True)
    units_submitted = fields.Float(digits=(16, 4), readonly=True)
    date_from = fields.Date(string="Date", readonly=True)
    date_to = fields.Date(readonly=True)
    remarks = fields.Char(readonly=True, help="Remark codes of the line.")
    line_control_number = fields.Char(readonly=True, help="REF*6R, our line number.")
    claim_line_id = fields.Many2one(
        "rcm.claim.line", string="Our Line", readonly=True, index="btree_not_null"
    )
    adjustment_ids = fields.One2many(
        "rcm.remittance.adjustment", "service_id", string="Adjustments"
    )
    start_offset = fields.Integer(readonly=True)
    end_offset = fields.Integer(readonly=True)
