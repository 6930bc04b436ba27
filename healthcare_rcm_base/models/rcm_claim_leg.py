from odoo import fields, models


class RcmClaimLeg(models.Model):
    """The turn of one payer in the coordination order of a claim."""

    _name = "rcm.claim.leg"
    _inherit = "rcm.document.mixin"
    _description = "Claim Leg"
    _order = "claim_id, sequence, id"

    _rcm_state_machine = "claim_leg"
    _rcm_protected = ("state", "sequence", "claim_id", "payer_id", "coverage_id")

    claim_id = fields.Many2one(
        "rcm.claim", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True)
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    sequence = fields.Integer(string="Order", readonly=True, required=True)
    coverage_id = fields.Many2one("rcm.coverage", readonly=True, required=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True, required=True, index=True)
    state = fields.Selection(
        [
            ("not_due", "Not due"),
            ("ready", "Ready"),
            ("submitted", "Submitted"),
            ("crossover_pending", "Crossover expected"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("pended", "Pended"),
            ("adjudicated", "Adjudicated"),
            ("closed", "Closed"),
            ("reversed", "Reversed"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="not_due",
    )

    _sequence_uniq = models.Constraint(
        "UNIQUE(claim_id, sequence)",
        "A claim has one payer at each place of its order.",
    )

    def _rcm_audit_names(self):
        return [f"{leg.claim_id.name}/{leg.sequence}" for leg in self]

    def _compute_display_name(self):
        for leg in self:
            leg.display_name = f"{leg.sequence}. {leg.payer_id.name or ''}"
