"""Every rule of posting an 835, the test that guards it, and how it is switched off.

``readme/POSTING_RULES.md`` is this table for people. ``test_posting_rules`` switches
each rule that needs no database off and sees its test fail; ``./setup/bench rules``
does so with all of them. RFI: a published X12 interpretation of 005010X221(A1).
"""

from dataclasses import dataclass, replace
from decimal import Context

from ..settlement.actions import BUNDLING, DENIAL, INCENTIVE, PATIENT, WITHHOLD
from ..settlement.outcome import POST
from ..settlement.variances import find_variances
from .rule_switches import (
    both,
    effect,
    finding_off,
    nothing,
    reason_off,
    stop_off,
    value,
    without_rules,
    wrapped,
)


@dataclass(frozen=True)
class Rule:
    """``test`` is "file.Class.method"; ``off`` makes a context without the rule."""

    section: str
    text: str
    test: str
    off: object

    @property
    def needs_database(self) -> bool:
        """Whether its test works on records."""
        return self.test.startswith(("test_remittance_", "test_rcm_"))


_ENVELOPE = "test_x12_envelope.TestX12Envelope.test_"
_TRANSACTION = "test_x12_transaction.TestX12Transaction.test_"
_CLAIM_READ = "test_x12_claim.TestX12Claim.test_"
_BALANCE = "test_x12_balance.TestX12Balance.test_"
_PARKED = "test_settlement_parked.TestParkedClaims.test_"
_HELD = "test_settlement_held.TestHeldRemittances.test_"
_REVERSAL = "test_settlement_reversals.TestReversals.test_"
_ADJUST = "test_settlement_adjustments.TestAdjustments.test_"
_MATCH = "test_settlement_matching.TestMatching.test_"
_STATUS = "test_settlement_statuses.TestStatuses.test_"
_NUMBER = "test_settlement_statuses.TestNumbers.test_"
_CONTRACT = "test_settlement_statuses.TestContract.test_"
_ASSUMED = "test_settlement_statuses.TestAssumptions.test_"
_PROVIDER = "test_settlement_provider.TestProviderAdjustments.test_"
_LEDGER = "test_settlement_ledgers.TestLedgers.test_"
_RECEIVE = "test_remittance_receive.TestRemittanceReceive.test_"
_DUPLICATE = "test_remittance_duplicates.TestRemittanceDuplicates.test_"
_SEQUENCE = "test_remittance_sequence.TestRemittanceSequence.test_"
_POST = "test_remittance_post.TestRemittancePost.test_"
_BOOKS = "test_remittance_ledgers.TestRemittanceLedgers.test_"

_READ = "models.rcm_remittance_read:RcmRemittance."
_PARTIES = "models.rcm_remittance_parties:RcmRemittance."
_SEQUENCING = "models.rcm_remittance_sequence:RcmRemittance."
_CLAIM = "settlement.claim:"


def _vals(**changed):
    """Remittances are stored with these values instead of their own."""

    def make(original):
        def vals(self, file, transaction, envelope_errors=()):
            found = original(self, file, transaction, envelope_errors)
            return {
                **found,
                **{
                    key: new(transaction) if callable(new) else new
                    for key, new in changed.items()
                },
            }

        return vals

    return wrapped(_READ + "_rcm_vals", make)


def _envelope_errors(errors_of):
    """What the interchange's errors are taken to be."""

    def make(original):
        def create(self, file, transactions, envelope_errors=()):
            errors = errors_of(transactions, envelope_errors)
            return original(self, file, transactions, errors)

        return create

    return wrapped(_READ + "_rcm_create_from", make)


def _all_errors(transactions, _errors):
    return [
        item
        for one in transactions
        for item in one.findings
        if item.severity == "error"
    ]


def _first_only(amount, weights):
    return [amount] + [amount * 0] * (len(weights) - 1)


def _counted(original):
    numbers = iter(range(10_000))
    return lambda data: f"{original(data)}{next(numbers)}"


def _keep_sign(original):
    """PLB read the other way round: positive increases."""
    return lambda adjustments: -original(adjustments)


def _by_any_payer(original):
    return lambda claim, facts, payer_id, taken: original(
        claim, facts, facts.posted[0].payer_id if facts.posted else payer_id, taken
    )


