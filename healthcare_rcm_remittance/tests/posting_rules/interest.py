"""Interest, capitation and the contract."""

from ...settlement.variances import find_variances
from ..rule_switches import value, without_rules, wrapped
from .rule import ADJUST, CLAIM, CONTRACT, LEDGER, Rule

RULES = (
    Rule(
        "3.11",
        "Interest taken back reduces income, else it is expense (G12)",
        ADJUST + "interest_taken_back_reduces_income_else_expense",
        value("settlement.provider:_interest_taken_back", lambda transaction: 0),
    ),
    Rule(
        "3.11",
        "Capitated lines close by CO-24, the money is PLB CT (RFI 1921)",
        LEDGER + "h_capitation",
        without_rules("24"),
    ),
    Rule(
        "3.11",
        "Allowed against contract, beyond the tolerance",
        CONTRACT + "underpayment_beyond_the_tolerance",
        value(CLAIM + "find_variances", lambda *args: ()),
    ),
    Rule(
        "3.11",
        "… without sequestration and withhold",
        CONTRACT + "sequestration_and_withhold_are_no_underpayment",
        value(
            "settlement.actions:REDUCES_ALLOWED",
            frozenset({"contractual", "sequestration", "withhold"}),
        ),
    ),
    Rule(
        "3.11",
        "… of the first payer only",
        CONTRACT + "only_the_first_payer_is_compared",
        wrapped(
            CLAIM + "_Builder._variances",
            lambda original: lambda self: find_variances(
                self.claim, self.facts, self.matches, self.actions
            ),
        ),
    ),
    Rule(
        "3.11",
        "… and not of what is denied or undecided",
        CONTRACT + "denied_lines_are_not_compared",
        value("settlement.actions:UNDECIDED", frozenset()),
    ),
)
