"""When an alert fires and when it is over: never on a flicker, never as a storm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

HIGH, LOW = "high", "low"
# A scheduled action that is due is started within seconds; this much is normal.
CRON_PATIENCE_SECONDS = 120
QUIET, PENDING, FIRING = "quiet", "pending", "firing"
# What is to be done about a rule and subject now.
NOTHING, WAIT, FIRE, REMIND, CLEAR, FORGET = (
    "nothing",
    "wait",
    "fire",
    "remind",
    "clear",
    "forget",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold with hysteresis: fires at ``threshold``, is over beyond ``clear``."""

    direction: str
    threshold: float
    clear: float
    hold: timedelta = timedelta(0)
    quiet: timedelta = timedelta(0)
    remind: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a rule and subject from before."""

    state: str = QUIET
    since: datetime | None = None
    good_since: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and since when the value has been good again (while firing)."""

    action: str
    good_since: datetime | None = None


def is_bad(rule, value):
    """Whether ``value`` is at or past the threshold."""
    return (
        value >= rule.threshold if rule.direction == HIGH else value <= rule.threshold
    )


def is_good(rule, value):
    """Whether ``value`` is clearly on the good side (beyond the clearing value)."""
    return value < rule.clear if rule.direction == HIGH else value > rule.clear


def step(rule, known, value, now):
    """The :class:`Step` for a new ``value`` (None: there is nothing to measure)."""
    good = value is None or is_good(rule, value)
    if known.state == FIRING:
        return _while_firing(rule, known, good, now)
    if value is None or not is_bad(rule, value):
        return Step(FORGET if known.state == PENDING else NOTHING)
    since = known.since or now
    if now - since >= rule.hold:
        return Step(FIRE)
    return Step(WAIT)


def _while_firing(rule, known, good, now):
    if good:
        since = known.good_since or now
        return Step(CLEAR if now - since >= rule.quiet else NOTHING, since)
    told = known.told_at or known.since or now
    if rule.remind and now - told >= rule.remind:
        return Step(REMIND)
    return Step(NOTHING)


def check(rule):
    """Whether the clearing value lies on the good side of the threshold."""
    if rule.direction == HIGH:
        return rule.clear <= rule.threshold
    return rule.clear >= rule.threshold
