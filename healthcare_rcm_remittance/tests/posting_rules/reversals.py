"""Reversal and correction."""

from dataclasses import replace

from ..rule_switches import nothing, reason_off, value, wrapped
from .rule import CLAIM, NUMBER, POST, REVERSAL, SEQUENCE, TAKEBACKS, Rule


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
        nothing("models.rcm_claim:RcmClaim._rcm_retry_parked"),
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
