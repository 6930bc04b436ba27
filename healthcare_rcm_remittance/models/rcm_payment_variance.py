from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_posting_result_mixin import RcmPostingResultMixin

MACHINE = "payment_variance"
states.register(
    MACHINE,
    {
        "open": ("disputed", "accepted", "reversed"),
        "disputed": ("accepted", "recovered", "reversed"),
        "accepted": ("reversed",),
        "recovered": ("reversed",),
        "reversed": (),
    },
)


class RcmPaymentVariance(models.Model):
    """The payer allowed something else than the contract says.

    Found when a first payer's decision posts, line by line; positive is paid too
    little. The claim's reserve keeps the difference until the variance is accepted.
    """

    _name = "rcm.payment.variance"
    _inherit = "rcm.posting.result.mixin"
    _description = "Payment Variance"
    _rec_names_search = ("claim_id",)
    _order = "difference desc, id"
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        *RcmPostingResultMixin._rcm_protected,
        "expected_amount",
        "allowed_amount",
        "difference",
        "found_date",
    )

    contract_id = fields.Many2one(related="claim_id.contract_id", store=True)
    expected_amount = fields.Monetary(string="Expected", readonly=True)
    allowed_amount = fields.Monetary(string="Allowed", readonly=True)
    difference = fields.Monetary(readonly=True, help="Positive: paid too little.")
    direction = fields.Selection(
        [("under", "Paid too little"), ("over", "Paid too much")],
        compute="_compute_direction",
        store=True,
    )
    found_date = fields.Date(readonly=True, default=fields.Date.context_today)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("disputed", "Disputed"),
            ("accepted", "Accepted"),
            ("recovered", "Recovered"),
            ("reversed", "Taken Back"),
        ],
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
    )

    @api.depends("difference")
    def _compute_direction(self):
        for variance in self:
            variance.direction = "under" if variance.difference > 0 else "over"

    @api.depends("claim_id", "difference")
    def _compute_display_name(self):
        for variance in self:
            amount = variance.currency_id.format(variance.difference)
            variance.display_name = f"{variance.claim_id.name} · {amount}"

    def _rcm_audit_names(self):
        return [variance.claim_id.name or "" for variance in self]

    @api.model
    def _rcm_open_from(self, remittance, outcomes, records):
        """Open a variance for each difference; a reversal takes those of its
        original back."""
        reversed_ids = [o.reverses for o in outcomes if o.reverses]
        if reversed_ids:
            self.search(
                [
                    ("remittance_claim_id", "in", reversed_ids),
                    ("state", "!=", "reversed"),
                ]
            )._rcm_set_state("reversed")
        vals_list = [
            {
                "remittance_claim_id": records[outcome.index].id,
                "claim_id": outcome.claim_id,
                "claim_line_id": item.line_id,
                "correlation_id": remittance.correlation_id,
                "expected_amount": remittance._rcm_money(item.expected),
                "allowed_amount": remittance._rcm_money(item.allowed),
                "difference": remittance._rcm_money(item.difference),
            }
            for outcome in outcomes
            for item in outcome.variances
        ]
        if vals_list:
            self._rcm_create(vals_list)

    def action_dispute(self):
        """Say that the payer has to pay the difference."""
        self._rcm_decide("disputed")

    def action_accept(self):
        """Accept what the payer allowed; the claim may then be closed."""
        self._rcm_decide("accepted")

    def action_recovered(self):
        """The payer has paid the difference."""
        self._rcm_decide("recovered")

    def _rcm_decide(self, state):
        self.env.user._rcm_require("denial_analyst", "finance_manager")
        self.check_access("write")
        self.sudo()._rcm_set_state(state)  # the role was checked above
