from odoo import api, fields, models

from .rcm_claim import AMOUNT_FIELDS


class RcmClaim(models.Model):
    """What is still open on a claim, said by our own amounts."""

    _inherit = "rcm.claim"

    open_balance = fields.Monetary(
        string="Open", compute="_compute_open_balance", store=True
    )
    payment_status = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("partial", "Partially paid"),
            ("paid", "Settled"),
            ("denied", "Denied"),
            ("partially_denied", "Partially denied"),
            ("credit", "Credit balance"),
        ],
        compute="_compute_payment_status",
        store=True,
        index=True,
    )

    @api.depends(
        "total_charge",
        "tax_amount",
        "frequency_code",
        "state",
        "replaces_id.state",
        "carried_amount",
        *AMOUNT_FIELDS,
    )
    def _compute_open_balance(self):
        """What is still asked for, by the one version of a claim that stands."""
        for claim in self:
            claim.open_balance = (
                claim.currency_id.round(
                    claim.total_charge
                    + claim.tax_amount
                    - claim.carried_amount
                    - claim._rcm_settled()
                )
                if claim._rcm_stands()
                else 0.0
            )

    def _rcm_stands(self):
        """Whether this version counts: it took over and none has taken over from it."""
        self.ensure_one()
        ended = self.state in ("superseded", "void") or self.frequency_code == "8"
        before = self.replaces_id
        return not ended and (not before or before.state in ("superseded", "void"))

    def _rcm_settled(self):
        """What payments and adjustments posted on this version took off its charge."""
        self.ensure_one()
        return (
            self.paid_amount
            + self.contractual_amount
            + self.sequestration_amount
            + self.withhold_amount
            + self.writeoff_amount
            - self.incentive_amount
            + self.moved_next_amount
            + self.patient_amount
        )

    @api.depends(
        "open_balance", "replaces_id.state", "line_ids.denied_amount", *AMOUNT_FIELDS
    )
    def _compute_payment_status(self):
        """Said by our own amounts: an invoice can be “paid” by a write-off."""
        for claim in self:
            claim.payment_status = claim._rcm_payment_status()

    def _rcm_payment_status(self):
        self.ensure_one()
        if not self._rcm_stands():
            return "unpaid"
        currency = self.currency_id
        order = currency.compare_amounts(self.open_balance, 0)
        if order < 0:
            return "credit"
        denied = sum(self.line_ids.mapped("denied_amount"))
        if not currency.is_zero(denied):
            whole = currency.compare_amounts(denied, self.total_charge) >= 0
            return "denied" if whole else "partially_denied"
        settling = (*AMOUNT_FIELDS, "carried_amount")
        posted = any(not currency.is_zero(self[name]) for name in settling)
        if not posted:
            return "unpaid"
        # What waits for the next payer has left this payer's balance, not the claim.
        outstanding = self.open_balance + self.moved_next_amount
        return "paid" if currency.is_zero(outstanding) else "partial"
