"""When something has to be with the payer: a clock for each way of asking.

Days are counted as payers do: with a limit of 90 days, what was served on day 0 is in
time on day 90 and late on day 91. A limit of 0 is no limit, and no clock.
"""

from dataclasses import dataclass
from datetime import date, timedelta

KINDS = ("original", "corrected", "secondary", "appeal")
UNSENT = frozenset(
    {"draft", "validated", "cleared", "pending_interface", "rejected", "on_hold"}
)
DECIDED = frozenset({"adjudicated", "reopened"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Days a payer gives for each way of asking; 0 for no limit."""

    original: int = 0
    corrected: int = 0
    secondary: int = 0
    appeal: int = 0


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """What decides about the clocks of a claim.

    ``replaced_on`` is the day the payer decided the version this one corrects,
    ``next_limits`` are those of the payer whose turn it is after ``decided_on``.
    """

    state: str
    service_end: date | None
    limits: Limits
    is_correction: bool = False
    replaced_on: date | None = None
    decided_on: date | None = None
    next_limits: Limits | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Clock:
    """The last day on which one way of asking is in time."""

    deadline: date
    kind: str

    def days_left(self, today):
        """Days until the deadline; below zero when it has passed."""
        return (self.deadline - today).days

    def status(self, today, near_days):
        """``passed``, ``near`` or ``open``."""
        left = self.days_left(today)
        if left < 0:
            return "passed"
        return "near" if left <= near_days else "open"


def clocks(facts):
    """The clocks that run for a claim, the nearest deadline first.

    A claim that was sent and not answered waits for the payer: nothing runs. A
    rejected one was never taken in, so that its first clock still runs.
    """
    found = []
    # A billing platform holds it for the next payer: it is not with that one yet.
    held_for_next = facts.state == "pending_interface" and facts.next_limits
    if facts.state in UNSENT and not held_for_next:
        if facts.is_correction and facts.replaced_on:
            found.append(_clock("corrected", facts.replaced_on, facts.limits.corrected))
        else:
            found.append(_clock("original", facts.service_end, facts.limits.original))
    elif facts.state in DECIDED or held_for_next:
        if facts.next_limits:
            days = facts.next_limits.secondary
            found.append(_clock("secondary", facts.decided_on, days))
        if facts.denied:
            found.append(_clock("appeal", facts.decided_on, facts.limits.appeal))
    return sorted(clock for clock in found if clock)


def _clock(kind, start, days):
    if not start or days <= 0:
        return None
    return Clock(start + timedelta(days=days), kind)
