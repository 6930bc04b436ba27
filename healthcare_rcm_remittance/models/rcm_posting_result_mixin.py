from odoo import fields, models


class RcmPostingResultMixin(models.AbstractModel):
    """What posting a payer's decision found on a claim, for people to work on."""

    _name = "rcm.posting.result.mixin"
    _inherit = ["rcm.document.mixin", "mail.thread", "mail.activity.mixin"]
    _description = "Posting Result"
    _rec_name = "display_name"

    _rcm_protected = ("remittance_claim_id", "claim_id", "claim_line_id")

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim", required=True, readonly=True, index=True
    )
    remittance_id = fields.Many2one(
        related="remittance_claim_id.remittance_id", store=True, index=True
    )
    claim_id = fields.Many2one("rcm.claim", required=True, readonly=True, index=True)
    claim_line_id = fields.Many2one("rcm.claim.line", readonly=True, index=True)
    code = fields.Char(string="Service", related="claim_line_id.code")
    company_id = fields.Many2one(related="claim_id.company_id", store=True, index=True)
    facility_id = fields.Many2one(
        related="claim_id.facility_id", store=True, index=True
    )
    payer_id = fields.Many2one(
        related="remittance_claim_id.payer_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    owner_id = fields.Many2one("res.users", index=True)
    note = fields.Text()
