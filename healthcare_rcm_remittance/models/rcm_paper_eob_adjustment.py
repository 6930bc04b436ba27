from odoo import fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..x12 import paper


class RcmPaperEobAdjustment(models.Model):
    """An adjustment of the payment as such, as the paper names it.

    The sign is the payers' own: positive takes off the payment, negative adds to it.
    """

    _name = "rcm.paper.eob.adjustment"
    _inherit = "rcm.paper.eob.part.mixin"
    _description = "Provider Adjustment of a Paper Explanation"
    _order = "eob_id desc, id"
    _rec_name = "reason_code"
    _rcm_audit_fields = ("reason_code", "reference", "amount")

    eob_id = fields.Many2one(
        "rcm.paper.eob", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="eob_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    reason_code = fields.Char(
        string="Reason",
        required=True,
        help="WO: an earlier overpayment taken back; FB: a balance carried forward; "
        "L6: interest; 72: our refund; others as the paper names them.",
    )
    reference = fields.Char(help="The claim or balance it is about, as on the paper.")
    amount = fields.Monetary(
        help="Positive reduces the payment, negative increases it."
    )

    def _rcm_faults(self):
        """Why it cannot be written."""
        self.ensure_one()
        faults = []
        code = (self.reason_code or "").strip()
        if not paper.is_reason(code):
            faults.append(
                self.env._("“%s” is no reason of a provider adjustment.", code or "–")
            )
        if paper.unwritable(self.reference):
            faults.append(
                self.env._("%s: the reference holds a character like * ~ :", code)
            )
        if not self.amount:
            faults.append(self.env._("%s: say how much it is.", code or "–"))
        return faults

    def _rcm_value(self) -> paper.PaperAdjustment:
        self.ensure_one()
        return paper.PaperAdjustment(
            (self.reason_code or "").strip().upper(),
            (self.reference or "").strip(),
            to_decimal(self.amount),
        )
