"""How far a claim is from its contract, in percent."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO, HUNDRED = Decimal(0), Decimal(100)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line of a claim: ``price`` is what its contract says, before any cap.

    None where the contract has no price for it. ``expected`` is what the claim
    expects to be paid.
    """

    charge: Decimal
    expected: Decimal
    price: Decimal | None = None


def deviation_percent(lines: Iterable[PricedLine]) -> Decimal:
    """The larger of two deviations, to a tenth of a percent.

    Of the lines with a contract price: what is charged below it (a payer pays no more
    than the charge) and what is expected otherwise, as a part of the contract prices.
    A charge above the price is usual and none. Of all lines: the part of the charges
    that the contract has no price for.
    """
    lines = tuple(lines)
    known = [line for line in lines if line.price is not None]
    return max(
        _share(sum(map(_off, known), ZERO), sum((one.price for one in known), ZERO)),
        _share(
            sum((line.charge for line in lines if line.price is None), ZERO),
            sum((line.charge for line in lines), ZERO),
        ),
    )


def _off(line):
    """By how much one line is off its contract price; the worse of the two counts."""
    return max(line.price - line.charge, abs(line.expected - line.price), ZERO)


def _share(part, whole):
    if not part:
        return ZERO.quantize(TENTH)
    if whole <= ZERO:
        return HUNDRED.quantize(TENTH)
    return (part * HUNDRED / whole).quantize(TENTH, ROUND_HALF_UP)
