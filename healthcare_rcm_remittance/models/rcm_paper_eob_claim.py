from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..x12 import paper
from .rcm_remittance_claim import CLAIM_STATUSES


class RcmPaperEobClaim(models.Model):
    """One claim of the paper."""

    _name = "rcm.paper.eob.claim"
    _inherit = "rcm.paper.eob.part.mixin"
    _description = "Claim of a Paper Explanation"
    _order = "eob_id desc, id"
    _rec_name = "control_number"
    _rcm_audit_fields = (
        "claim_id",
        "control_number",
        "status",
        "charge",
        "paid",
        "adjustments",
        "interest",
    )
    _check_company_auto = True

    eob_id = fields.Many2one(
        "rcm.paper.eob", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="eob_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    claim_id = fields.Many2one(
        "rcm.claim",
        string="Our Claim",
        check_company=True,
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('self_pay', '=', False)]",
    )
    control_number = fields.Char(
        string="Claim Number",
        compute="_compute_control_number",
        store=True,
        readonly=False,
        help="Our number of the claim, as the paper repeats it.",
    )
    status = fields.Selection(
        [(code, f"{code} {text}") for code, text in CLAIM_STATUSES.items()],
        string="Decided",
        required=True,
        default="1",
    )
    charge = fields.Monetary()
    paid = fields.Monetary()
    payer_claim_number = fields.Char(help="The payer's own number of the claim.")
    adjustments = fields.Char(
        string="Adjustments of the Claim",
        help="Only those of the claim as a whole: group, code and amount, separated "
        "by commas, e.g. CO-45 600.00, PR-2 150.00",
    )
    interest = fields.Monetary(
        help="Interest the paper names for this claim (AMT*I). A provider adjustment "
        "L6 of the payment pays it."
    )
    line_ids = fields.One2many("rcm.paper.eob.line", "claim_id", string="Lines")

    @api.depends("claim_id")
    def _compute_control_number(self):
        for claim in self:
            claim.control_number = claim.claim_id.name or claim.control_number

    @api.onchange("claim_id")
    def _onchange_claim_id(self):
        """Our lines stand there at once; the paper's amounts are keyed beside them."""
        if not self.claim_id:
            return
        self.charge = self.claim_id.total_charge
        self.line_ids = [fields.Command.clear()] + [
            fields.Command.create(
                {
                    "code": line.code,
                    "modifiers": line.modifiers,
                    "service_date": line.service_date,
                    "charge": line.charge_amount,
                    "line_control_number": line.line_control_number,
                }
            )
            for line in self.claim_id.line_ids
        ]

    def _rcm_faults(self):
        """Why this claim cannot be written: texts that are no adjustments."""
        self.ensure_one()
        number = self.control_number or "–"
        faults = []
        if not self.control_number:
            faults.append(self.env._("A claim has no number."))
        texts = [self.control_number, self.payer_claim_number]
        for line in self.line_ids:
            texts += [line.code, line.modifiers, line.line_control_number, line.remarks]
            if not line.code:
                faults.append(self.env._("%s: a line has no code.", number))
        if any(paper.unwritable(text) for text in texts):
            faults.append(
                self.env._("%s: a number holds a character like * ~ :", number)
            )
        for text in (self.adjustments, *self.line_ids.mapped("adjustments")):
            for piece in paper.parse_adjustments(text)[1]:
                faults.append(
                    self.env._(
                        "%(number)s: “%(piece)s” is no adjustment; write it like "
                        "CO-45 600.00",
                        number=number,
                        piece=piece,
                    )
                )
        return faults

    def _rcm_value(self) -> paper.PaperClaim:
        self.ensure_one()
        return paper.PaperClaim(
            number=(self.control_number or "").strip(),
            charge=to_decimal(self.charge),
            paid=to_decimal(self.paid),
            status=self.status or "1",
            payer_number=(self.payer_claim_number or "").strip(),
            adjustments=paper.parse_adjustments(self.adjustments)[0],
            interest=to_decimal(self.interest),
            lines=tuple(line._rcm_value() for line in self.line_ids),
        )
