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
        return {
            # the remittance
            "not_balanced": self.env._("The remittance does not balance."),
            "version_4010_refused": self.env._(
                "This payer may not send the old version 4010."
            ),
            "payment_only": self.env._(
                "Payment only: the claims in it must not be posted."
            ),
            "prenote": self.env._(
                "A prenotification without money; nothing is posted."
            ),
            "currency_foreign": self.env._("The remittance is in another currency."),
            "adjustment_unmapped": self.env._(
                "A provider adjustment has no posting rule: it says nowhere to post it."
            ),
            "claim_parked_policy": self.env._(
                "A claim cannot be posted, and this payer's remittances post whole."
            ),
            "payment_undated": self.env._(
                "The payment has no date (BPR16). Post it with the day it came, or "
                "ask the payer."
            ),
            "period_locked": self.env._("The period of the posting day is locked."),
            "provider_not_ours": self.env._(
                "A provider adjustment for another provider than us."
            ),
            # claims that are not ready
            "claim_not_submitted": self.env._("We have not submitted this claim yet."),
            "claim_not_invoiced": self.env._("The claim has no posted invoice yet."),
            "claim_not_final": self.env._(
                "The payer's final claim status must come before its remittance."
            ),
            "original_waiting": self.env._(
                "A decision on this claim has to be posted first, and is on its way "
                "in an earlier remittance: the one that is taken back here, or the "
                "one of the payer before. This goes on by itself when that one is "
                "posted: see what keeps it, or post this one and park what is not "
                "ready."
            ),
            # parked claims
            "claim_unmatched": self.env._("No claim of ours has this control number."),
            "claim_repeated": self.env._(
                "The same claim stands twice in this remittance."
            ),
            "payer_not_on_claim": self.env._("This payer is not on our claim."),
            "patient_mismatch": self.env._(
                "The patient named is not the patient of our claim."
            ),
            "parked_by_hand": self.env._("Set aside by hand."),
            "not_our_claim": self.env._(
                "The payer says it is not its claim, yet pays."
            ),
            "status_not_posted": self.env._("Claims with this status are not posted."),
            "estimate_with_money": self.env._("A price estimate that carries money."),
            "charge_mismatch": self.env._("The payer's charge is not what we charged."),
            "line_unmatched": self.env._(
                "A service line that our claim does not have."
            ),
            "adjustment_unknown": self.env._("An adjustment without a posting rule."),
            "adjustment_review": self.env._(
                "An adjustment that a person has to look at."
            ),
            "overpaid": self.env._("More than is open on the claim."),
            "negative_claim": self.env._(
                "A negative claim that is not marked as a reversal."
            ),
            "reversal_unmatched": self.env._(
                "A reversal of something we have not posted. It goes on by itself when "
                "that comes."
            ),
            "correction_waits": self.env._(
                "The correction waits for the reversal beside it in this remittance, "
                "which is parked. It goes on with the reversal; where the reversal can "
                "never be posted, resolve it with 'Post it without waiting'."
            ),
            "reversal_not_mirror": self.env._(
                "A reversal that is not the mirror of what was posted."
            ),
            "reversal_repeated": self.env._(
                "The payer took this back before: a second reversal of the same."
            ),
            "reversal_next_payer_posted": self.env._(
                "The next payer has settled what this reversal would take back."
            ),
            "secondary_exceeds_open": self.env._(
                "Payment and write-off exceed what is open for this payer."
            ),
            "prior_payer_exceeds": self.env._(
                "The payer says earlier payers did more than we have posted from them."
            ),
            "claim_void": self.env._("The claim is void."),
            # warnings
            "sequence_mismatch": self.env._("Processed in another order than ours."),
            "patient_name_differs": self.env._(
                "The patient's name differs; the member agrees."
            ),
            "claim_seen_before": self.env._("The same decision was posted before."),
            "prior_payer_differs": self.env._(
                "Earlier payers did more than this payer says."
            ),
            "balance_billing_check": self.env._(
                "Check balance billing rules before billing."
            ),
            "forwarded_elsewhere": self.env._(
                "Not this payer's claim; it forwarded it."
            ),
            "coverage_suggested": self.env._(
                "The payer names another payer as the first one."
            ),
            "earlier_version": self.env._(
                "Posted on an earlier version of the claim, which it is about."
            ),
            "corrected_name": self.env._("The payer corrects the patient's name."),
            "contractual_capped": self.env._("Contractual limited to what was open."),
            "overpayment_unmatched": self.env._(
                "A recovery that names nothing we know."
            ),
            "forward_balance_second": self.env._(
                "Another forward balance while an earlier one is still open."
            ),
            "payment_date_assumed": self.env._(
                "The payment has no date; the day it came counts."
            ),
            "interest_unexplained": self.env._("Interest that no claim explains."),
            "history_not_opened": self.env._(
                "The opening says nothing of a decision of this payer on the claim."
            ),
            "history_differs": self.env._(
                "The opening says that the payer had done something else."
            ),
            "history_line_unmatched": self.env._(
                "A service line that the claim taken over does not have."
            ),
            "history_unknown_code": self.env._("An adjustment without a posting rule."),
        }

    @api.model
    def _rcm_action_texts(self):
        """What happens to an adjustment, in words."""
        return {
            "contractual": self.env._("contractual, off the reserve"),
            "sequestration": self.env._("sequestration, off the reserve"),
            "withhold": self.env._("withheld, still owed to us"),
            "writeoff": self.env._("written off"),
            "incentive": self.env._("incentive income"),
            "interest": self.env._("interest income"),
            "patient": self.env._("patient responsibility"),
            "next_payer": self.env._("moves to the next payer"),
            "no_patient": self.env._("never billed to the patient"),
            "denial": self.env._("denied: stays open, a denial is worked"),
            "pending": self.env._("pending: stays open"),
            "prior_payer": self.env._("prior payer's part: checked, not booked"),
            "bundling": self.env._("bundled: moved between lines, not booked"),
            "review": self.env._("a person decides"),
            "none": self.env._("not booked"),
        }
