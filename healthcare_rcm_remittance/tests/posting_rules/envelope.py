"""The envelope and the file."""

from decimal import Context

from ..rule_switches import finding_off, stop_off, stored_with, value, wrapped
from .rule import BALANCE, ENVELOPE, HELD, READ, RECEIVE, REVERSAL, TRANSACTION, Rule


def _envelope_errors(errors_of):
    """What the interchange's errors are taken to be."""

    def make(original):
        def create(self, file, transactions, envelope_errors=()):
            errors = errors_of(transactions, envelope_errors)
            return original(self, file, transactions, errors)

        return create

    return wrapped(READ + "_rcm_create_from", make)


def _all_errors(transactions, _errors):
    return [
        item
        for one in transactions
        for item in one.findings
        if item.severity == "error"
    ]


RULES = (
    Rule(
        "3.1",
        "Delimiters come from the ISA itself",
        ENVELOPE + "any_delimiters_also_control_characters",
        value("x12.envelope:_delimiters", lambda *args: (":", "~")),
    ),
    Rule(
        "3.1",
        "Byte order mark and text before the ISA are tolerated and told",
        ENVELOPE + "byte_order_mark_white_space_and_prose",
        finding_off("byte_order_mark", "prose_before_isa", "leading_whitespace"),
    ),
    Rule(
        "3.1",
        "SE01 counts the segments, SE02 is ST02",
        TRANSACTION + "se_count_and_number",
        finding_off("se_count_wrong"),
    ),
    Rule(
        "3.1",
        "SE02 is the number of its ST",
        TRANSACTION + "se_count_and_number",
        finding_off("se_control_wrong"),
    ),
    Rule(
        "3.1",
        "GE01 counts the transactions",
        ENVELOPE + "wrong_counts_and_control_numbers",
        finding_off("ge_count_wrong"),
    ),
    Rule(
        "3.1",
        "IEA02 is the number of its ISA",
        ENVELOPE + "wrong_counts_and_control_numbers",
        finding_off("iea_control_wrong"),
    ),
    Rule(
        "3.1",
        "A cut-off file is an error, never a shorter file",
        TRANSACTION + "cut_off_transaction_is_delivered_with_an_error",
        finding_off("truncated"),
    ),
    Rule(
        "3.1",
        "One bad ST is refused alone; its siblings post (G7)",
        RECEIVE + "one_bad_st_leaves_its_siblings",
        _envelope_errors(_all_errors),
    ),
    Rule(
        "3.1",
        "An envelope fault refuses the whole interchange",
        RECEIVE + "envelope_fault_refuses_the_whole_interchange",
        _envelope_errors(lambda transactions, errors: ()),
    ),
    Rule(
        "3.1",
        "4010 is read and told; other versions are errors",
        TRANSACTION + "versions",
        finding_off("version_unknown"),
    ),
    Rule(
        "3.1",
        "4010 posts only for payers that may send it",
        HELD + "old_version_only_where_allowed",
        stop_off("version_4010_refused"),
    ),
    Rule(
        "3.1",
        "4010: ISA11 is no repetition separator",
        ENVELOPE + "repetition_separator_by_version",
        value("x12.envelope:_repetition", lambda declared, version, taken: declared),
    ),
    Rule(
        "3.1",
        "4010 reversals under CR are compared without groups (RFI 319, 213; G15)",
        REVERSAL + "old_group_is_compared_by_reason",
        value("settlement.reversal:OBSOLETE_GROUP", "none"),
    ),
    Rule(
        "3.1",
        "ISA15 = T is refused unless the company accepts tests",
        RECEIVE + "test_file_only_where_accepted",
        stored_with(test_file=False),
    ),
    Rule(
        "3.1",
        "Unknown segments are kept and told",
        TRANSACTION + "unknown_segments_are_kept_where_they_stood",
        finding_off("unknown_segment"),
    ),
    Rule(
        "3.1",
        "Amounts are exact, whatever the precision around",
        BALANCE + "exact_beyond_the_callers_precision",
        value("x12.balance:EXACT", Context(prec=6)),
    ),
)
