"""What the claims of one transaction share while they are planned."""

from dataclasses import dataclass, field
from decimal import Decimal

from ..x12.model import Claim
from .facts import ClaimFacts, Options
from .rules import RuleBook

ZERO = Decimal(0)
# What became of a reversal: see ``Context.reversals``.
POSTED, PARKED, HELD = "posted", "parked", "held"


@dataclass
class Context:
    """The running balances of one plan.

    ``open`` is the open receivable by (control number, payer) as the plan goes on:
    a reversal opens what the correction beside it uses. ``reversals`` holds what
    became of the ST's reversals, by control number: with one that is ``PARKED`` or
    ``HELD`` its correction waits.
    """

    options: Options
    rules: RuleBook
    claims: dict
    day: object
    open: dict = field(default_factory=dict)
    reversed: set = field(default_factory=set)
    local_back: set = field(default_factory=set)
    seen: dict = field(default_factory=dict)
    charged: dict = field(default_factory=dict)
    reversals: dict = field(default_factory=dict)

    def open_of(self, facts: ClaimFacts, payer_id: int) -> Decimal:
        """What this payer still owes on this claim at this point of the plan."""
        key = (facts.control_number, payer_id)
        return self.open.get(key, facts.open_by_payer.get(payer_id, ZERO))

    def move(self, facts: ClaimFacts, payer_id: int, amount: Decimal):
        """Add a debit (positive) to a payer's receivable of this claim."""
        self.open[facts.control_number, payer_id] = (
            self.open_of(facts, payer_id) + amount
        )

    def keep_reversal(self, number: str, claim: Claim, fate: str):
        """What became of a reversal, for what corrects the same decision."""
        self.reversals.setdefault(number, []).append((claim, fate))
