from decimal import Decimal

from odoo import fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..x12 import paper


class RcmPaperEobLine(models.Model):
    """One service line of a claim on paper."""

    _name = "rcm.paper.eob.line"
    _inherit = "rcm.paper.eob.part.mixin"
    _description = "Line of a Paper Explanation"
    _order = "claim_id, id"
    _rec_name = "code"
    _rcm_audit_fields = ("charge", "paid", "units", "adjustments")

    claim_id = fields.Many2one(
        "rcm.paper.eob.claim", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    code = fields.Char(help="Procedure the payer decided on.")
    modifiers = fields.Char(help="Separated by commas.")
    service_date = fields.Date()
    charge = fields.Monetary()
    paid = fields.Monetary()
    units = fields.Float(default=1.0, digits=(16, 4))
    adjustments = fields.Char(
        help="Group, code and amount, separated by commas: CO-45 600.00, PR-2 150.00"
    )
    remarks = fields.Char(help="Remark codes, separated by commas.")
    line_control_number = fields.Char(help="Our number of the line.")

    def _rcm_eob(self):
        return self.claim_id.eob_id

    def _rcm_value(self) -> paper.PaperLine:
        self.ensure_one()
        return paper.PaperLine(
            code=(self.code or "").strip(),
            charge=to_decimal(self.charge),
            paid=to_decimal(self.paid),
            adjustments=paper.parse_adjustments(self.adjustments)[0],
            units=Decimal(f"{self.units:.4f}"),
            modifiers=_split(self.modifiers),
            day=self.service_date or None,
            number=(self.line_control_number or "").strip(),
            remarks=_split(self.remarks),
        )

    def _rcm_audit_name(self):
        """The claim: what was done to the patient stays out of the log."""
        return self.claim_id.control_number or self.claim_id.eob_id.trace or ""


def _split(text):
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
