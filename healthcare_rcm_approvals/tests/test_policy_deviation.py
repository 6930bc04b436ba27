"""How far a claim is from its contract."""

from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import PricedLine, deviation_percent

money = st.integers(0, 1_000_000).map(lambda cents: D(cents) / 100)


@tagged("post_install", "-at_install")
class TestDeviation(BaseCase):
    def test_table(self):
        cases = [
            ("nothing", [], "0.0"),
            ("as agreed", [(200, 120, 120)], "0.0"),
            ("charged below the price", [(100, 100, 120)], "16.7"),
            ("charged below, no cap", [(90, 120, 120)], "25.0"),
            ("expected above the price", [(300, 150, 120)], "25.0"),
            ("expected below the price", [(300, 90, 120)], "25.0"),
            ("the worse of the two counts once", [(100, 60, 120)], "50.0"),
            ("of all prices", [(100, 100, 120), (500, 380, 380)], "4.0"),
            ("without a price", [(300, 300, None), (100, 80, 80)], "75.0"),
            ("the larger of both", [(100, 100, None), (100, 80, 100)], "50.0"),
            ("a price of nothing for something", [(50, 50, 0)], "100.0"),
            ("nothing for nothing", [(0, 0, None)], "0.0"),
        ]
        for title, lines, percent in cases:
            with self.subTest(title):
                values = [
                    PricedLine(
                        D(charge), D(expected), None if price is None else D(price)
                    )
                    for charge, expected, price in lines
                ]
                self.assertEqual(deviation_percent(values), D(percent))

    @settings(deadline=None)
    @given(
        lines=st.lists(st.tuples(money, money, st.none() | money), max_size=6),
        order=st.randoms(use_true_random=False),
    )
    def test_never_below_zero_and_in_any_order_the_same(self, lines, order):
        values = [PricedLine(*line) for line in lines]
        percent = deviation_percent(values)
        self.assertGreaterEqual(percent, 0)
        order.shuffle(values)
        self.assertEqual(deviation_percent(values), percent)

    @settings(deadline=None)
    @given(prices=st.lists(st.tuples(money, money), max_size=6))
    def test_what_is_charged_and_expected_as_agreed_deviates_by_nothing(self, prices):
        values = [PricedLine(price + more, price, price) for price, more in prices]
        self.assertEqual(deviation_percent(values), 0)
