"""Secondary payers."""

from ..rule_switches import effect, nothing, reason_off, value
from .rule import CLAIM, LEDGER, ORDER, ORDERING, PARKED, WAITS, Rule

RULES = (
    Rule(
        "3.8",
        "OA-23 is never posted",
        LEDGER + "d_next_payer_then_secondary",
        effect("prior_payer", "reserve", "contractual"),
    ),
    Rule(
        "3.8",
        "OA-23 is verified against what we posted",
        PARKED + "prior_payers_did_less_than_said",
        reason_off("prior_payer_exceeds"),
    ),
    Rule(
        "3.8",
        "Payment and new contractual within what is open (RFI 1696; G2)",
        PARKED + "secondary_that_writes_off_what_is_not_open",
        reason_off("secondary_exceeds_open"),
    ),
    Rule(
        "3.8",
        "What the payer before decides is posted first where it is on its way",
        WAITS + "later_payer_waits_for_the_payer_before",
        nothing(CLAIM + "_Builder._await_prior"),
    ),
    Rule(
        "3.8",
        "… and where it comes later, the parked payment goes on with it",
        ORDER + "later_payer_goes_on_when_the_payer_before_posts",
        nothing(ORDERING + "_rcm_wake_followers"),
    ),
    Rule(
        "3.8",
        "One click caps the contractual at the balance",
        PARKED + "secondary_that_writes_off_what_is_not_open",
        value(CLAIM + "cap_contractual", lambda actions, excess: actions),
    ),
    Rule(
        "3.8",
        "Or the payment goes alone",
        PARKED + "cash_only_leaves_the_rest_open",
        value(CLAIM + "without_posting", lambda actions: actions),
    ),
)
