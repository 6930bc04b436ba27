"""Does what a source says it has equal what we have?"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """How many and how much; the amount is None where only counting makes sense."""

    count: int
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less theirs: negative when something did not reach us."""

    count: int
    amount: Decimal

    @property
    def is_none(self):
        """Whether both sides say the same."""
        return not self.count and not self.amount


def compare(expected, actual):
    """Return the :class:`Difference` of ``actual`` against ``expected``.

    A source that names no amount is compared by count alone.
    """
    amount = Decimal(0)
    if expected.amount is not None:
        amount = (actual.amount or Decimal(0)) - expected.amount
    return Difference(actual.count - expected.count, amount)
