from odoo import fields, models


class RcmRemittanceReceipt(models.Model):
    """One arrival of a remittance file; the same file may arrive many times."""

    _name = "rcm.remittance.receipt"
    _inherit = "rcm.remittance.fact"
    _description = "Remittance File Receipt"
    _order = "id"

    file_id = fields.Many2one(
        "rcm.remittance.file", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="file_id.company_id", store=True)
    filename = fields.Char(readonly=True)
    source = fields.Char(readonly=True)
    correlation_id = fields.Char(readonly=True, index=True)
    duplicate = fields.Boolean(
        readonly=True, help="The content was known already; nothing was done with it."
    )
    create_date = fields.Datetime(string="Received")
