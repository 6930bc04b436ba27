from odoo import api, models


class RcmRemittance(models.Model):
    """Words for what the settlement code only names."""

    _inherit = "rcm.remittance"

    @api.model
    def _rcm_reason_text(self, code):
        """One sentence for a reason code, in the reader's language."""
        return self._rcm_reason_texts().get(code, code)

    @api.model
    def _rcm_reasons_text(self, findings):
        """Sentences for stored findings, each with expected and actual."""
        parts = []
        for item in findings or ():
            text = self._rcm_reason_text(item["code"])
            if item.get("expected") is not None and item.get("actual") is not None:
                text = self.env._(
                    "%(text)s (expected %(expected)s, found %(actual)s)",
                    text=text,
                    expected=item["expected"],
                    actual=item["actual"],
                )
            elif item.get("actual") is not None:
                text = f"{text} ({item['actual']})"
            if text not in parts:
                parts.append(text)
        return "; ".join(parts) or False

    @api.model
    def _rcm_reason_texts(self):
        _ = self.env._
        return {
            # the remittance
            "not_balanced": _("The remittance does not balance."),
            "version_4010_refused": _("This payer may not send the old version 4010."),
            "payment_only": _("Payment only: the claims in it must not be posted."),
            "prenote": _("A prenotification without money; nothing is posted."),
            "currency_foreign": _("The remittance is in another currency."),
            "adjustment_unmapped": _(
                "A provider adjustment has no posting rule: it says nowhere to post it."
            ),
            "claim_parked_policy": _(
                "A claim cannot be posted, and this payer's remittances post whole."
            ),
            # claims that are not ready
            "claim_not_submitted": _("We have not submitted this claim yet."),
            "claim_not_invoiced": _("The claim has no posted invoice yet."),
            "claim_not_final": _(
                "The payer's final claim status must come before its remittance."
            ),
            # parked claims
            "claim_unmatched": _("No claim of ours has this control number."),
            "claim_repeated": _("The same claim stands twice in this remittance."),
            "payer_not_on_claim": _("This payer is not on our claim."),
            "patient_mismatch": _("The patient named is not the patient of our claim."),
            "parked_by_hand": _("Set aside by hand."),
            "not_our_claim": _("The payer says it is not its claim, yet pays."),
            "status_not_posted": _("Claims with this status are not posted."),
            "estimate_with_money": _("A price estimate that carries money."),
            "charge_mismatch": _("The payer's charge is not what we charged."),
            "line_unmatched": _("A service line that our claim does not have."),
            "adjustment_unknown": _("An adjustment without a posting rule."),
            "adjustment_review": _("An adjustment that a person has to look at."),
            "overpaid": _("More than is open on the claim."),
            "negative_claim": _("A negative claim that is not marked as a reversal."),
            "reversal_unmatched": _("A reversal of something we have not posted."),
            "reversal_not_mirror": _("A reversal that is not the mirror of what was posted."),
            "reversal_next_payer_posted": _(
                "The next payer has settled what this reversal would take back."
            ),
            "secondary_exceeds_open": _(
                "Payment and write-off exceed what is open for this payer."
            ),
            "prior_payer_exceeds": _(
                "The payer says earlier payers did more than we have posted from them."
            ),
            "claim_void": _("The claim is void."),
            # warnings
            "sequence_mismatch": _("Processed in another order than ours."),
            "patient_name_differs": _("The patient's name differs; the member agrees."),
            "claim_seen_before": _("The same decision was posted before."),
            "prior_payer_differs": _("Earlier payers did more than this payer says."),
            "balance_billing_check": _("Check balance billing rules before billing."),
            "forwarded_elsewhere": _("Not this payer's claim; it forwarded it."),
            "coverage_suggested": _("The payer names another payer as the first one."),
            "corrected_name": _("The payer corrects the patient's name."),
            "contractual_capped": _("Contractual limited to what was open."),
            "overpayment_unmatched": _("A recovery that names nothing we know."),
            "interest_unexplained": _("Interest that no claim explains."),
        }

    @api.model
    def _rcm_action_texts(self):
        """What happens to an adjustment, in words."""
        _ = self.env._
        return {
            "contractual": _("contractual, off the reserve"),
            "sequestration": _("sequestration, off the reserve"),
            "withhold": _("withheld, still owed to us"),
            "writeoff": _("written off"),
            "incentive": _("incentive income"),
            "interest": _("interest income"),
            "patient": _("patient responsibility"),
            "next_payer": _("moves to the next payer"),
            "no_patient": _("never billed to the patient"),
            "denial": _("denied: stays open, a denial is worked"),
            "pending": _("pending: stays open"),
            "prior_payer": _("prior payer's part: checked, not booked"),
            "bundling": _("bundled: moved between lines, not booked"),
            "review": _("a person decides"),
            "none": _("not booked"),
        }
