"""What the status of a claim means."""

from ..rule_switches import reason_off, value, wrapped
from .rule import CHECKS, CLAIM, PARKED, STATUS, Rule


def _status_decides(original):
    """A claim said to be denied is written off by that alone."""

    def run(self):
        if self.claim.status == "4":
            self._park("claim_unmatched")
            return self._outcome("park")
        return original(self)

    return run


RULES = (
    Rule(
        "3.5",
        "1, 2, 3 in another order than ours: told, posted (RFI 546)",
        STATUS + "processed_in_another_order_than_ours",
        reason_off("sequence_mismatch"),
    ),
    Rule(
        "3.5",
        "Processed is not paid",
        STATUS + "processed_with_nothing_paid",
        value(CHECKS + "PROCESSED", {"2": 2, "3": 3}),
    ),
    Rule(
        "3.5",
        "4 writes nothing off; the adjustments decide (RFI 1423, 1885)",
        STATUS + "denied_status_writes_nothing_off_by_itself",
        wrapped(CLAIM + "_Builder.run", _status_decides),
    ),
    Rule(
        "3.5",
        "19, 20, 21: forwarded by the payer, ours waits (RFI 1981)",
        STATUS + "forwarded_claims_are_crossovers",
        value(CLAIM + "FORWARDED", frozenset()),
    ),
    Rule(
        "3.5",
        "23 without money: nothing is expected",
        STATUS + "not_this_payers_claim_and_forwarded",
        value(CHECKS + "NOT_OURS_FORWARDED", "none"),
    ),
    Rule(
        "3.5",
        "23 with money parks",
        PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("not_our_claim"),
    ),
    Rule(
        "3.5",
        "25 is an estimate and never posts",
        STATUS + "price_estimate_is_never_posted",
        value(CHECKS + "PREDETERMINATION", "none"),
    ),
    Rule(
        "3.5",
        "25 with money parks",
        PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("estimate_with_money"),
    ),
    Rule(
        "3.5",
        "4010 leftovers park (RFI 457)",
        PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("status_not_posted"),
    ),
    Rule(
        "3.5",
        "Negative without 22 parks",
        PARKED + "negative_claim_that_is_no_reversal",
        reason_off("negative_claim"),
    ),
)
