from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.charge_key import REPEAT_MODIFIERS, is_deliberate, modifier_key

marks = st.lists(
    st.sampled_from([*sorted(REPEAT_MODIFIERS), "26", "TC", "25", "GP"]), max_size=4
)


@tagged("post_install", "-at_install")
class TestChargeKey(BaseCase):
    """Modifiers say whether the same code of a day is the same service."""

    def test_every_legitimate_repetition_is_lifted_and_no_other(self):
        for text, lifted in (
            *((mark, True) for mark in "76 77 59 91 XE XP XS XU 50 LT RT".split()),
            ("25,lt", True),
            (" xs ", True),
            ("", False),
            ("25", False),
            ("26,TC", False),
            (None, False),
        ):
            with self.subTest(text):
                self.assertIs(is_deliberate(text), lifted)

    def test_modifiers_are_part_of_the_key(self):
        self.assertEqual(modifier_key("25, gp"), modifier_key("GP,25"))
        self.assertNotEqual(modifier_key("26"), modifier_key("TC"))
        self.assertNotEqual(modifier_key(""), modifier_key("25"))

    @settings(max_examples=200, deadline=None)
    @given(marks, st.randoms(use_true_random=False))
    def test_order_case_and_blanks_mean_nothing(self, found, rng):
        mixed = [f" {mark.lower()}" for mark in found]
        rng.shuffle(mixed)
        one, other = ",".join(found), ",".join(mixed)
        self.assertEqual(modifier_key(one), modifier_key(other))
        self.assertIs(is_deliberate(one), is_deliberate(other))

    @settings(max_examples=200, deadline=None)
    @given(marks, st.sampled_from(sorted(REPEAT_MODIFIERS)))
    def test_a_repeat_modifier_lifts_whatever_stands_beside_it(self, found, repeat):
        self.assertTrue(is_deliberate(",".join([*found, repeat])))

    @settings(max_examples=200, deadline=None)
    @given(marks)
    def test_the_key_gives_itself_back(self, found):
        text = modifier_key(",".join(found))
        self.assertEqual(modifier_key(text), text)
