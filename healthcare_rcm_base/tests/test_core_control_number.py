from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core import control_number

SEQUENCE = st.integers(min_value=1, max_value=36**control_number.BODY_LENGTH - 1)


@tagged("post_install", "-at_install")
class TestControlNumber(BaseCase):
    def test_numbers_are_unique_opaque_and_short(self):
        numbers = {control_number.make(n) for n in range(1, 50_001)}
        self.assertEqual(len(numbers), 50_000)
        self.assertTrue(all(len(number) <= 20 for number in numbers))
        self.assertTrue(all(control_number.is_valid(number) for number in numbers))
        first, second = control_number.make(1), control_number.make(2)
        same = sum(a == b for a, b in zip(first, second, strict=True))
        self.assertLess(same, 6, "neighbours look alike")

    @settings(max_examples=500, deadline=None)
    @given(SEQUENCE, SEQUENCE)
    def test_no_two_sequence_numbers_of_any_company_share_one(self, one, other):
        first, second = control_number.make(one), control_number.make(other)
        self.assertEqual(first == second, one == other)
        self.assertTrue(control_number.is_valid(first) and len(first) <= 20)

    def test_every_single_wrong_character_is_caught(self):
        number = control_number.make(123_456)
        for place in range(1, len(number)):
            for character in control_number.ALPHABET:
                wrong = number[:place] + character + number[place + 1 :]
                self.assertEqual(control_number.is_valid(wrong), wrong == number)

    def test_swapped_neighbours_are_caught(self):
        missed = checked = 0
        for sequence in range(1, 500):
            number = control_number.make(sequence)
            for place in range(1, len(number) - 1):
                swapped = (
                    number[:place]
                    + number[place + 1]
                    + number[place]
                    + number[place + 2 :]
                )
                if swapped != number:
                    checked += 1
                    missed += control_number.is_valid(swapped)
        self.assertLess(missed / checked, 0.01)

    def test_foreign_forms_are_refused(self):
        number = control_number.make(9)
        for text in ("", None, number.lower(), number + "0", number[:-1], "Ä" * 12):
            with self.subTest(text=text):
                self.assertFalse(control_number.is_valid(text))

    def test_only_positive_integers_in_range(self):
        for sequence in (0, -1, 36**10):
            with self.subTest(sequence=sequence), self.assertRaises(ValueError):
                control_number.make(sequence)
        for sequence in ("1", 1.0, True):
            with self.subTest(sequence=sequence), self.assertRaises(TypeError):
                control_number.make(sequence)
