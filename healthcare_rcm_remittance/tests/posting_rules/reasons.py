"""Groups and reasons of adjustments."""

from ...settlement.actions import DENIAL, INCENTIVE, PATIENT, WITHHOLD
from ..rule_switches import effect, reason_off, value, without_rules, wrapped
from .rule import ADJUST, CHECKS, LEDGER, PARKED, Rule

RULES = (
    Rule(
        "3.7",
        "An adjustment without a rule parks",
        PARKED + "unknown_and_reviewed_adjustments",
        reason_off("adjustment_unknown"),
    ),
    Rule(
        "3.7",
        "PR 66, 241 and the like are looked at first",
        PARKED + "unknown_and_reviewed_adjustments",
        reason_off("adjustment_review"),
    ),
    Rule(
        "3.7",
        "PR to the next payer while one is left, else to the patient",
        LEDGER + "d_next_payer_then_secondary",
        wrapped(
            "settlement.adjustments:_direct",
            lambda original: lambda action, remarks, following: original(
                action, remarks, None
            ),
        ),
    ),
    Rule(
        "3.7",
        "PR becomes patient responsibility",
        LEDGER + "a_patient_share_without_further_coverage",
        effect(PATIENT, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "CO-253 is sequestration",
        LEDGER + "g_sequestration_uses_the_reserve",
        without_rules("253"),
    ),
    Rule(
        "3.7",
        "CO-144 negative is an incentive",
        LEDGER + "incentive_comes_as_a_negative_adjustment",
        effect(INCENTIVE, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "CO-104, 105 are withheld, still owed",
        LEDGER + "u_withhold_kept_and_released",
        effect(WITHHOLD, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "Denied dollars are a denial, whatever was paid beside them",
        ADJUST + "denied_dollars_beside_a_payment",
        effect(DENIAL, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "A negative denial amount parks",
        PARKED + "negative_denial_amount_is_not_posted",
        reason_off("adjustment_unknown"),
    ),
    Rule(
        "3.7",
        "OA-133 is neither denial nor final",
        ADJUST + "pending_is_neither_denial_nor_payment",
        without_rules("133"),
    ),
    Rule(
        "3.7",
        "N781 to N783, OA-209: never the patient (QMB)",
        ADJUST + "patient_who_may_not_be_billed",
        value("settlement.adjustments:NEVER_PATIENT_REMARKS", frozenset()),
    ),
    Rule(
        "3.7",
        "PR-45: balance billing is checked first",
        ADJUST + "balance_billing_is_flagged",
        value("settlement.adjustments:BALANCE_BILLING", ("none", "45")),
    ),
    Rule(
        "3.7",
        "The most specific rule wins",
        ADJUST + "most_specific_rule_wins",
        value("settlement.rules:_rank", lambda rule: -rule.id),
    ),
    Rule(
        "3.7",
        "Rules count from their date",
        ADJUST + "rule_counts_from_its_date",
        value("settlement.rules:_fits", lambda *args: True),
    ),
    Rule(
        "3.7",
        "MA15 is a split claim (RFI 1076; G10)",
        PARKED + "same_claim_twice_unless_split",
        value(CHECKS + "SPLIT_CLAIM_REMARK", "none"),
    ),
)
