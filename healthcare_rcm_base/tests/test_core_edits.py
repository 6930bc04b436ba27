from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.edits import (
    LIFTING,
    PER_DAY,
    PER_DAY_CLINICAL,
    PER_LINE,
    pair_strikes,
    units_exceed,
)

modifiers = st.lists(
    st.sampled_from([*sorted(LIFTING), "GP", "95", "26", "TC"]), max_size=4
).map(",".join)


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

    def test_codes_of_any_pair(self):
        """Which code comes first says nothing; a mark more never makes it strike."""
        met = set()

        @settings(max_examples=200, deadline=None, derandomize=True)
        @given(st.sampled_from("019"), modifiers, modifiers, modifiers)
        def pairs(indicator, one, other, more):
            strikes = pair_strikes(indicator, one, other)
            met.add((indicator, strikes))
            self.assertIs(pair_strikes(indicator, other, one), strikes)
            marked = ",".join(filter(None, (one, more)))
            self.assertLessEqual(pair_strikes(indicator, marked, other), strikes)

        pairs()
        self.assertEqual(met, {("0", True), ("1", True), ("1", False), ("9", False)})

    def test_units_of_any_line_and_day(self):
        """More is never less above; by day counts what other lines ask as well."""
        met = set()
        kinds = (PER_LINE, PER_DAY, PER_DAY_CLINICAL)

        @settings(max_examples=200, deadline=None, derandomize=True)
        @given(
            st.sampled_from(kinds),
            st.integers(1, 9),
            st.integers(1, 9),
            st.integers(0, 9),
        )
        def units(kind, limit, line, others):
            above = units_exceed(kind, limit, line, line + others)
            met.add((kind, above))
            self.assertGreaterEqual(
                units_exceed(kind, limit, line + 1, line + others + 1), above
            )
            self.assertLessEqual(
                units_exceed(kind, limit + 1, line, line + others), above
            )
            if kind == PER_LINE:
                self.assertIs(units_exceed(kind, limit, line, line), above)

        units()
        self.assertEqual(met, {(kind, above) for kind in kinds for above in (0, 1)})
