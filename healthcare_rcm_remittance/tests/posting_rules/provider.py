"""Provider adjustments."""

from ..rule_switches import stop_off, value, without_rules, wrapped
from .rule import BALANCE, HELD, LEDGER, PROVIDER, Rule


def _keep_sign(original):
    """PLB read the other way round: positive increases."""
    return lambda adjustments: -original(adjustments)


RULES = (
    Rule(
        "3.10",
        "Positive reduces, negative increases (RFI 427, 1756; G5)",
        BALANCE + "g5_provider_adjustment_vectors",
        wrapped("x12.balance:provider_adjusted", _keep_sign),
    ),
    Rule(
        "3.10",
        "Every shipped code has its account",
        PROVIDER + "each_shipped_code_has_its_account",
        without_rules("BN", "IP"),
    ),
    Rule(
        "3.10",
        "Nothing is posted unmapped",
        PROVIDER + "codes_without_a_rule_hold",
        stop_off("adjustment_unmapped"),
    ),
    Rule(
        "3.10",
        "WO + uses the record its reference names",
        PROVIDER + "recovery_uses_the_record_it_names",
        wrapped(
            "settlement.provider:_Held._order",
            lambda original: lambda self, pair, treatment: self.records[:1],
        ),
    ),
    Rule(
        "3.10",
        "… or the payer's claim number",
        PROVIDER + "recovery_by_the_payers_claim_number",
        wrapped(
            "settlement.provider:_Held._order",
            lambda original: lambda self, pair, treatment: self.records[:1],
        ),
    ),
    Rule(
        "3.10",
        "… else it is unidentified, and told",
        PROVIDER + "recovery_that_names_nothing_we_know_is_told",
        stop_off("overpayment_unmatched"),
    ),
    Rule(
        "3.10",
        "FB + uses forward balances only (RFI 738)",
        PROVIDER + "forward_balance_never_uses_another_kind",
        value("settlement.provider:FORWARD", "none"),
    ),
    Rule(
        "3.10",
        "Forward balances live across remittances (G5, G11)",
        LEDGER + "e2_forward_balance_lives_across_remittances",
        without_rules("FB"),
    ),
    Rule(
        "3.10",
        "A second open forward balance is told (RFI 738)",
        PROVIDER + "second_forward_balance_is_told",
        stop_off("forward_balance_second"),
    ),
    Rule(
        "3.10",
        "72 with WO moves nothing",
        PROVIDER + "refund_acknowledged_is_a_memo_with_its_recovery",
        value("settlement.provider:_memo_pairs", lambda *args: set()),
    ),
    Rule(
        "3.10",
        "72 alone holds",
        HELD + "unmapped_and_unpaired_provider_adjustments",
        stop_off("adjustment_unmapped"),
    ),
    Rule(
        "3.10",
        "A remittance of provider adjustments only posts",
        PROVIDER + "payment_of_provider_adjustments_only",
        without_rules("CT"),
    ),
    Rule(
        "3.10",
        "A payer's rule before the general one",
        PROVIDER + "payers_rule_before_the_general_one",
        value("settlement.rules:_rank", lambda rule: -rule.id),
    ),
)
