from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.claim_versions import FREQUENCIES, REPLACEMENT, VOID
from ..models.rcm_payer import CORRECTION_MODES


class RcmClaimCorrection(models.TransientModel):
    """Why a billed claim is corrected or voided, and how the payer takes it."""

    _name = "rcm.claim.correction"
    _description = "Correct or Void a Claim"

    claim_id = fields.Many2one("rcm.claim", required=True, readonly=True)
    frequency = fields.Selection(
        [(REPLACEMENT, "Correct"), (VOID, "Void")], required=True, readonly=True
    )
    payer_id = fields.Many2one(related="claim_id.payer_id")
    correction_mode = fields.Selection(
        CORRECTION_MODES,
        string="Sent As",
        compute="_compute_correction_mode",
        store=True,
        readonly=False,
        help="How this payer takes corrections; set on the payer.",
    )
    known_number = fields.Char(
        string="Number We Have", related="claim_id.payer_claim_number"
    )
    needs_number = fields.Boolean(compute="_compute_needs_number")
    payer_claim_number = fields.Char(
        help="The payer's own number of this claim, from its acknowledgement, portal "
        "or remittance. It goes out in REF*F8.",
    )
    reason = fields.Char(
        required=True, help="For the audit log: no names, nothing about the patient."
    )
    bill_again = fields.Boolean(
        help="Put the encounter on hold with its charges free, to bill them otherwise.",
    )

    @api.depends("claim_id", "frequency")
    def _compute_correction_mode(self):
        for wizard in self:
            void = wizard.frequency == VOID
            wizard.correction_mode = (
                False if void else wizard.claim_id.payer_id.correction_mode
            )

    @api.depends("claim_id", "frequency", "correction_mode")
    def _compute_needs_number(self):
        for wizard in self:
            claim = wizard.claim_id
            wizard.needs_number = bool(
                claim
                and claim._rcm_version_obstacle(wizard._frequency()) == "number_missing"
            )

    def action_confirm(self):
        """Make the further version and show it."""
        self.ensure_one()
        claim = self.claim_id._rcm_as("biller")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why."))
        if self.needs_number and self.payer_claim_number:
            claim._rcm_note_payer_numbers({claim.id: self.payer_claim_number})
        version = claim._rcm_new_version(
            self._frequency(),
            self.reason.strip(),
            mode=self.correction_mode,
            bill_again=self.bill_again,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "res_id": version.id,
            "views": [(False, "form")],
        }

    def _frequency(self):
        """The code that is asked for: a payer may want an original anew."""
        self.ensure_one()
        if self.frequency == VOID or self.correction_mode != "new":
            return self.frequency or REPLACEMENT
        return FREQUENCIES[0]
