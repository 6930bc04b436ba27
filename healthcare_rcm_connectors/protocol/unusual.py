"""Is traffic unusual for this very source? Compared with its own past hours.

Robust on purpose: medians instead of means, so that one past incident does not make
the next one look normal, and a floor under which small numbers are never unusual.
"""

from dataclasses import dataclass
from statistics import median

# Fewer known weeks of the same hour tell nothing yet.
LEAST_WEEKS = 2
LEAST_DAYS = 7
# This many events in an hour are worth a word at all.
FLOOR_COUNT = 20
FLOOR_AMOUNTS = 20


@dataclass(frozen=True, slots=True)
class Hour:
    """One past hour of a source: how much came, and the largest amount in it."""

    weekday: int
    hour: int
    count: int
    amount_max: float
    amount_count: int


def volume_ratio(current, history):
    """How many times the usual came in this hour; None when nobody can say yet.

    Usual is the median of the same hour of the week, or of all hours with traffic,
    whichever is more.
    """
    same = [one.count for one in history if _same_hour(one, current)]
    busy = [one.count for one in history if one.count]
    if len(same) < LEAST_WEEKS or not busy:
        return None
    usual = max(median(same), median(busy), FLOOR_COUNT)
    return current.count / usual


def quiet_share(current, history):
    """How much of the usual came (1 is as usual); None when nobody can say.

    Only for hours in which much comes each week: night hours are never too quiet.
    """
    same = [one.count for one in history if _same_hour(one, current)]
    if len(same) < LEAST_WEEKS or min(same) < FLOOR_COUNT:
        return None
    return current.count / median(same)


def strange_hour(current, history, known_days):
    """How many events came in an hour of the day in which never anything came."""
    if known_days < LEAST_DAYS:
        return None
    ever = any(one.count for one in history if one.hour == current.hour)
    return 0 if ever else current.count


def amount_ratio(current, history):
    """The largest amount of this hour against the largest usual one.

    Usual is the median of the hourly maxima, or half the largest ever seen,
    whichever is more.
    """
    known = [one for one in history if one.amount_count]
    if sum(one.amount_count for one in known) < FLOOR_AMOUNTS:
        return None
    largest = [one.amount_max for one in known]
    usual = max(median(largest), max(largest) / 2)
    return current.amount_max / usual if usual > 0 else None


def _same_hour(one, current):
    return (one.weekday, one.hour) == (current.weekday, current.hour)
