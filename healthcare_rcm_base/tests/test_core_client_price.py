from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.client_price import ClientPrice, price

D = Decimal
cents = st.integers(0, 10**7).map(lambda value: D(value) / 100)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
prices = st.lists(
    st.builds(
        ClientPrice,
        st.sampled_from(("A", "B")),
        cents,
        st.one_of(st.none(), days),
        st.one_of(st.none(), days),
    ),
    max_size=5,
    unique_by=lambda one: (one.code, one.date_from),
)
PROFILE = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@tagged("post_install", "-at_install")
class TestClientPrice(BaseCase):
    """What an ordering client pays for a service."""

    @PROFILE
    @given(prices, days, st.integers(1, 9), cents, st.randoms(use_true_random=False))
    def test_the_order_of_the_list_does_not_matter(self, some, day, units, gross, rng):
        shuffled = rng.sample(some, len(some))
        self.assertEqual(
            price("A", day, D(units), gross, some, D(0)),
            price("A", day, D(units), gross, shuffled, D(0)),
        )

    @PROFILE
    @given(prices, days, st.integers(1, 9), cents, st.integers(0, 200))
    def test_list_before_percentage_before_nothing(self, some, day, units, gross, per):
        got = price("A", day, D(units), gross, some, D(per))
        fitting = [one for one in some if one.code == "A" and one.is_in_force(day)]
        if fitting:
            self.assertIn(got, {one.amount * units for one in fitting})
        elif per:
            self.assertLessEqual(abs(got - gross * per / 100), D("0.005"))
        else:
            self.assertIsNone(got)

    @PROFILE
    @given(prices, days, cents)
    def test_units_multiply_a_listed_price(self, some, day, gross):
        one = price("A", day, D(1), gross, some, D(0))
        seven = price("A", day, D(7), gross, some, D(0))
        self.assertEqual(seven, None if one is None else 7 * one)

    def test_the_price_that_began_last_counts(self):
        old = ClientPrice("A", D("10.00"), None, None)
        new = ClientPrice("A", D("12.00"), date(2026, 5, 1), None)
        for day, amount in ((date(2026, 4, 30), "10.00"), (date(2026, 5, 1), "12.00")):
            self.assertEqual(price("A", day, D(1), D(0), (new, old), D(0)), D(amount))
