"""Every reason a plan gives, and the exception type a person finds it under."""

from odoo.addons.healthcare_rcm_base.core.findings import ERROR, WARNING, Finding

# A person keeps the claim from being posted.
SET_ASIDE = "parked_by_hand"
# The decision that is taken back, or the one of the payer before, is on its way in an
# earlier remittance.
AWAITED = "original_waiting"
# What was taken back before is not taken back again: the correction needs no waiting.
REPEATED = "reversal_repeated"
# code: type of the exception case it opens
STOPS = {
    "not_balanced": "remittance_refused",
    "plan_does_not_tie": "remittance_refused",
    "version_4010_refused": "remittance_refused",
    "payment_only": "remittance_held",
    "prenote": "remittance_held",
    "currency_foreign": "remittance_held",
    "adjustment_unmapped": "remittance_plb_unmapped",
    "claim_parked_policy": "remittance_held",
    "payment_undated": "remittance_held",
    "period_locked": "remittance_held",
    "provider_not_ours": "remittance_plb_unmapped",
}
HOLDS = {
    "claim_not_submitted": "claim_not_submitted",
    "claim_not_invoiced": "claim_not_submitted",
    "claim_not_final": "remittance_held",
    AWAITED: "remittance_held",
}
PARKS = {
    "claim_unmatched": "claim_unmatched",
    "claim_repeated": "claim_unmatched",
    "payer_not_on_claim": "claim_unmatched",
    "patient_mismatch": "claim_unmatched",
    SET_ASIDE: "claim_unmatched",
    "not_our_claim": "claim_unmatched",
    "status_not_posted": "claim_unmatched",
    "estimate_with_money": "claim_unmatched",
    "charge_mismatch": "claim_charge_mismatch",
    "line_unmatched": "line_unmatched",
    "adjustment_unknown": "adjustment_unknown",
    "adjustment_review": "adjustment_unknown",
    "overpaid": "overpaid",
    "negative_claim": "reversal_unmatched",
    "reversal_unmatched": "reversal_unmatched",
    "reversal_not_mirror": "reversal_unmatched",
    REPEATED: "reversal_unmatched",
    "reversal_next_payer_posted": "reversal_unmatched",
    "correction_waits": "reversal_unmatched",
    "secondary_exceeds_open": "secondary_guard",
    "prior_payer_exceeds": "secondary_guard",
    "claim_void": "claim_void",
}
WARNINGS = frozenset(
    {
        "sequence_mismatch",
        "patient_name_differs",
        "claim_seen_before",
        "earlier_version",
        "prior_payer_differs",
        "balance_billing_check",
        "forwarded_elsewhere",
        "coverage_suggested",
        "corrected_name",
        "contractual_capped",
        "overpayment_unmatched",
        "forward_balance_second",
        "payment_date_assumed",
        "interest_unexplained",
        "history_not_opened",
        "history_differs",
        "history_line_unmatched",
        "history_unknown_code",
    }
)


def stop(code, location="", expected=None, actual=None) -> Finding:
    """Why nothing of the remittance may be posted."""
    assert code in STOPS or code in HOLDS, code
    return Finding(code, ERROR, location, expected, actual)


def park(code, location="", expected=None, actual=None) -> Finding:
    """Why a claim goes to a person."""
    assert code in PARKS or code in HOLDS, code
    return Finding(code, ERROR, location, expected, actual)


def warn(code, location="", expected=None, actual=None) -> Finding:
    """What a person may want to know."""
    assert code in WARNINGS, code
    return Finding(code, WARNING, location, expected, actual)


def case_type(code) -> str:
    """The exception type of a reason code."""
    for table in (STOPS, HOLDS, PARKS):
        if code in table:
            return table[code]
    raise KeyError(code)
