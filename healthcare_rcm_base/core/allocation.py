"""Sharing an amount out to the cent."""

from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.01")


def allocate(total, weights):
    """Split ``total`` in proportion to ``weights``; the parts add up exactly.

    Each part is rounded down to the cent; the cents that are left go to the parts
    that lost most by it, the earlier one first. Weights that are all zero count alike.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is below zero")
    if total != total.quantize(CENT) or total < 0:
        raise ValueError(f"not an amount to allocate: {total}")
    whole = sum(weights)
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [total * weight / whole for weight in weights]
    parts = [share.quantize(CENT, ROUND_DOWN) for share in exact]
    left = int((total - sum(parts)) / CENT)
    losers = sorted(
        range(len(parts)), key=lambda place: (parts[place] - exact[place], place)
    )
    for place in losers[:left]:
        parts[place] += CENT
    return parts
