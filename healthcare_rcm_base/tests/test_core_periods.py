from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.periods import MONTHS, period_from, prorate

days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
intervals = st.sampled_from(sorted(MONTHS))
DAY = timedelta(days=1)


def periods(start, interval, aligned, end, limit=40):
    """The periods of a contract as billing walks through them."""
    found, day = [], start
    while day <= end and len(found) < limit:
        found.append(period_from(day, start, interval, aligned, end))
        day = found[-1].date_to + DAY
    return found


PROFILE = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@tagged("post_install", "-at_install")
class TestPeriods(BaseCase):
    """Billing periods of a contract."""

    @PROFILE
    @given(days, intervals, st.booleans(), st.integers(0, 700))
    def test_no_gap_no_overlap_from_first_to_last_day(
        self, start, interval, al, length
    ):
        end = start + length * DAY
        found = periods(start, interval, al, end)
        self.assertEqual(found[0].date_from, start)
        self.assertEqual(found[-1].date_to, end)
        for one, following in zip(found, found[1:], strict=False):
            self.assertEqual(following.date_from, one.date_to + DAY)
        self.assertEqual(sum(one.days for one in found), length + 1)

    @PROFILE
    @given(days, intervals, st.booleans(), st.integers(0, 400))
    def test_every_day_of_a_period_names_that_period(self, start, interval, al, later):
        day = start + later * DAY
        period = period_from(day, start, interval, al)
        for inside in (period.date_from, period.date_to):
            self.assertEqual(period_from(inside, start, interval, al), period)
        self.assertLessEqual(period.date_from, day)
        self.assertGreaterEqual(period.date_to, day)

    @PROFILE
    @given(days, intervals, st.booleans(), st.integers(0, 700), st.integers(1, 10**6))
    def test_only_parts_cost_less_and_none_costs_more(self, start, every, al, n, cents):
        amount = Decimal(cents) / 100
        for period in periods(start, every, al, start + n * DAY):
            share = prorate(amount, period)
            self.assertEqual(share, share.quantize(Decimal("0.01")))
            if period.is_whole:
                self.assertEqual(share, amount)
            self.assertTrue(0 <= share <= amount)
