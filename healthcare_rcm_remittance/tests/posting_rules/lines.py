"""Which line of ours is meant."""

from dataclasses import replace

from ...settlement.actions import BUNDLING
from ..rule_switches import effect, reason_off, value, wrapped
from .rule import ADJUST, CHECKS, MATCH, NUMBER, PARKED, Rule


def _no_number(original):
    def match(services, lines, chosen=()):
        return original(
            [replace(item, references=()) for item in services], lines, chosen
        )

    return match


RULES = (
    Rule(
        "3.9",
        "REF*6R before anything else (RFI 1684, 1917)",
        NUMBER + "line_by_our_number_before_anything_else",
        wrapped(CHECKS + "match_lines", _no_number),
    ),
    Rule(
        "3.9",
        "SVC06 is what we submitted (RFI 2320)",
        MATCH + "submitted_code_matches_a_recoded_line",
        value("settlement.matching:submitted_procedure", lambda item: item.procedure),
    ),
    Rule(
        "3.9",
        "Code without modifiers where it is unique",
        NUMBER + "line_without_modifiers_where_the_code_is_unique",
        value("settlement.matching:_same_code", lambda service, line: False),
    ),
    Rule(
        "3.9",
        "Parts of a split line share it (RFI 958)",
        MATCH + "parts_of_a_split_line_share_it",
        wrapped(CHECKS + "match_lines", _no_number),
    ),
    Rule(
        "3.9",
        "A line that is not ours parks",
        PARKED + "line_that_is_not_ours",
        reason_off("line_unmatched"),
    ),
    Rule(
        "3.9",
        "OA-94 and 97 that sum to nothing are a bundle (RFI 2320, 2009; G3)",
        ADJUST + "bundle_is_a_reallocation",
        value("settlement.adjustments:_bundle", lambda claim: False),
    ),
    Rule(
        "3.9",
        "97 alone is a denial",
        ADJUST + "97_alone_is_a_denial",
        value("settlement.adjustments:_bundle", lambda claim: True),
    ),
    Rule(
        "3.9",
        "A bundle posts nothing",
        ADJUST + "bundle_is_a_reallocation",
        effect(BUNDLING, "reserve", "contractual"),
    ),
    Rule(
        "3.9",
        "CLP03 is our charge (RFI 2551)",
        PARKED + "charge_is_not_ours",
        reason_off("charge_mismatch"),
    ),
)
