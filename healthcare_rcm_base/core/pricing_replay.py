"""Works a price out again from the figures in its trace, and nothing else.

A stored trace is evidence only if it gives the amount it is stored with.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

HUNDRED = Decimal(100)


class ReplayError(ValueError):
    """The trace does not give the amount it states."""


def replay(trace):
    """Return the amount that ``trace`` (the JSON form) works out to.

    ``None`` for a trace that ends without a price, or that was stored without
    figures. Every amount on the way is compared with the stated one.
    """
    digits, amount = 2, None
    for step in trace or ():
        facts = step.get("facts") or {}
        if step["code"] == "contract":
            digits = facts.get("digits", 2)
        elif step["code"] == "unpriced":
            return None
        elif "op" in facts:
            amount = _worked_out(facts, amount, digits)
            _compare(step, amount)
        elif step["code"] == "expected" and amount is not None:
            _compare(step, amount)
    return amount


def explains(trace, amount):
    """Whether ``trace`` gives ``amount``; None when it has no figures to tell."""
    try:
        worked_out = replay(trace)
    except ReplayError:
        return False
    return None if worked_out is None else worked_out == amount


def _worked_out(facts, amount, digits):
    try:
        return _operation(facts, amount, Decimal(1).scaleb(-digits))
    except (KeyError, TypeError, InvalidOperation, ZeroDivisionError) as error:
        raise ReplayError(f"figures of {facts.get('op')!r} are incomplete") from error


def _operation(facts, amount, unit):
    figure = {
        name: Decimal(facts[name])
        for name in ("rate", "number", "percent", "charge", "total")
        if name in facts
    }
    operation = facts["op"]
    if operation == "fixed":
        result = figure["rate"]
    elif operation == "times":
        result = figure["rate"] * figure["number"]
    elif operation == "percent":
        result = figure["charge"] * figure["percent"] / HUNDRED
    elif operation == "reduce":
        result = amount * figure["percent"] / HUNDRED
    elif operation == "cap":
        result = min(amount, figure["charge"] * figure["percent"] / HUNDRED)
    elif operation == "share":
        return _share(facts, figure, unit)
    else:
        raise ReplayError(f"unknown step {operation!r}")
    return result.quantize(unit, ROUND_HALF_UP)


def _share(facts, figure, unit):
    """A line's part of a case rate: rounded down, and its odd cents."""
    rate = figure["rate"].quantize(unit, ROUND_HALF_UP)
    if "percent" in figure:
        limit = figure["total"] * figure["percent"] / HUNDRED
        rate = min(rate, limit.quantize(unit, ROUND_HALF_UP))
    if not figure["total"]:
        return rate if facts["whole"] else Decimal(0).quantize(unit)
    share = (rate * figure["charge"] / figure["total"]).quantize(unit, ROUND_DOWN)
    return share + unit * facts["cents"]


def _compare(step, amount):
    if Decimal(step["amount"]) != amount:
        raise ReplayError(f"{step['code']} states {step['amount']}, gives {amount}")