def _no_names(original):
    def find(claim, facts, payer_id, taken):
        bare = replace(claim, payer_claim_number="", references=())
        return original(bare, facts, payer_id, taken)

    return find


def _status_decides(original):
    """A claim said to be denied is written off by that alone."""

    def run(self):
        if self.claim.status == "4":
            self._park("claim_unmatched")
            return self._outcome("park")
        return original(self)

    return run


def _no_number(original):
    def match(services, lines, chosen=()):
        return original(
            [replace(item, references=()) for item in services], lines, chosen
        )

    return match


RULES = (
    # -- 3.1 envelope and file --
    Rule(
        "3.1",
        "Delimiters come from the ISA itself",
        _ENVELOPE + "any_delimiters_also_control_characters",
        value("x12.envelope:_delimiters", lambda *args: (":", "~")),
    ),
    Rule(
        "3.1",
        "Byte order mark and text before the ISA are tolerated and told",
        _ENVELOPE + "byte_order_mark_white_space_and_prose",
        finding_off("byte_order_mark", "prose_before_isa", "leading_whitespace"),
    ),
    Rule(
        "3.1",
        "SE01 counts the segments, SE02 is ST02",
        _TRANSACTION + "se_count_and_number",
        finding_off("se_count_wrong"),
    ),
    Rule(
        "3.1",
        "SE02 is the number of its ST",
        _TRANSACTION + "se_count_and_number",
        finding_off("se_control_wrong"),
    ),
    Rule(
        "3.1",
        "GE01 counts the transactions",
        _ENVELOPE + "wrong_counts_and_control_numbers",
        finding_off("ge_count_wrong"),
    ),
    Rule(
        "3.1",
        "IEA02 is the number of its ISA",
        _ENVELOPE + "wrong_counts_and_control_numbers",
        finding_off("iea_control_wrong"),
    ),
    Rule(
        "3.1",
        "A cut-off file is an error, never a shorter file",
        _TRANSACTION + "cut_off_transaction_is_delivered_with_an_error",
        finding_off("truncated"),
    ),
    Rule(
        "3.1",
        "One bad ST is refused alone; its siblings post (G7)",
        _RECEIVE + "one_bad_st_leaves_its_siblings",
        _envelope_errors(_all_errors),
    ),
    Rule(
        "3.1",
        "An envelope fault refuses the whole interchange",
        _RECEIVE + "envelope_fault_refuses_the_whole_interchange",
        _envelope_errors(lambda transactions, errors: ()),
    ),
    Rule(
        "3.1",
        "4010 is read and told; other versions are errors",
        _TRANSACTION + "versions",
        finding_off("version_unknown"),
    ),
    Rule(
        "3.1",
        "4010 posts only for payers that may send it",
        _HELD + "old_version_only_where_allowed",
        stop_off("version_4010_refused"),
    ),
    Rule(
        "3.1",
        "4010: ISA11 is no repetition separator",
        _ENVELOPE + "repetition_separator_by_version",
        value("x12.envelope:_repetition", lambda declared, version, taken: declared),
    ),
    Rule(
        "3.1",
        "4010 reversals under CR are compared without groups (RFI 319, 213; G15)",
        _REVERSAL + "old_group_is_compared_by_reason",
        value("settlement.reversal:OBSOLETE_GROUP", "none"),
    ),
    Rule(
        "3.1",
        "ISA15 = T is refused unless the company accepts tests",
        _RECEIVE + "test_file_only_where_accepted",
        _vals(test_file=False),
    ),
    Rule(
        "3.1",
        "Unknown segments are kept and told",
        _TRANSACTION + "unknown_segments_are_kept_where_they_stood",
        finding_off("unknown_segment"),
    ),
    Rule(
        "3.1",
        "Amounts are exact, whatever the precision around",
        _BALANCE + "exact_beyond_the_callers_precision",
        value("x12.balance:EXACT", Context(prec=6)),
    ),
    # -- 3.2 duplicates --
    Rule(
        "3.2",
        "Layer 1: the same file, whatever its line breaks",
        _DUPLICATE + "file_again_whatever_its_line_breaks",
        wrapped("models.rcm_remittance_file:canonical_sha256", _counted),
    ),
    Rule(
        "3.2",
        "Layer 2: the same interchange, group and transaction number warns",
        _DUPLICATE + "interchange_number_again_with_other_content_warns_and_goes_on",
        nothing(_READ + "_rcm_note_interchange"),
    ),
    Rule(
        "3.2",
        "Layer 3: the same payment with the same content is a duplicate",
        _DUPLICATE + "payment_again_in_another_file_is_recorded_and_not_posted",
        _vals(payment_key=lambda transaction: str(id(transaction))),
    ),
    Rule(
        "3.2",
        "Layer 3: the same trace with other content is a case (RFI 1847, 1874; G6)",
        _RECEIVE + "trace_number_used_again_for_another_payment",
        _vals(content_hash="one"),
    ),
    Rule(
        "3.2",
        "Layer 4: a decision posted before is told",
        _NUMBER + "decision_posted_before_is_told",
        reason_off("claim_seen_before"),
    ),
    Rule(
        "3.2",
        "Layer 4: a claim twice in one ST parks",
        _PARKED + "same_claim_twice_unless_split",
        reason_off("claim_repeated"),
    ),
    Rule(
        "3.2",
        "What was reversed is not reversed again (RFI 1604)",
        _NUMBER + "second_reversal_of_the_same",
        value("settlement.reversal:exact", lambda *args: False),
    ),
    # -- 3.3 header --
    Rule(
        "3.3",
        "BPR01 D: payment only, its remittance is ignored (RFI 1870)",
        _HELD + "header_codes_and_currency",
        stop_off("payment_only"),
    ),
    Rule(
        "3.3",
        "BPR01 P: a prenotification is never posted",
        _HELD + "header_codes_and_currency",
        stop_off("prenote"),
    ),
    Rule(
        "3.3",
        "BPR02 is never below zero",
        _TRANSACTION + "oddities_of_the_payment",
        finding_off("payment_negative"),
    ),
    Rule(
        "3.3",
        "BPR03 D: the payer's account is debited; told, posted",
        _TRANSACTION + "oddities_of_the_payment",
        finding_off("debit_payment"),
    ),
    Rule(
        "3.3",
        "BPR02 = 0 goes with H and NON (RFI 2228, 352)",
        _TRANSACTION + "zero_payments",
        finding_off("zero_payment_mismatch"),
    ),
    Rule(
        "3.3",
        "BPR01 I needs claims or provider adjustments (RFI 1870)",
        _TRANSACTION + "oddities_of_the_payment",
        finding_off("remittance_empty"),
    ),
    Rule(
        "3.3",
        "A payment without BPR16 is held",
        _ASSUMED + "payment_without_a_date",
        stop_off("payment_undated"),
    ),
    Rule(
        "3.3",
        "… or counts from its receipt, and says so",
        _ASSUMED + "payment_without_a_date",
        stop_off("payment_date_assumed"),
    ),
    Rule(
        "3.3",
        "… by the company's policy or a person's decision",
        _SEQUENCE + "company_may_date_payments_by_their_receipt",
        nothing(
            "models.rcm_remittance_sequence:RcmRemittance._rcm_undated_policy", "hold"
        ),
    ),
    Rule(
        "3.3",
        "The trace number must be there",
        _TRANSACTION + "missing_header_segments",
        finding_off("trn_missing"),
    ),
    Rule(
        "3.3",
        "Payer and payee must be ours to know",
        _RECEIVE + "unknown_payer_and_payee",
        nothing(
            "models.rcm_remittance_parties:RcmRemittance._rcm_resolve_parties", True
        ),
    ),
    Rule(
        "3.3",
        "PLB01 of someone else holds",
        _PROVIDER + "provider_that_is_not_ours",
        stop_off("provider_not_ours"),
    ),
    Rule(
        "3.3",
        "PLB01 names the facility it is booked for",
        _DUPLICATE + "provider_adjustment_stands_for_the_facility_it_names",
        nothing(_PARTIES + "_rcm_provider_facilities", {}),
    ),
    Rule(
        "3.3",
        "NM1*PR on a claim denied 22 suggests the right payer",
        _STATUS + "right_payer_named_on_a_denial_for_another",
        reason_off("coverage_suggested"),
    ),
    # -- 3.4 balancing --
    Rule(
        "3.4",
        "Line: SVC03 = SVC02 − CAS (RFI 452)",
        _BALANCE + "line_out_of_balance",
        finding_off("line_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Claim: CLP04 = CLP03 − all CAS (RFI 358, 2570)",
        _BALANCE + "claim_out_of_balance",
        finding_off("claim_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Charges: Σ SVC02 = CLP03 (RFI 185)",
        _BALANCE + "charges_out_of_balance",
        finding_off("charges_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Derived: CLP04 = Σ SVC03 − claim CAS (G1)",
        _BALANCE + "charges_out_of_balance",
        finding_off("derived_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Payment: BPR02 = Σ CLP04 − Σ PLB (RFI 618)",
        _BALANCE + "transaction_out_of_balance",
        finding_off("transaction_out_of_balance"),
    ),
    Rule(
        "3.4",
        "CLP05 = Σ PR is a warning only (RFI 2548)",
        _BALANCE + "patient_responsibility_warns_except_on_reversals",
        finding_off("patient_responsibility_mismatch"),
    ),
    Rule(
        "3.4",
        "… and is not asked of reversals",
        _BALANCE + "patient_responsibility_warns_except_on_reversals",
        value("x12.balance:REVERSAL", "never"),
    ),
    Rule(
        "3.4",
        "AMT*I = − PLB L6 is a warning (RFI 2123, 2202; G12)",
        _BALANCE + "interest_warns_when_claims_and_plb_differ",
        finding_off("interest_mismatch"),
    ),
    Rule(
        "3.4",
        "Empty CAS triples are skipped, not the end",
        _CLAIM_READ + "cas_skips_empty_triples_and_reads_six",
        value(
            "x12.claims:ClaimLoops._cas_triples",
            lambda self, elements, offset: None,
        ),
    ),
    Rule(
        "3.4",
        "An incomplete CAS triple is an error",
        _CLAIM_READ + "incomplete_cas_is_an_error",
        finding_off("adjustment_incomplete"),
    ),
    Rule(
        "3.4",
        "A plan never trusts a stored balance",
        _HELD + "unbalanced_whatever_the_flags_say",
        both(stop_off("not_balanced"), value("settlement.plan:_ties", lambda *a: True)),
    ),
    Rule(
        "3.4",
        "Claim-level CAS is spread over the lines for statistics",
        _ADJUST + "claim_level_adjustment_is_spread_for_statistics",
        value("settlement.booking:allocate", _first_only),
    ),
    # -- 3.5 claim status --
    Rule(
        "3.5",
        "1, 2, 3 in another order than ours: told, posted (RFI 546)",
        _STATUS + "processed_in_another_order_than_ours",
        reason_off("sequence_mismatch"),
    ),
    Rule(
        "3.5",
        "Processed is not paid",
        _STATUS + "processed_with_nothing_paid",
        value(_CLAIM + "PROCESSED", {"2": 2, "3": 3}),
    ),
    Rule(
        "3.5",
        "4 writes nothing off; the adjustments decide (RFI 1423, 1885)",
        _STATUS + "denied_status_writes_nothing_off_by_itself",
        wrapped(_CLAIM + "_Builder.run", _status_decides),
    ),
    Rule(
        "3.5",
        "19, 20, 21: forwarded by the payer, ours waits (RFI 1981)",
        _STATUS + "forwarded_claims_are_crossovers",
        value(_CLAIM + "FORWARDED", frozenset()),
    ),
    Rule(
        "3.5",
        "23 without money: nothing is expected",
        _STATUS + "not_this_payers_claim_and_forwarded",
        value(_CLAIM + "NOT_OURS_FORWARDED", "none"),
    ),
    Rule(
        "3.5",
        "23 with money parks",
        _PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("not_our_claim"),
    ),
    Rule(
        "3.5",
        "25 is an estimate and never posts",
        _STATUS + "price_estimate_is_never_posted",
        value(_CLAIM + "PREDETERMINATION", "none"),
    ),
    Rule(
        "3.5",
        "25 with money parks",
        _PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("estimate_with_money"),
    ),
    Rule(
        "3.5",
        "4010 leftovers park (RFI 457)",
        _PARKED + "statuses_of_the_old_standard_and_estimates_with_money",
        reason_off("status_not_posted"),
    ),
    Rule(
        "3.5",
        "Negative without 22 parks",
        _PARKED + "negative_claim_that_is_no_reversal",
        reason_off("negative_claim"),
    ),
    # -- 3.6 reversal and correction --
    Rule(
        "3.6",
        "Only the exact mirror posts (RFI 2442)",
        _REVERSAL + "reversal_that_is_not_the_mirror",
        value("settlement.reversal:difference", lambda *args: []),
    ),
    Rule(
        "3.6",
        "A reversal of nothing posts nothing",
        _REVERSAL + "reversal_of_what_was_never_posted",
        reason_off("reversal_unmatched"),
    ),
    Rule(
        "3.6",
        "The original is the same payer's",
        _REVERSAL + "reversal_by_another_payer_finds_nothing",
        wrapped("settlement.reversal:find_original", _by_any_payer),
    ),
    Rule(
        "3.6",
        "CLP07 and REF*F8 name the original first (RFI 1147)",
        _NUMBER + "reversal_takes_the_original_that_the_payer_names",
        wrapped("settlement.reversal:find_original", _no_names),
    ),
    Rule(
        "3.6",
        "One original is reversed once",
        _REVERSAL + "one_original_is_reversed_once",
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
        _REVERSAL + "reversal_and_correction_in_either_order",
        value("settlement.plan:REVERSAL", "none"),
    ),
    Rule(
        "3.6",
        "… and across files: the early correction waits for the reversal",
        _POST + "reversal_waits_for_its_original_then_releases_itself",
        nothing("models.rcm_claim:RcmClaim._rcm_retry_parked"),
    ),
    Rule(
        "3.6",
        "Stored actions are mirrored, never today's rules",
        _REVERSAL + "stored_action_beats_the_rule_of_today",
        value("settlement.reversal:_take", lambda candidates, item: None),
    ),
    Rule(
        "3.6",
        "Local entries go back first (G13)",
        "test_settlement_reversals.TestLocalEntries."
        "test_reversal_takes_local_entries_back_once",
        nothing(_CLAIM + "_Builder._take_back_local"),
    ),
    Rule(
        "3.6",
        "What the next payer settled is not taken from under it",
        _REVERSAL + "next_payer_has_used_the_amount",
        reason_off("reversal_next_payer_posted"),
    ),
    Rule(
        "3.6",
        "A reversal without correction is legal and watched (RFI 1776)",
        _SEQUENCE + "reversal_without_correction_is_watched",
        nothing("models.rcm_remittance_post:RcmRemittance._rcm_await_corrections"),
    ),
    Rule(
        "3.6",
        "What the patient paid becomes the patient's credit",
        _BOOKS + "c_takeback_after_the_patient_paid",
        nothing("models.rcm_claim:RcmClaim._rcm_credit_patients"),
    ),
    # -- 3.7 groups and codes --
    Rule(
        "3.7",
        "An adjustment without a rule parks",
        _PARKED + "unknown_and_reviewed_adjustments",
        reason_off("adjustment_unknown"),
    ),
    Rule(
        "3.7",
        "PR 66, 241 and the like are looked at first",
        _PARKED + "unknown_and_reviewed_adjustments",
        reason_off("adjustment_review"),
    ),
    Rule(
        "3.7",
        "PR to the next payer while one is left, else to the patient",
        _LEDGER + "d_next_payer_then_secondary",
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
        _LEDGER + "a_patient_share_without_further_coverage",
        effect(PATIENT, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "CO-253 is sequestration",
        _LEDGER + "g_sequestration_uses_the_reserve",
        without_rules("253"),
    ),
    Rule(
        "3.7",
        "CO-144 negative is an incentive",
        _LEDGER + "incentive_comes_as_a_negative_adjustment",
        effect(INCENTIVE, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "CO-104, 105 are withheld, still owed",
        _LEDGER + "u_withhold_kept_and_released",
        effect(WITHHOLD, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "Denied dollars are a denial, whatever was paid beside them",
        _ADJUST + "denied_dollars_beside_a_payment",
        effect(DENIAL, "reserve", "contractual"),
    ),
    Rule(
        "3.7",
        "A negative denial amount parks",
        _PARKED + "negative_denial_amount_is_not_posted",
        reason_off("adjustment_unknown"),
    ),
    Rule(
        "3.7",
        "OA-133 is neither denial nor final",
        _ADJUST + "pending_is_neither_denial_nor_payment",
        without_rules("133"),
    ),
    Rule(
        "3.7",
        "N781 to N783, OA-209: never the patient (QMB)",
        _ADJUST + "patient_who_may_not_be_billed",
        value("settlement.adjustments:NEVER_PATIENT_REMARKS", frozenset()),
    ),
    Rule(
        "3.7",
        "PR-45: balance billing is checked first",
        _ADJUST + "balance_billing_is_flagged",
        value("settlement.adjustments:BALANCE_BILLING", ("none", "45")),
    ),
    Rule(
        "3.7",
        "The most specific rule wins",
        _ADJUST + "most_specific_rule_wins",
        value("settlement.rules:_rank", lambda rule: -rule.id),
    ),
    Rule(
        "3.7",
        "Rules count from their date",
        _ADJUST + "rule_counts_from_its_date",
        value("settlement.rules:_fits", lambda *args: True),
    ),
    Rule(
        "3.7",
        "MA15 is a split claim (RFI 1076; G10)",
        _PARKED + "same_claim_twice_unless_split",
        value(_CLAIM + "SPLIT_CLAIM_REMARK", "none"),
    ),
    # -- 3.8 secondary payers --
    Rule(
        "3.8",
        "OA-23 is never posted",
        _LEDGER + "d_next_payer_then_secondary",
        effect("prior_payer", "reserve", "contractual"),
    ),
    Rule(
        "3.8",
        "OA-23 is verified against what we posted",
        _PARKED + "prior_payers_did_less_than_said",
        reason_off("prior_payer_exceeds"),
    ),
    Rule(
        "3.8",
        "Payment and new contractual within what is open (RFI 1696; G2)",
        _PARKED + "secondary_that_writes_off_what_is_not_open",
        reason_off("secondary_exceeds_open"),
    ),
    Rule(
        "3.8",
        "One click caps the contractual at the balance",
        _PARKED + "secondary_that_writes_off_what_is_not_open",
        value(_CLAIM + "cap_contractual", lambda actions, excess: actions),
    ),
    Rule(
        "3.8",
        "Or the payment goes alone",
        _PARKED + "cash_only_leaves_the_rest_open",
        value(_CLAIM + "without_posting", lambda actions: actions),
    ),
    # -- 3.9 lines --
    Rule(
        "3.9",
        "REF*6R before anything else (RFI 1684, 1917)",
        _NUMBER + "line_by_our_number_before_anything_else",
        wrapped(_CLAIM + "match_lines", _no_number),
    ),
    Rule(
        "3.9",
        "SVC06 is what we submitted (RFI 2320)",
        _MATCH + "submitted_code_matches_a_recoded_line",
        value("settlement.matching:submitted_procedure", lambda item: item.procedure),
    ),
    Rule(
        "3.9",
        "Code without modifiers where it is unique",
        _NUMBER + "line_without_modifiers_where_the_code_is_unique",
        value("settlement.matching:_same_code", lambda service, line: False),
    ),
    Rule(
        "3.9",
        "Parts of a split line share it (RFI 958)",
        _MATCH + "parts_of_a_split_line_share_it",
        wrapped(_CLAIM + "match_lines", _no_number),
    ),
    Rule(
        "3.9",
        "A line that is not ours parks",
        _PARKED + "line_that_is_not_ours",
        reason_off("line_unmatched"),
    ),
    Rule(
        "3.9",
        "OA-94 and 97 that sum to nothing are a bundle (RFI 2320, 2009; G3)",
        _ADJUST + "bundle_is_a_reallocation",
        value("settlement.adjustments:_bundle", lambda claim: False),
    ),
    Rule(
        "3.9",
        "97 alone is a denial",
        _ADJUST + "97_alone_is_a_denial",
        value("settlement.adjustments:_bundle", lambda claim: True),
    ),
    Rule(
        "3.9",
        "A bundle posts nothing",
        _ADJUST + "bundle_is_a_reallocation",
        effect(BUNDLING, "reserve", "contractual"),
    ),
    Rule(
        "3.9",
        "CLP03 is our charge (RFI 2551)",
        _PARKED + "charge_is_not_ours",
        reason_off("charge_mismatch"),
    ),
    # -- 3.10 provider adjustments --
    Rule(
        "3.10",
        "Positive reduces, negative increases (RFI 427, 1756; G5)",
        _BALANCE + "g5_provider_adjustment_vectors",
        wrapped("x12.balance:provider_adjusted", _keep_sign),
    ),
    Rule(
        "3.10",
        "Every shipped code has its account",
        _PROVIDER + "each_shipped_code_has_its_account",
        without_rules("BN", "IP"),
    ),
    Rule(
        "3.10",
        "Nothing is posted unmapped",
        _PROVIDER + "codes_without_a_rule_hold",
        stop_off("adjustment_unmapped"),
    ),
    Rule(
        "3.10",
        "WO + uses the record its reference names",
        _PROVIDER + "recovery_uses_the_record_it_names",
        wrapped(
            "settlement.provider:_Held._order",
            lambda original: lambda self, pair, treatment: self.records[:1],
        ),
    ),
    Rule(
        "3.10",
        "… or the payer's claim number",
        _PROVIDER + "recovery_by_the_payers_claim_number",
        wrapped(
            "settlement.provider:_Held._order",
            lambda original: lambda self, pair, treatment: self.records[:1],
        ),
    ),
    Rule(
        "3.10",
        "… else it is unidentified, and told",
        _PROVIDER + "recovery_that_names_nothing_we_know_is_told",
        stop_off("overpayment_unmatched"),
    ),
    Rule(
        "3.10",
        "FB + uses forward balances only (RFI 738)",
        _PROVIDER + "forward_balance_never_uses_another_kind",
        value("settlement.provider:FORWARD", "none"),
    ),
    Rule(
        "3.10",
        "Forward balances live across remittances (G5, G11)",
        _LEDGER + "e2_forward_balance_lives_across_remittances",
        without_rules("FB"),
    ),
    Rule(
        "3.10",
        "A second open forward balance is told (RFI 738)",
        _PROVIDER + "second_forward_balance_is_told",
        stop_off("forward_balance_second"),
    ),
    Rule(
        "3.10",
        "72 with WO moves nothing",
        _PROVIDER + "refund_acknowledged_is_a_memo_with_its_recovery",
        value("settlement.provider:_memo_pairs", lambda *args: set()),
    ),
    Rule(
        "3.10",
        "72 alone holds",
        _HELD + "unmapped_and_unpaired_provider_adjustments",
        stop_off("adjustment_unmapped"),
    ),
    Rule(
        "3.10",
        "A remittance of provider adjustments only posts",
        _PROVIDER + "payment_of_provider_adjustments_only",
        without_rules("CT"),
    ),
    Rule(
        "3.10",
        "A payer's rule before the general one",
        _PROVIDER + "payers_rule_before_the_general_one",
        value("settlement.rules:_rank", lambda rule: -rule.id),
    ),
    # -- 3.11 interest, capitation, contract --
    Rule(
        "3.11",
        "Interest taken back reduces income, else it is expense (G12)",
        _ADJUST + "interest_taken_back_reduces_income_else_expense",
        value("settlement.provider:_interest_taken_back", lambda transaction: 0),
    ),
    Rule(
        "3.11",
        "Capitated lines close by CO-24, the money is PLB CT (RFI 1921)",
        _LEDGER + "h_capitation",
        without_rules("24"),
    ),
    Rule(
        "3.11",
        "Allowed against contract, beyond the tolerance",
        _CONTRACT + "underpayment_beyond_the_tolerance",
        value(_CLAIM + "find_variances", lambda *args: ()),
    ),
    Rule(
        "3.11",
        "… without sequestration and withhold",
        _CONTRACT + "sequestration_and_withhold_are_no_underpayment",
        value(
            "settlement.actions:REDUCES_ALLOWED",
            frozenset({"contractual", "sequestration", "withhold"}),
        ),
    ),
    Rule(
        "3.11",
        "… of the first payer only",
        _CONTRACT + "only_the_first_payer_is_compared",
        wrapped(
            _CLAIM + "_Builder._variances",
            lambda original: lambda self: find_variances(
                self.claim, self.facts, self.matches, self.actions
            ),
        ),
    ),
    Rule(
        "3.11",
        "… and not of what is denied or undecided",
        _CONTRACT + "denied_lines_are_not_compared",
        value("settlement.actions:UNDECIDED", frozenset()),
    ),
    # -- 3.12 matching --
    Rule(
        "3.12",
        "CLP01 alone posts (RFI 504)",
        _PARKED + "unknown_control_number",
        reason_off("claim_unmatched"),
    ),
    Rule(
        "3.12",
        "Everything else only suggests",
        _MATCH + "suggestions_need_enough_and_are_ranked",
        value("settlement.matching:ENOUGH", 0),
    ),
    Rule(
        "3.12",
        "Replacements come under the old number (RFI 1945; G9)",
        _NUMBER + "replacement_comes_back_under_the_old_number",
        nothing(_CLAIM + "_Builder._choose_version"),
    ),
    Rule(
        "3.12",
        "Another patient parks",
        _PARKED + "patient_is_someone_else",
        reason_off("patient_mismatch"),
    ),
    Rule(
        "3.12",
        "A corrected name is a suggestion",
        _STATUS + "corrected_name_is_a_suggestion",
        reason_off("corrected_name"),
    ),
    Rule(
        "3.12",
        "The payer must be on the claim",
        _PARKED + "payer_without_a_leg",
        reason_off("payer_not_on_claim"),
    ),
    # -- 3.13 hold, park, route --
    Rule(
        "3.13",
        "Another currency holds",
        _HELD + "header_codes_and_currency",
        stop_off("currency_foreign"),
    ),
    Rule(
        "3.13",
        "A locked period holds",
        _ASSUMED + "locked_period",
        stop_off("period_locked"),
    ),
    Rule(
        "3.13",
        "… until it is open",
        _SEQUENCE + "locked_period_holds_until_it_is_open",
        value("models.res_company:LOCKS", frozenset()),
    ),
    Rule(
        "3.13",
        "Overpayment parks",
        _PARKED + "paid_more_than_open",
        reason_off("overpaid"),
    ),
    Rule(
        "3.13",
        "A void claim parks",
        _PARKED + "void_claim",
        reason_off("claim_void"),
    ),
    Rule(
        "3.13",
        "All or nothing: a parked claim holds the ST",
        _HELD + "all_or_nothing_payer",
        stop_off("claim_parked_policy"),
    ),
    Rule(
        "3.13",
        "A claim that is not submitted holds, or parks on request",
        _HELD + "claim_that_is_not_ready",
        reason_off("claim_not_submitted"),
    ),
    Rule(
        "3.13",
        "A claim without invoice holds",
        _HELD + "claim_that_is_not_ready",
        reason_off("claim_not_invoiced"),
    ),
    Rule(
        "3.13",
        "Status first: the final status comes before",
        _HELD + "status_first_payer_waits_for_the_final_status",
        reason_off("claim_not_final"),
    ),
    Rule(
        "3.13",
        "What was waited for wakes the remittance",
        _SEQUENCE + "payee_that_was_unknown_comes",
        nothing(_SEQUENCING + "_rcm_wake_cases"),
    ),
    Rule(
        "3.13",
        "A hold past its deadline is a case",
        _SEQUENCE + "hold_past_its_deadline_is_a_case_until_it_ends",
        nothing(_SEQUENCING + "_cron_watch_holds"),
    ),
    Rule(
        "3.13",
        "Parked cash lies on unapplied cash, so the ST ties",
        _PARKED + "unknown_control_number",
        both(
            value("settlement.plan:PARK", POST),
            value("settlement.plan:HOLD", POST),
            value("settlement.plan:_ties", lambda *args: True),
        ),
    ),
)
