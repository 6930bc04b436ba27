from odoo.tests import BaseCase, tagged

from ..core import npi


@tagged("post_install", "-at_install")
class TestNpi(BaseCase):
    """The check digit of provider identifiers."""

    def test_known_identifiers_are_valid(self):
        for value in ("1234567893", "1245319599", "1679576722"):
            with self.subTest(value=value):
                self.assertTrue(npi.is_valid(value))

    def test_one_wrong_digit_is_always_found(self):
        good = "1234567893"
        for place in range(10):
            for digit in "0123456789":
                if digit != good[place]:
                    bad = good[:place] + digit + good[place + 1 :]
                    self.assertFalse(npi.is_valid(bad), bad)

    def test_other_things_are_no_identifiers(self):
        for value in (
            "",
            "123456789",
            "12345678930",
            "123456789A",
            None,
            1234567893,
            "१२३४५६७८९३",
        ):
            with self.subTest(value=value):
                self.assertFalse(npi.is_valid(value))
