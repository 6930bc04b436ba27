from odoo import models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

CREDIT = "credit"


class RcmClaim(models.Model):
    """Taking the invoice of a claim back is a credit note, under the policies of them.

    That is so where a claim the payer rejected unread is withdrawn, and where a
    self-pay invoice is made anew because its charges were corrected. A void at the
    payer is a claim of its own, which is cleared.
    """

    _inherit = "rcm.claim"

    def _rcm_approval_facts(self, effect):
        if effect != CREDIT:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        if self.invoice_state != "posted":
            return None
        digits = self.currency_id.decimal_places
        # what a guarantor was asked for, its taxes included
        amount = to_decimal(self.total_charge + self.tax_amount, digits)
        approved = {
            "claim": self.id,
            "payer": self.payer_id.id,
            "amount": str(amount),
            "state": self.state,
        }
        return self._rcm_approval_item("credit_note", effect, approved, amount)

    def _rcm_approval_is_done(self, effect):
        if effect != CREDIT:
            return super()._rcm_approval_is_done(effect)
        return self.invoice_state != "posted"

    # ------------------------------------------------------------------
    # Withdrawn
    # ------------------------------------------------------------------
    def action_withdraw(self):
        return self._rcm_approval_answer(super().action_withdraw())

    def _rcm_withdraw(self):
        self._rcm_check_withdraw()
        allowed = self._rcm_approval_gate(CREDIT)
        return super(RcmClaim, allowed)._rcm_withdraw()

    # ------------------------------------------------------------------
    # Charges corrected
    # ------------------------------------------------------------------
    def _rcm_credit_self_pay(self):
        allowed = self._rcm_approval_gate(CREDIT)
        return super(RcmClaim, allowed)._rcm_credit_self_pay()

    def _rcm_approval_done(self, effect):
        result = super()._rcm_approval_done(effect)
        for claim in self if effect == CREDIT else ():
            method = "_rcm_withdraw" if claim.state == "rejected" else "_rcm_recredit"
            claim._rcm_approval_run(effect, method)
        return result

    def _rcm_recredit(self):
        """Go on with the correction that waited for its credit note."""
        stale = self.line_ids.charge_id.filtered(lambda charge: not charge.is_current)
        self.encounter_id._rcm_charges_changed(stale[:1].correction_reason)


class RcmEncounter(models.Model):
    """An encounter waits with its claims for the credit note."""

    _inherit = "rcm.encounter"

    def _rcm_correct_claims(self, reason):
        going = super()._rcm_correct_claims(reason)
        return going and not any(
            claim.invoice_state == "posted"
            for claim in self._rcm_claims_to_correct()
            if claim.self_pay or not claim.payer_id
        )
