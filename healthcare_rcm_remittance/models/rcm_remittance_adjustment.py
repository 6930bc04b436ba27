from odoo import api, fields, models

from ..settlement import actions

ACTIONS = [
    ("contractual", "Contractual"),
    ("sequestration", "Sequestration"),
    ("withhold", "Withhold"),
    ("writeoff", "Write-off"),
    ("incentive", "Incentive"),
    ("interest", "Interest"),
    ("patient", "Patient"),
    ("next_payer", "Next Payer"),
    ("no_patient", "Never the Patient"),
    ("denial", "Denial"),
    ("pending", "Pending"),
    ("prior_payer", "Prior Payer"),
    ("bundling", "Bundling"),
    ("review", "Review"),
    ("none", "None"),
]
assert {*actions.CHOICES, "next_payer", "none"} == {key for key, _label in ACTIONS}


class RcmRemittanceAdjustment(models.Model):
    """One CAS triple with what is done with it.

    Posted, the action stays as it was: a later reversal mirrors it, whatever the
    rules say by then.
    """

    _name = "rcm.remittance.adjustment"
    _inherit = "rcm.remittance.fact"
    _description = "Remittance Adjustment"
    _order = "remittance_claim_id, service_id, position"
    _rec_name = "code"
    _rec_names_search = ("reason_code",)

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim", required=True, index=True, ondelete="cascade"
    )
    service_id = fields.Many2one(
        "rcm.remittance.service", readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="remittance_claim_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    position = fields.Integer(readonly=True)
    group_code = fields.Char(string="Group", readonly=True)
    reason_code = fields.Char(string="Reason", readonly=True)
    code = fields.Char(compute="_compute_code")
    amount = fields.Monetary(readonly=True)
    quantity = fields.Float(digits=(16, 4), readonly=True)
    action = fields.Selection(ACTIONS, string="What Happens", readonly=True)
    posted_amount = fields.Monetary(readonly=True)
    next_payer_id = fields.Many2one("rcm.payer", readonly=True)
    rule_id = fields.Many2one("rcm.posting.rule", readonly=True, ondelete="set null")
    category = fields.Char(readonly=True)
    words = fields.Char(compute="_compute_words")
    start_offset = fields.Integer(readonly=True)

    @api.depends("group_code", "reason_code")
    def _compute_code(self):
        for adjustment in self:
            adjustment.code = f"{adjustment.group_code}-{adjustment.reason_code}"

    @api.depends("group_code", "reason_code", "rule_id")
    def _compute_words(self):
        """Our own short words for the code; the rule's, else the group's."""
        groups = {
            "CO": self.env._("Contractual obligation"),
            "PR": self.env._("Patient responsibility"),
            "OA": self.env._("Other adjustment"),
            "PI": self.env._("Payer initiated"),
            "CR": self.env._("Correction (old)"),
        }
        for adjustment in self:
            adjustment.words = adjustment.rule_id.name or groups.get(
                adjustment.group_code, self.env._("Unknown group")
            )
