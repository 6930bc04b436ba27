from odoo import models
from odoo.exceptions import UserError

# Claims that are out of the way, or not beyond our own hands yet.
NOT_LIVE = ("void", "superseded")
STILL_OURS = ("draft", "validated", "cleared")
# What a correction takes over from the charge it replaces, unless it says otherwise.
CARRIED = (
    "service_code_id",
    "code",
    "modifiers",
    "units",
    "amount",
    "service_date",
    "place_of_service",
    "revenue_code",
    "diagnosis_pointers",
    "rendering_npi",
    "authorization_id",
    "authorization_number",
    "sequence",
    "category_id",
)


class RcmCharge(models.Model):
    """Corrections: a new charge replaces the old one, and nothing is overwritten."""

    _inherit = "rcm.charge"

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_correct(self):
        """Open the dialog that replaces this charge by a corrected one."""
        self.ensure_one()
        self.env.user._rcm_require("biller", "coder")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct a Charge"),
            "res_model": "rcm.charge.correct",
            "view_mode": "form",
            "target": "new",
            "context": {"default_charge_id": self.id},
        }

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    def _rcm_replace(self, vals, reason, source=None):
        """Put a corrected charge in the place of this one and return it.

        The old charge keeps what it was billed at, and its state when it was billed;
        one that was not billed yet becomes void. On a billed encounter the claim is
        corrected, as its payer takes corrections.
        """
        self.ensure_one()
        self._rcm_check_correctable()
        encounter = self.encounter_id
        encounter._rcm_open_for_charges()
        carried = self._rcm_carried_vals()
        [new] = self._rcm_create(
            [
                {
                    **carried,
                    "correlation_id": self.correlation_id,
                    **vals,
                    "encounter_id": encounter.id,
                    "replaces_id": self.id,
                    "order_id": self.order_id.id,
                    "correction_reason": reason,
                }
            ]
        )
        self._rcm_write({"replaced_by_id": new.id})
        self._rcm_note_correction(reason, source, {"replaced_by_id": [None, new.id]})
        new._rcm_emit(
            "rcm.charge.captured",
            {
                "replaces_id": [None, self.id],
                "amount": [self.amount, new.amount],
                "units": [self.units, new.units],
                "code": [self.code, new.code],
            },
            source=source,
        )
        encounter._rcm_charges_changed(reason)
        return new

    def _rcm_withdraw(self, reason, source=None):
        """Take this charge back: it was never due. Billed ones leave their claim."""
        self.ensure_one()
        if self.withdrawn or (self.state == "void" and not self.replaced_by_id):
            return  # the same news again
        self._rcm_check_correctable()
        encounter = self.encounter_id
        encounter._rcm_open_for_charges()
        self._rcm_write({"withdrawn": True})
        self._rcm_note_correction(reason, source, {"withdrawn": [False, True]})
        encounter._rcm_charges_changed(reason)

    def _rcm_check_correctable(self):
        if not self.is_current:
            raise UserError(
                self.env._(
                    "This charge was corrected, withdrawn or voided before. Correct "
                    "the charge that took its place."
                )
            )
        if self.encounter_id._rcm_standing() == "cancelled":
            raise UserError(self.env._("The encounter was cancelled."))

    def _rcm_note_correction(self, reason, source, changes):
        """Log the correction; what was not billed yet is void from now on."""
        self.correction_reason = reason
        self._rcm_emit(
            "rcm.charge.corrected",
            {**changes, "correction_reason": [None, reason]},
            source=source,
        )
        if self.state == "captured":
            self._rcm_move("void")
        self.order_id._rcm_check_charged()

    def _rcm_carried_vals(self):
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in self._rcm_carried_fields()
        }

    def _rcm_carried_fields(self):
        """Fields that a correcting charge takes over from the old one (hook)."""
        return CARRIED


