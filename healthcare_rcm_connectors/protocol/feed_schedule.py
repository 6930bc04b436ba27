"""When a feed is due, and which arrivals belong to which time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

DAILY, WEEKLY, MONTHLY, HOURLY = "daily", "weekly", "monthly", "hourly"
# No schedule is thinner than monthly: a year of looking back is more than enough.
FARTHEST = timedelta(days=400)
# A weekly or monthly feed due on a closed day is due on the next open one.
MOST_CLOSED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule in local time; ``zone`` is a tzinfo.

    ``hour`` (6.5 is 06:30) is the time of day; an hourly feed is due every
    ``every_hours`` from it on until midnight. ``weekdays``: 0 is Monday.
    """

    frequency: str
    hour: float
    zone: object
    weekdays: frozenset = frozenset()
    month_day: int = 1
    every_hours: int = 1


def due_times(schedule, start, end, is_open=lambda day: True):
    """Naive UTC times at which the feed is due, ``start`` < time ≤ ``end``.

    :param is_open: function of a local date: does the calendar have it as a day of
        work?
    """
    zone = schedule.zone
    day = _local(start, zone).date() - timedelta(days=MOST_CLOSED_DAYS + 1)
    last = _local(end, zone).date()
    found = set()
    while day <= last:
        if _is_due(schedule, day) and (worked := _working_day(schedule, day, is_open)):
            moments = (_to_utc(worked, hour, zone) for hour in _hours(schedule))
            found.update(moment for moment in moments if start < moment <= end)
        day += timedelta(days=1)
    return sorted(found)


def next_due(schedule, after, is_open=lambda day: True):
    """The first due time later than ``after``, or None within a year."""
    step = timedelta(days=1) if schedule.frequency == HOURLY else timedelta(days=35)
    start = after
    while start < after + FARTHEST:
        found = due_times(schedule, start, start + step, is_open)
        if found:
            return found[0]
        start += step
    return None


@dataclass(frozen=True, slots=True)
class Slot:
    """One expected arrival: from when on what comes is for it, and until when it is
    on time. It ends where the next one opens."""

    key: object
    opens_at: datetime
    deadline_at: datetime
    needed: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came for one slot: how many, and when it was complete (or None)."""

    count: int
    complete_at: datetime | None


def allocate(slots, arrivals):
    """{key: :class:`Verdict`} for ``arrivals`` (times), oldest first.

    What comes goes to the slot it falls into; when that has enough, to the oldest
    earlier one that still lacks something: yesterday's file that comes together with
    today's closes yesterday. What nobody lacks counts where it fell.
    """
    ordered = sorted(slots, key=lambda slot: slot.opens_at)
    counts = {slot.key: 0 for slot in ordered}
    complete = {slot.key: None for slot in ordered}
    for moment in sorted(arrivals):
        opened = [slot for slot in ordered if slot.opens_at <= moment]
        if not opened:
            continue
        own = opened[-1]
        lacking = [slot for slot in opened if counts[slot.key] < slot.needed]
        target = own if own in lacking or not lacking else lacking[0]
        counts[target.key] += 1
        if counts[target.key] == target.needed:
            complete[target.key] = moment
    return {slot.key: Verdict(counts[slot.key], complete[slot.key]) for slot in ordered}


def _is_due(schedule, day):
    if schedule.frequency == WEEKLY or (
        schedule.frequency in (DAILY, HOURLY) and schedule.weekdays
    ):
        return day.weekday() in schedule.weekdays
    if schedule.frequency == MONTHLY:
        return day.day == min(schedule.month_day, _days_in_month(day))
    return True


def _working_day(schedule, day, is_open):
    """The day itself when it is worked; else, of rare feeds, the next that is."""
    if is_open(day):
        return day
    if schedule.frequency in (DAILY, HOURLY):
        return None
    later = (day + timedelta(days=number) for number in range(1, MOST_CLOSED_DAYS + 1))
    return next((one for one in later if is_open(one)), None)


def _hours(schedule):
    if schedule.frequency != HOURLY:
        return [schedule.hour]
    hours, hour = [], schedule.hour
    while hour < 24:
        hours.append(hour)
        hour += schedule.every_hours
    return hours


def _days_in_month(day):
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - timedelta(days=1)).day


def _local(moment, zone):
    return moment.replace(tzinfo=timezone.utc).astimezone(zone)


def _to_utc(day, hour, zone):
    """Naive UTC of a local time; one that the clock skips is an hour later."""
    minutes = round(hour * 60)
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
    local = naive.replace(tzinfo=zone)
    return local.astimezone(timezone.utc).replace(tzinfo=None)


def today(moment, zone) -> date:
    """The local date of a naive UTC time."""
    return _local(moment, zone).date()
