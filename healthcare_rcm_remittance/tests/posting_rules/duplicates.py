"""What came before does not count again."""

from ..rule_switches import nothing, reason_off, stored_with, value, wrapped
from .rule import DUPLICATE, NUMBER, PARKED, READ, RECEIVE, Rule


def _counted(original):
    numbers = iter(range(10_000))
    return lambda data: f"{original(data)}{next(numbers)}"


RULES = (
    Rule(
        "3.2",
        "Layer 1: the same file, whatever its line breaks",
        DUPLICATE + "file_again_whatever_its_line_breaks",
        wrapped("models.rcm_remittance_file:canonical_sha256", _counted),
    ),
    Rule(
        "3.2",
        "Layer 2: the same interchange, group and transaction number warns",
        DUPLICATE + "interchange_number_again_with_other_content_warns_and_goes_on",
        nothing(READ + "_rcm_note_interchange"),
    ),
    Rule(
        "3.2",
        "Layer 3: the same payment with the same content is a duplicate",
        DUPLICATE + "payment_again_in_another_file_is_recorded_and_not_posted",
        stored_with(payment_key=lambda transaction: str(id(transaction))),
    ),
    Rule(
        "3.2",
        "Layer 3: the same trace with other content is a case (RFI 1847, 1874; G6)",
        RECEIVE + "trace_number_used_again_for_another_payment",
        stored_with(content_hash="one"),
    ),
    Rule(
        "3.2",
        "Layer 4: a decision posted before is told",
        NUMBER + "decision_posted_before_is_told",
        reason_off("claim_seen_before"),
    ),
    Rule(
        "3.2",
        "Layer 4: a claim twice in one ST parks",
        PARKED + "same_claim_twice_unless_split",
        reason_off("claim_repeated"),
    ),
    Rule(
        "3.2",
        "What was reversed is not reversed again (RFI 1604)",
        NUMBER + "second_reversal_of_the_same",
        value("settlement.reversal:exact", lambda *args: False),
    ),
)
