"""Which claim of ours is meant."""

from ..rule_switches import nothing, reason_off, value
from .rule import CLAIM, MATCH, NUMBER, PARKED, STATUS, Rule

RULES = (
    Rule(
        "3.12",
        "CLP01 alone posts (RFI 504)",
        PARKED + "unknown_control_number",
        reason_off("claim_unmatched"),
    ),
    Rule(
        "3.12",
        "Everything else only suggests",
        MATCH + "suggestions_need_enough_and_are_ranked",
        value("settlement.matching:ENOUGH", 0),
    ),
    Rule(
        "3.12",
        "Replacements come under the old number (RFI 1945; G9)",
        NUMBER + "replacement_comes_back_under_the_old_number",
        nothing(CLAIM + "_Builder._choose_version"),
    ),
    Rule(
        "3.12",
        "Another patient parks",
        PARKED + "patient_is_someone_else",
        reason_off("patient_mismatch"),
    ),
    Rule(
        "3.12",
        "A corrected name is a suggestion",
        STATUS + "corrected_name_is_a_suggestion",
        reason_off("corrected_name"),
    ),
    Rule(
        "3.12",
        "The payer must be on the claim",
        PARKED + "payer_without_a_leg",
        reason_off("payer_not_on_claim"),
    ),
)
