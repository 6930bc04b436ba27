from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.allocation import allocate
from ..core.periods import Period, add_months, period_from, prorate

D = Decimal
cents = st.integers(0, 10**8).map(lambda number: D(number) / 100)


@tagged("post_install", "-at_install")
class TestAllocation(BaseCase):
    """An amount shared out adds up to itself."""

    def test_leftover_cents_go_to_who_lost_most(self):
        self.assertEqual(allocate(D("100.00"), [D(1)] * 3),
                         [D("33.34"), D("33.33"), D("33.33")])  # fmt: skip
        self.assertEqual(allocate(D("10.00"), [D(0), D(0)]), [D("5.00"), D("5.00")])
        self.assertEqual(allocate(D("0.01"), [D(1), D(9)]), [D("0.00"), D("0.01")])

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(cents, st.lists(cents, min_size=1, max_size=12))
    def test_parts_add_up_and_stay_within_a_cent_of_their_share(self, total, weights):
        parts = allocate(total, weights)
        self.assertEqual(sum(parts), total)
        whole = sum(weights)
        for part, weight in zip(parts, weights, strict=True):
            self.assertGreaterEqual(part, 0)
            if whole:
                self.assertLess(abs(part - total * weight / whole), D("0.01"))

    def test_what_cannot_be_shared_is_refused(self):
        for total, weights in ((D(1), []), (D("0.001"), [D(1)]), (D(1), [D(-1)])):
            with self.subTest(total), self.assertRaises(ValueError):
                allocate(total, weights)


@tagged("post_install", "-at_install")
class TestPeriods(BaseCase):
    """Periods follow each other without gap or overlap."""

    def test_calendar_periods_begin_and_end_as_parts(self):
        start, end = date(2026, 1, 20), date(2026, 3, 10)
        first = period_from(start, start, "month", True, end)
        self.assertEqual(first, Period(start, date(2026, 1, 31), 31))
        self.assertEqual((first.days, first.is_whole), (12, False))
        last = period_from(date(2026, 3, 1), start, "month", True, end)
        self.assertEqual(last, Period(date(2026, 3, 1), end, 31))
        self.assertEqual(prorate(D("310.00"), first), D("120.00"))
        self.assertEqual(prorate(D("100.00"), last), D("32.26"))

    def test_own_periods_run_from_the_first_day(self):
        start = date(2026, 1, 31)
        first = period_from(start, start, "month", False)
        self.assertEqual(first.date_to, date(2026, 2, 27))
        second = period_from(date(2026, 2, 28), start, "month", False)
        self.assertEqual(second.date_to, date(2026, 3, 30))
        self.assertTrue(first.is_whole and second.is_whole)

    def test_quarters_and_years(self):
        day = date(2026, 5, 15)
        self.assertEqual(period_from(day, date(2026, 1, 1), "quarter", True),
                         Period(date(2026, 4, 1), date(2026, 6, 30), 91))  # fmt: skip
        self.assertEqual(period_from(day, date(2024, 2, 29), "year", False),
                         Period(date(2026, 2, 28), date(2027, 2, 27), 365))  # fmt: skip

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(
        st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        st.sampled_from(["month", "quarter", "year"]),
        st.booleans(),
    )
    def test_no_gap_and_no_overlap(self, start, interval, aligned):
        day = start
        for _number in range(8):
            period = period_from(day, start, interval, aligned)
            self.assertEqual(period.date_from, day)
            self.assertLessEqual(period.days, period.full_days)
            inside = period_from(period.date_to, start, interval, aligned)
            self.assertEqual(inside, period)
            day = period.date_to + timedelta(days=1)

    def test_months_end_where_they_end(self):
        self.assertEqual(add_months(date(2026, 12, 31), 2), date(2027, 2, 28))

    def test_days_outside_are_refused(self):
        with self.assertRaises(ValueError):
            period_from(date(2025, 1, 1), date(2026, 1, 1), "month", True)
