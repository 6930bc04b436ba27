"""Spreading a claim-level amount over lines, for statistics only."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.01")


def allocate(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``amount`` in proportion to ``weights``, to the cent.

    Largest remainder: the parts add up exactly. Without any weight the first part
    takes all.
    """
    if not weights:
        return []
    whole = sum(weights, Decimal(0))
    if not whole:
        return [amount] + [Decimal(0)] * (len(weights) - 1)
    exact = [amount * weight / whole for weight in weights]
    parts = [value.quantize(CENT, ROUND_DOWN) for value in exact]
    rest = amount - sum(parts, Decimal(0))
    step = CENT.copy_sign(rest)
    order = sorted(
        range(len(parts)),
        key=lambda position: (-abs(exact[position] - parts[position]), position),
    )
    for position in order[: int(abs(rest) / CENT)]:
        parts[position] += step
    # What is finer than a cent (amounts never are) goes to the heaviest line.
    parts[order[0]] += amount - sum(parts, Decimal(0))
    return parts
