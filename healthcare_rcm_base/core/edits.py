"""Procedure-pair and unit-limit edits: what two codes on one day, or many units, mean.

The tables are published by payers and imported; none is shipped. What is here are the
rules their columns follow.
"""

from .charge_key import modifier_set

NOT_ALLOWED, ALLOWED, NOT_APPLICABLE = "0", "1", "9"
# Modifiers that lift a pair whose indicator allows it: anatomical ones, global
# surgery, and “distinct service”.
LIFTING = frozenset(
    {"E1", "E2", "E3", "E4", "FA", "TA", "LT", "RT", "LC", "LD", "LM", "RC", "RI"}
    | {f"F{place}" for place in range(1, 10)}
    | {f"T{place}" for place in range(1, 10)}
    | {"24", "25", "57", "58", "78", "79", "27", "59", "91", "XE", "XP", "XS", "XU"}
)
PER_LINE, PER_DAY, PER_DAY_CLINICAL = "1", "2", "3"


def pair_strikes(indicator, first, second):
    """Whether a pair of codes may not be billed together as it stands.

    :param indicator: 0 never, 1 only with a modifier, 9 the pair is not in use
    :param first: modifiers (text) of one code, ``second`` of the other
    """
    if indicator == NOT_APPLICABLE:
        return False
    if indicator == NOT_ALLOWED:
        return True
    return not LIFTING & (modifier_set(first) | modifier_set(second))


def units_exceed(adjudication, limit, line_units, day_units):
    """Whether units are above a limit that counts by line or by day."""
    asked = line_units if adjudication == PER_LINE else day_units
    return asked > limit
