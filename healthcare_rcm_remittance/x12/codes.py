"""Every finding the reader can make: its severity and a short explanation.

``error``: nothing of this transaction (or, for the envelope, of this interchange)
may be posted. ``warning``: odd, a person may want to know. ``info``: tolerated.
"""

ERROR, WARNING, INFO = "error", "warning", "info"

CODES = {
    # the bytes
    "not_x12": (ERROR, "No readable ISA segment: this is not an X12 file."),
    "truncated": (ERROR, "The data ends in the middle; what follows is missing."),
    "empty_segment": (WARNING, "Two segment terminators with nothing between them."),
    "segment_oversize": (ERROR, "A segment is larger than the limit; it was skipped."),
    "transaction_oversize": (ERROR, "An ST is larger than the limit; its rest is cut."),
    "findings_limit": (
        ERROR,
        "More findings than the limit; the rest is only counted.",
    ),
    "control_character": (
        ERROR,
        "Control characters in the data; they were taken out.",
    ),
    "text_not_ascii": (INFO, "Characters outside ASCII, read as UTF-8 or Latin-1."),
    "line_break_in_segment": (
        INFO,
        "Line breaks inside segments; they were taken out.",
    ),
    "terminator_missing": (WARNING, "The last segment has no terminator."),
    "byte_order_mark": (INFO, "The file starts with a byte order mark."),
    "leading_whitespace": (INFO, "White space before the ISA."),
    "prose_before_isa": (WARNING, "Text before the ISA was skipped."),
    "text_outside_interchange": (WARNING, "Text after an interchange was skipped."),
    "isa_unreadable": (ERROR, "An ISA whose delimiters cannot be told was skipped."),
    # the envelope
    "isa_length": (WARNING, "The ISA is not 106 bytes long; separators were counted."),
    "isa16_missing": (WARNING, "ISA16 is missing; a component separator is assumed."),
    "isa_version_unknown": (WARNING, "ISA12 is not a version number."),
    "delimiter_conflict": (ERROR, "One character serves as two delimiters."),
    "test_interchange": (WARNING, "ISA15 says test: not for posting unless accepted."),
    "usage_unknown": (ERROR, "ISA15 says neither production nor test."),
    "gs_missing": (ERROR, "A transaction stands outside a GS group."),
    "ge_missing": (ERROR, "A GS group is not closed by a GE."),
    "ge_unexpected": (ERROR, "A GE closes no open group."),
    "ge_count_wrong": (ERROR, "GE01 is not the number of transactions in the group."),
    "ge_control_wrong": (ERROR, "GE02 is not the control number of its GS."),
    "iea_missing": (ERROR, "The interchange is not closed by an IEA."),
    "iea_count_wrong": (ERROR, "IEA01 is not the number of groups."),
    "iea_control_wrong": (ERROR, "IEA02 is not the control number of its ISA."),
    "group_not_835": (WARNING, "A group whose GS01 is not HP."),
    "not_835": (WARNING, "A transaction set that is not an 835 was skipped."),
    "segment_outside_transaction": (WARNING, "A segment between the transactions."),
    # the transaction
    "se_missing": (ERROR, "The transaction is not closed by an SE."),
    "se_unexpected": (ERROR, "An SE closes no open transaction."),
    "se_count_wrong": (ERROR, "SE01 is not the number of segments from ST to SE."),
    "se_control_wrong": (ERROR, "SE02 is not the control number of its ST."),
    "version_unknown": (ERROR, "Neither a 5010 nor a 4010 version of the 835."),
    "version_4010": (WARNING, "A 4010 remittance: posted only where it is allowed."),
    "version_mismatch": (WARNING, "ST03 and GS08 name different versions."),
    "unknown_segment": (WARNING, "A segment the 835 does not know; kept as it stands."),
    "segment_misplaced": (WARNING, "A segment where it does not belong; kept as text."),
    "money_misplaced": (ERROR, "A segment with money where it does not belong."),
    "segment_order": (WARNING, "Claims after provider adjustments; both were read."),
    "lx_missing": (WARNING, "Claims without an LX before them."),
    "lx_unordered": (INFO, "LX numbers do not rise."),
    "element_repeated": (WARNING, "A repetition separator where nothing may repeat."),
    "bpr_missing": (ERROR, "No BPR: the payment is unknown."),
    "trn_missing": (ERROR, "No trace number (TRN02)."),
    "payer_missing": (WARNING, "No N1*PR: the payer is not named."),
    "payee_missing": (WARNING, "No N1*PE: the payee is not named."),
    "trace_type_unknown": (WARNING, "TRN01 is not 1."),
    "handling_unknown": (WARNING, "BPR01 is not a known handling code."),
    "method_unknown": (WARNING, "BPR04 is not a known payment method."),
    "debit_payment": (WARNING, "BPR03 says debit; the payer's account is meant."),
    "credit_debit_unknown": (WARNING, "BPR03 is neither C nor D."),
    "payment_negative": (ERROR, "BPR02 is below zero."),
    "zero_payment_mismatch": (WARNING, "Zero payment, H and NON do not go together."),
    "remittance_empty": (WARNING, "A remittance without claims and adjustments."),
    "payment_date_invalid": (WARNING, "BPR16 is missing or no date."),
    # values
    "amount_invalid": (ERROR, "Not a plain decimal amount of at most 18 digits."),
    "amount_missing": (ERROR, "An amount that must be there is empty."),
    "amount_subcent": (ERROR, "An amount with parts of a cent cannot be posted."),
    "quantity_invalid": (WARNING, "Not a plain decimal quantity."),
    "date_invalid": (WARNING, "Not a date that exists."),
    "claim_number_missing": (WARNING, "CLP01 is empty."),
    "claim_status_unknown": (WARNING, "CLP02 is not a claim status of this version."),
    "adjustment_group_unknown": (WARNING, "CAS01 is no adjustment group here."),
    "adjustment_incomplete": (ERROR, "A CAS triple without a reason or an amount."),
    "provider_adjustment_incomplete": (ERROR, "A PLB pair without code or amount."),
    "procedure_unreadable": (WARNING, "A procedure identifier without parts."),
    # balances
    "line_out_of_balance": (ERROR, "SVC03 is not SVC02 less the line's adjustments."),
    "claim_out_of_balance": (ERROR, "CLP04 is not CLP03 less all adjustments."),
    "charges_out_of_balance": (ERROR, "The lines' charges do not add up to CLP03."),
    "derived_out_of_balance": (ERROR, "CLP04 is not the lines' payments less the CAS."),
    "transaction_out_of_balance": (ERROR, "BPR02 is not the claims less the PLB."),
    "patient_responsibility_mismatch": (WARNING, "CLP05 is not the sum of PR."),
    "interest_mismatch": (WARNING, "Interest of claims (AMT*I) and PLB L6 differ."),
}


def severity_of(code: str) -> str:
    """How grave a finding with this code is."""
    return CODES[code][0]


def explain(code: str) -> str:
    """One English sentence for a finding code."""
    return CODES[code][1]
