"""A stored trace of a price is worked out again."""

from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..core.pricing import (
    price,
)
from ..core.pricing_replay import ReplayError, explains, replay
from .pricing_builders import charge, contract, rate


@tagged("post_install", "-at_install")
class TestPricingReplay(BaseCase):
    """A stored trace proves its amount, or is found out."""

    def trace(self, **facts):
        line = charge(units="3", **facts)
        terms = contract(rate(1), charge_cap_percent=Decimal(100))
        return price(line, terms).trace_json()

    def test_unpriced_and_old_traces_prove_nothing(self):
        old = [{"code": "method", "text": "92 × 1 unit = 92.00", "amount": "92.00"}]
        for trace in (None, [], old, price(charge("X"), contract()).trace_json()):
            with self.subTest(trace=trace):
                self.assertIsNone(replay(trace))
                self.assertIsNone(explains(trace, Decimal("92.00")))

    def test_changed_figures_are_found_out(self):
        good = self.trace(amount="200.00")
        self.assertTrue(explains(good, Decimal("200.00")))
        self.assertFalse(explains(good, Decimal("201.00")))
        for place, change in (
            (2, {"amount": "277.00"}),
            (2, {"facts": {**good[2]["facts"], "number": "4"}}),
            (2, {"facts": {"op": "times", "rate": "92"}}),
            (2, {"facts": {"op": "guess"}}),
            (3, {"facts": {"op": "cap", "charge": "x", "percent": "100"}}),
            (4, {"amount": "199.99"}),
        ):
            with self.subTest(place=place, change=change):
                bad = [dict(step) for step in good]
                bad[place].update(change)
                self.assertFalse(explains(bad, Decimal("200.00")))
                with self.assertRaises(ReplayError):
                    replay(bad)
