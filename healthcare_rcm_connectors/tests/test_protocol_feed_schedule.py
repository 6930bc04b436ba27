from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..protocol.feed_schedule import (
    DAILY,
    HOURLY,
    MONTHLY,
    WEEKLY,
    Schedule,
    Slot,
    allocate,
    due_times,
    next_due,
)

NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)


def at(*parts):
    return datetime(*parts)


@tagged("post_install", "-at_install")
class TestDueTimes(BaseCase):
    def test_local_time_is_kept_when_the_clock_changes(self):
        daily = Schedule(DAILY, 7.5, NEW_YORK)
        # 2026-03-08: clocks go forward in New York
        found = due_times(daily, at(2026, 3, 7), at(2026, 3, 10))
        self.assertEqual(
            found,
            [at(2026, 3, 7, 12, 30), at(2026, 3, 8, 11, 30), at(2026, 3, 9, 11, 30)],
        )

    def test_a_time_that_the_clock_skips_is_an_hour_later(self):
        daily = Schedule(DAILY, 2.5, NEW_YORK)
        found = due_times(daily, at(2026, 3, 8), at(2026, 3, 9))
        self.assertEqual(found, [at(2026, 3, 8, 7, 30)])  # 03:30 daylight time

    def test_a_time_that_comes_twice_is_due_once(self):
        daily = Schedule(DAILY, 1.5, NEW_YORK)
        self.assertEqual(len(due_times(daily, at(2026, 11, 1), at(2026, 11, 2))), 1)

    def test_weekdays(self):
        working = Schedule(DAILY, 6, UTC, frozenset(range(5)))
        found = due_times(working, at(2026, 11, 20), at(2026, 11, 24))
        self.assertEqual([day.weekday() for day in found], [4, 0])
        weekly = Schedule(WEEKLY, 6, UTC, frozenset({2}))
        self.assertEqual(next_due(weekly, at(2026, 11, 20)), at(2026, 11, 25, 6))

    def test_months_that_are_too_short_have_it_on_their_last_day(self):
        monthly = Schedule(MONTHLY, 6, UTC, month_day=31)
        found = due_times(monthly, at(2026, 2, 1), at(2026, 5, 1))
        self.assertEqual([day.date() for day in found], [
            date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30),
        ])  # fmt: skip

    def test_closed_days_are_skipped_or_moved(self):
        closed = {date(2026, 11, 26), date(2026, 11, 27)}

        def is_open(day):
            return day not in closed

        daily = Schedule(DAILY, 6, UTC)
        found = due_times(daily, at(2026, 11, 25), at(2026, 11, 29), is_open)
        self.assertEqual([day.day for day in found], [25, 28])
        weekly = Schedule(WEEKLY, 6, UTC, frozenset({3}))  # Thursday the 26th
        self.assertEqual(
            due_times(weekly, at(2026, 11, 25), at(2026, 12, 1), is_open),
            [at(2026, 11, 28, 6)],
        )
        # it may have been due before the span and be moved into it
        self.assertEqual(
            due_times(weekly, at(2026, 11, 27), at(2026, 12, 1), is_open),
            [at(2026, 11, 28, 6)],
        )

    def test_several_times_a_day(self):
        hourly = Schedule(HOURLY, 8, UTC, frozenset(range(5)), every_hours=6)
        found = due_times(hourly, at(2026, 11, 20), at(2026, 11, 23, 9))
        self.assertEqual(
            [(day.day, day.hour) for day in found],
            [(20, 8), (20, 14), (20, 20), (23, 8)],
        )

    def test_a_calendar_that_is_never_open_is_never_due(self):
        daily = Schedule(DAILY, 6, UTC)
        self.assertIsNone(next_due(daily, at(2026, 1, 1), lambda day: False))


@tagged("post_install", "-at_install")
class TestAllocation(BaseCase):
    def setUp(self):
        super().setUp()
        self.start = at(2026, 11, 2, 6)
        self.slots = [
            Slot(
                number,
                self.start + number * DAY - DAY / 2,
                self.start + number * DAY + timedelta(hours=1),
                1,
            )
            for number in range(3)
        ]

    def counts(self, *hours):
        arrivals = [self.start + timedelta(hours=hour) for hour in hours]
        return {
            key: verdict.count
            for key, verdict in allocate(self.slots, arrivals).items()
        }

    def test_each_time_gets_what_falls_into_it(self):
        self.assertEqual(self.counts(0, 24, 48), {0: 1, 1: 1, 2: 1})

    def test_what_comes_late_is_for_the_time_before(self):
        self.assertEqual(self.counts(8), {0: 1, 1: 0, 2: 0})

    def test_a_skipped_time_does_not_make_the_next_ones_late(self):
        self.assertEqual(self.counts(24, 48), {0: 0, 1: 1, 2: 1})

    def test_yesterdays_that_comes_with_todays_closes_yesterday(self):
        result = allocate(
            self.slots, [self.start + DAY, self.start + DAY + timedelta(minutes=5)]
        )
        self.assertEqual(result[0].count, 1)
        self.assertEqual(result[0].complete_at, self.start + DAY + timedelta(minutes=5))
        self.assertEqual(result[1].complete_at, self.start + DAY)

    def test_the_order_of_asking_does_not_matter(self):
        self.assertEqual(self.counts(48, 0, 24.1, 24), self.counts(24, 24.1, 0, 48))

    def test_what_nobody_lacks_is_counted_where_it_fell(self):
        self.assertEqual(self.counts(0, 0.1, 0.2), {0: 3, 1: 0, 2: 0})

    def test_what_came_before_everything_counts_for_nothing(self):
        self.assertEqual(self.counts(-20), {0: 0, 1: 0, 2: 0})
