"""Reversal and correction."""

from dataclasses import replace

from odoo.tools import SQL

from ..rule_switches import nothing, reason_off, value, wrapped
from .rule import (
    CLAIM,
    NUMBER,
    ORDER,
    ORDERING,
    POST,
    REVERSAL,
    SEQUENCE,
    TAKEBACKS,
    WAITS,
    Rule,
)


def _by_any_payer(original):
    return lambda claim, facts, payer_id, taken: original(
        claim, facts, facts.posted[0].payer_id if facts.posted else payer_id, taken
    )


def _no_names(original):
    def find(claim, facts, payer_id, taken):
        bare = replace(claim, payer_claim_number="", references=())
        return original(bare, facts, payer_id, taken)

    return find


RULES = (
    Rule(
        "3.6",
        "Only the exact mirror posts (RFI 2442)",
        REVERSAL + "reversal_that_is_not_the_mirror",
        value("settlement.reversal:difference", lambda *args: []),
    ),
    Rule(
        "3.6",
        "A reversal of nothing posts nothing",
        REVERSAL + "reversal_of_what_was_never_posted",
        reason_off("reversal_unmatched"),
    ),
    Rule(
        "3.6",
        "The original is the same payer's",
        REVERSAL + "reversal_by_another_payer_finds_nothing",
        wrapped("settlement.reversal:find_original", _by_any_payer),
    ),
    Rule(
        "3.6",
        "CLP07 and REF*F8 name the original first (RFI 1147)",
        NUMBER + "reversal_takes_the_original_that_the_payer_names",
        wrapped("settlement.reversal:find_original", _no_names),
    ),
    Rule(
        "3.6",
        "One original is reversed once",
        REVERSAL + "one_original_is_reversed_once",
        wrapped(
            "settlement.reversal:find_original",
            lambda original: lambda claim, facts, payer, taken: original(
                claim, facts, payer, frozenset()
            ),
        ),
    ),
    Rule(
        "3.6",
        "Reversal and correction in either order in one ST (RFI 1733)",
        REVERSAL + "reversal_and_correction_in_either_order",
        value("settlement.plan:REVERSAL", "none"),
    ),
    Rule(
        "3.6",
        "… and across files: the early correction waits for the reversal",
        POST + "reversal_waits_for_its_original_then_releases_itself",
        nothing("models.rcm_claim:RcmClaim._rcm_retry_parked", frozenset()),
    ),
    Rule(
        "3.6",
        "… and across files: the early reversal waits for its original",
        ORDER + "takeback_waits_for_the_remittance_that_carries_its_original",
        value(ORDERING + "_rcm_earlier_decisions", lambda self, numbers: {}),
    ),
    Rule(
        "3.6",
        "… which holds the whole ST, or parks reversal and correction",
        WAITS + "reversal_waits_for_an_original_on_its_way",
        reason_off("original_waiting"),
    ),
    Rule(
        "3.6",
        "… for an earlier remittance, so that no two wait for each other",
        ORDER + "earlier_is_by_day_of_payment_then_by_arrival",
        value(
            "models.rcm_remittance_order:_day_of",
            lambda alias: SQL("%s", len(alias)),
        ),
    ),
    Rule(
        "3.6",
        "… until that one is posted or ends otherwise",
        ORDER + "takeback_waits_for_the_remittance_that_carries_its_original",
        nothing(ORDERING + "_rcm_wake_followers"),
    ),
    Rule(
        "3.6",
        "A correction waits with its parked reversal: an ST is a set (RFI 1733)",
        WAITS + "correction_waits_with_a_parked_reversal",
        reason_off("correction_waits"),
    ),
    Rule(
        "3.6",
        "… also where the claim has room for it",
        WAITS + "correction_waits_while_the_claim_has_room_for_it",
        reason_off("correction_waits"),
    ),
    Rule(
        "3.6",
        "… with the one that CLP07 or REF*F8 names (RFI 1147)",
        WAITS + "correction_waits_for_the_reversal_that_its_numbers_name",
        value(
            "settlement.reversal:before_correction",
            lambda claim, reversals: list(reversals),
        ),
    ),
    Rule(
        "3.6",
        "… not after a second reversal of the same (RFI 1604)",
        WAITS + "correction_after_a_second_reversal_waits_for_nothing",
        value("settlement.plan:REPEATED", "none"),
    ),
    Rule(
        "3.6",
        "… and both are released, the reversal first, when the original posts",
        ORDER + "takeback_that_comes_first_is_released_when_its_original_posts",
        nothing(ORDERING + "_rcm_wake_followers"),
    ),
    Rule(
        "3.6",
        "Stored actions are mirrored, never today's rules",
        REVERSAL + "stored_action_beats_the_rule_of_today",
        value("settlement.reversal:_take", lambda candidates, item: None),
    ),
    Rule(
        "3.6",
        "Local entries go back first (G13)",
        "test_settlement_reversals.TestLocalEntries."
        "test_reversal_takes_local_entries_back_once",
        nothing(CLAIM + "_Builder._take_back_local"),
    ),
    Rule(
        "3.6",
        "What the next payer settled is not taken from under it",
        REVERSAL + "next_payer_has_used_the_amount",
        reason_off("reversal_next_payer_posted"),
    ),
    Rule(
        "3.6",
        "A reversal without correction is legal and watched (RFI 1776)",
        SEQUENCE + "reversal_without_correction_is_watched",
        nothing("models.rcm_remittance_post:RcmRemittance._rcm_await_corrections"),
    ),
    Rule(
        "3.6",
        "What the patient paid becomes the patient's credit",
        TAKEBACKS + "c_takeback_after_the_patient_paid",
        nothing("models.rcm_claim:RcmClaim._rcm_credit_patients"),
    ),
)
