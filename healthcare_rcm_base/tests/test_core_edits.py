from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.edits import LIFTING, pair_strikes, units_exceed


@tagged("post_install", "-at_install")
class TestEdits(BaseCase):
    """What the columns of pair and unit tables mean."""

    def test_indicators_of_a_pair(self):
        for indicator, one, other, strikes in (
            ("0", "", "", True),
            ("0", "59", "XU", True),
            ("1", "", "", True),
            ("1", "GP", "95", True),
            ("1", "59", "", False),
            ("1", "", "25", False),
            ("1", "LT", "RT", False),
            ("1", "F3", "", False),
            ("9", "", "", False),
        ):
            with self.subTest(indicator=indicator, one=one, other=other):
                self.assertIs(pair_strikes(indicator, one, other), strikes)

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(sorted(LIFTING)), st.sampled_from(["", "GP", "95"]))
    def test_a_lifting_modifier_on_either_code_lifts_where_it_may(self, mark, other):
        self.assertFalse(pair_strikes("1", mark, other))
        self.assertFalse(pair_strikes("1", other, mark))
        self.assertTrue(pair_strikes("0", mark, other))

    def test_units_by_line_and_by_day(self):
        for counted, line, day, above in (
            ("1", 4, 9, False),
            ("1", 5, 5, True),
            ("2", 2, 4, False),
            ("2", 2, 5, True),
            ("3", 1, 5, True),
        ):
            with self.subTest(counted=counted, line=line, day=day):
                self.assertIs(units_exceed(counted, 4, line, day), above)
