"""What a step that waits is due for: reminder, overdue, supervisor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

REMINDER, OVERDUE, SUPERVISOR = "reminder", "overdue", "supervisor"
MARKS = (REMINDER, OVERDUE, SUPERVISOR)


@dataclass(frozen=True, slots=True)
class Hours:
    """Business hours from the moment a step opens to each of its marks.

    ``None`` is never.
    """

    reminder: float | None = None
    overdue: float | None = None
    supervisor: float | None = None


def hours_of(sla_hours: float, remind_percent: int, supervisor_hours: float) -> Hours:
    """The marks of a step: nothing without a time limit.

    :param remind_percent: the reminder comes after this part of the time; 0 for none
    :param supervisor_hours: hours past the limit until the supervisors have it
    """
    if sla_hours <= 0:
        return Hours()
    reminder = sla_hours * remind_percent / 100 if 0 < remind_percent < 100 else None
    return Hours(reminder, sla_hours, sla_hours + max(supervisor_hours, 0.0))


def due(
    planned: Mapping[str, datetime | None], done: frozenset[str], now: datetime
) -> tuple[str, ...]:
    """The marks whose time has come and that were not set yet, in order.

    A reminder is pointless once the time is over.
    """
    come = [
        mark
        for mark in MARKS
        if mark not in done and planned.get(mark) and planned[mark] <= now
    ]
    if OVERDUE in come or OVERDUE in done:
        come = [mark for mark in come if mark != REMINDER]
    return tuple(come)


def following(
    planned: Mapping[str, datetime | None], done: frozenset[str]
) -> datetime | None:
    """When the next mark is due, or None after the last one."""
    last = max((MARKS.index(mark) for mark in done), default=-1)
    return next(
        (planned[mark] for mark in MARKS[last + 1 :] if planned.get(mark)), None
    )