class RcmEncounter(models.Model):
    """Charges that arrive or change after the encounter was billed."""

    _inherit = "rcm.encounter"

    def _rcm_open_for_charges(self):
        """Let a late or corrected charge in: billed and closed encounters reopen."""
        for encounter in self:
            if encounter._rcm_standing() not in ("billed", "closed"):
                continue
            if encounter.state == "on_hold":
                encounter._rcm_write({"hold_state": "reopened"})
            else:
                encounter._rcm_set_state("reopened")

    def _rcm_charges_changed(self, reason):
        """Bring the claims of these encounters in line with their charges.

        Claims that only we have seen go back to draft and are built anew; what was
        invoiced or sent is corrected by a further version, as the payer takes it.
        Encounters on hold wait for their release.
        """
        for encounter in self:
            ours = encounter._rcm_live_claims().filtered(
                lambda claim: claim.state in STILL_OURS
                and claim.invoice_state == "none"
            )
            ours.filtered(
                lambda claim: claim.state != "draft" and claim.frequency_code != "8"
            )._rcm_back_to_draft()
            if encounter._rcm_correct_claims(reason):
                encounter._rcm_bill_changes()

    def _rcm_live_claims(self):
        return self.claim_ids.filtered(lambda claim: claim.state not in NOT_LIVE)

    def _rcm_claims_to_correct(self):
        """Invoiced or sent claims that say something else than the charges do.

        Those that carry a charge which counts no more; and for a late charge the
        first claim a payer has, so that the payer gets it with the others.
        """
        self.ensure_one()
        sent = self._rcm_live_claims().filtered(
            lambda claim: claim.is_latest
            and claim.frequency_code != "8"
            and not (claim.state in STILL_OURS and claim.invoice_state == "none")
        )
        stale = sent.filtered(
            lambda claim: any(
                not charge.is_current for charge in claim.line_ids.charge_id
            )
        )
        if stale or not self._rcm_unbilled_charges():
            return stale
        return sent.filtered(lambda claim: claim.payer_id and not claim.self_pay)[:1]

    def _rcm_correct_claims(self, reason):
        """Correct what is out of our hands; whether billing may go on.

        Self-pay invoices are credited whole, and the charges that count are invoiced
        anew. A payer's claim gets a further version; where that has to wait, for
        example for the payer's number, the encounter waits with it.
        """
        self.ensure_one()
        claims = self._rcm_claims_to_correct()
        own = claims.filtered(lambda claim: claim.self_pay or not claim.payer_id)
        own._rcm_credit_self_pay()
        asked = claims - own
        reasons = self.env["rcm.charge"]._fields["correction_reason"]
        said = dict(reasons._description_selection(self.env)).get(reason, reason)
        return not asked or bool(asked._rcm_correct(said))

    def _rcm_bill_changes(self):
        """Go on to billing from where the encounter stands."""
        self.ensure_one()
        free = any(charge.state == "captured" for charge in self.charge_ids)
        if self.state == "reopened":
            if not free and all(claim.state != "draft" for claim in self.claim_ids):
                self._rcm_set_state("billed")
            elif self.coding_signed_off:
                self._rcm_set_state("ready", billing_due=True)
        elif self.state == "ready":
            self._rcm_bill_again()

    # ------------------------------------------------------------------
    # Cancelling
    # ------------------------------------------------------------------
    def _rcm_is_cancellable(self):
        """Whether no claim of it has been checked or sent yet."""
        self.ensure_one()
        return not self.claim_ids.filtered(
            lambda claim: claim.state not in (*NOT_LIVE, "draft")
        )

    def _rcm_cancel(self):
        """Nothing of these encounters is to be billed."""
        self.claim_ids.filtered(lambda claim: claim.state == "draft")._rcm_void()
        self.charge_ids._rcm_void()
        self._rcm_set_state("cancelled", billing_due=False)


class RcmClaim(models.Model):
    """What corrections of charges mean for claims."""

    _inherit = "rcm.claim"

    def _rcm_credit_self_pay(self):
        """Take self-pay invoices back whole; their charges are due again.

        What the guarantor has paid already becomes the guarantor's credit.
        """
        reason = self.env._("Charges corrected")
        for claim in self:
            claim._rcm_reverse_local_entries(reason)
            claim._rcm_credit_invoices(reason)
            claim._rcm_patient_credit()
            claim._rcm_set_state("void", work=False, hold_state=False)
            claim.line_ids.charge_id.filtered(
                lambda charge: charge.state == "billed"
            )._rcm_move("captured")

    def _rcm_correct(self, reason):
        """A correction that could be drafted lets its encounter go on to billing."""
        drafts = super()._rcm_correct(reason)
        for encounter in drafts.encounter_id.filtered(
            lambda item: item.state == "reopened"
        ):
            encounter._rcm_bill_changes()
        return drafts
