"""An amount shared out by percentages, to the smallest unit of its currency."""

from decimal import ROUND_HALF_UP, Decimal

WHOLE = Decimal(100)


def split(amount, percents, digits=2):
    """The part of each percentage, in order.

    What is rounded is the running sum, so that the parts of 100 % are the amount and
    no cent is lost or found. The database computes the same way (see the spending
    query), which is why the rule is this one.
    """
    unit = Decimal(1).scaleb(-digits)
    parts, reached, done = [], Decimal(0), Decimal(0)
    for percent in percents:
        reached += percent
        upto = (amount * reached / WHOLE).quantize(unit, ROUND_HALF_UP)
        parts.append(upto - done)
        done = upto
    return parts
