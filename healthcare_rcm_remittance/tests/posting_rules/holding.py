"""What holds a remittance, and what parks a claim."""

from ...settlement.outcome import POST
from ..rule_switches import both, nothing, reason_off, stop_off, value
from .rule import ASSUMED, HELD, PARKED, SEQUENCE, SEQUENCING, Rule

RULES = (
    Rule(
        "3.13",
        "Another currency holds",
        HELD + "header_codes_and_currency",
        stop_off("currency_foreign"),
    ),
    Rule(
        "3.13",
        "A locked period holds",
        ASSUMED + "locked_period",
        stop_off("period_locked"),
    ),
    Rule(
        "3.13",
        "… until it is open",
        SEQUENCE + "locked_period_holds_until_it_is_open",
        value("models.res_company:LOCKS", frozenset()),
    ),
    Rule(
        "3.13",
        "Overpayment parks",
        PARKED + "paid_more_than_open",
        reason_off("overpaid"),
    ),
    Rule(
        "3.13",
        "A void claim parks",
        PARKED + "void_claim",
        reason_off("claim_void"),
    ),
    Rule(
        "3.13",
        "All or nothing: a parked claim holds the ST",
        HELD + "all_or_nothing_payer",
        stop_off("claim_parked_policy"),
    ),
    Rule(
        "3.13",
        "A claim that is not submitted holds, or parks on request",
        HELD + "claim_that_is_not_ready",
        reason_off("claim_not_submitted"),
    ),
    Rule(
        "3.13",
        "A claim without invoice holds",
        HELD + "claim_that_is_not_ready",
        reason_off("claim_not_invoiced"),
    ),
    Rule(
        "3.13",
        "Status first: the final status comes before",
        HELD + "status_first_payer_waits_for_the_final_status",
        reason_off("claim_not_final"),
    ),
    Rule(
        "3.13",
        "What was waited for wakes the remittance",
        SEQUENCE + "payee_that_was_unknown_comes",
        nothing(SEQUENCING + "_rcm_wake_cases"),
    ),
    Rule(
        "3.13",
        "A hold past its deadline is a case",
        SEQUENCE + "hold_past_its_deadline_is_a_case_until_it_ends",
        nothing(SEQUENCING + "_cron_watch_holds"),
    ),
    Rule(
        "3.13",
        "Parked cash lies on unapplied cash, so the ST ties",
        PARKED + "unknown_control_number",
        both(
            value("settlement.plan:PARK", POST),
            value("settlement.plan:HOLD", POST),
            value("settlement.plan:_ties", lambda *args: True),
        ),
    ),
)
