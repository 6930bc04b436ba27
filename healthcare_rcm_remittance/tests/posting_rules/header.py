"""The header of a payment."""

from ..rule_switches import finding_off, nothing, reason_off, stop_off
from .rule import (
    ASSUMED,
    DUPLICATE,
    HELD,
    PARTIES,
    PROVIDER,
    RECEIVE,
    SEQUENCE,
    STATUS,
    TRANSACTION,
    Rule,
)

RULES = (
    Rule(
        "3.3",
        "BPR01 D: payment only, its remittance is ignored (RFI 1870)",
        HELD + "header_codes_and_currency",
        stop_off("payment_only"),
    ),
    Rule(
        "3.3",
        "BPR01 P: a prenotification is never posted",
        HELD + "header_codes_and_currency",
        stop_off("prenote"),
    ),
    Rule(
        "3.3",
        "BPR02 is never below zero",
        TRANSACTION + "oddities_of_the_payment",
        finding_off("payment_negative"),
    ),
    Rule(
        "3.3",
        "BPR03 D: the payer's account is debited; told, posted",
        TRANSACTION + "oddities_of_the_payment",
        finding_off("debit_payment"),
    ),
    Rule(
        "3.3",
        "BPR02 = 0 goes with H and NON (RFI 2228, 352)",
        TRANSACTION + "zero_payments",
        finding_off("zero_payment_mismatch"),
    ),
    Rule(
        "3.3",
        "BPR01 I needs claims or provider adjustments (RFI 1870)",
        TRANSACTION + "oddities_of_the_payment",
        finding_off("remittance_empty"),
    ),
    Rule(
        "3.3",
        "A payment without BPR16 is held",
        ASSUMED + "payment_without_a_date",
        stop_off("payment_undated"),
    ),
    Rule(
        "3.3",
        "… or counts from its receipt, and says so",
        ASSUMED + "payment_without_a_date",
        stop_off("payment_date_assumed"),
    ),
    Rule(
        "3.3",
        "… by the company's policy or a person's decision",
        SEQUENCE + "company_may_date_payments_by_their_receipt",
        nothing(
            "models.rcm_remittance_sequence:RcmRemittance._rcm_undated_policy", "hold"
        ),
    ),
    Rule(
        "3.3",
        "The trace number must be there",
        TRANSACTION + "missing_header_segments",
        finding_off("trn_missing"),
    ),
    Rule(
        "3.3",
        "Payer and payee must be ours to know",
        RECEIVE + "unknown_payer_and_payee",
        nothing(
            "models.rcm_remittance_parties:RcmRemittance._rcm_resolve_parties", True
        ),
    ),
    Rule(
        "3.3",
        "PLB01 of someone else holds",
        PROVIDER + "provider_that_is_not_ours",
        stop_off("provider_not_ours"),
    ),
    Rule(
        "3.3",
        "PLB01 names the facility it is booked for",
        DUPLICATE + "provider_adjustment_stands_for_the_facility_it_names",
        nothing(PARTIES + "_rcm_provider_facilities", {}),
    ),
    Rule(
        "3.3",
        "NM1*PR on a claim denied 22 suggests the right payer",
        STATUS + "right_payer_named_on_a_denial_for_another",
        reason_off("coverage_suggested"),
    ),
)
