from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..core.spreadsheet import plain_cell


@tagged("post_install", "-at_install")
class TestSpreadsheet(BaseCase):
    """What stands in a cell is never run."""

    def test_text_that_looks_like_a_formula_is_text(self):
        for text in ("=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"):
            with self.subTest(text=text):
                self.assertEqual(plain_cell(text), f"'{text}")

    def test_other_values_stay_as_they_are(self):
        for value in ("A=1", "", 0, -5, 2.5, Decimal("-1.20")):
            with self.subTest(value=value):
                self.assertIs(plain_cell(value), value)

    def test_nothing_is_an_empty_cell(self):
        self.assertEqual((plain_cell(None), plain_cell(False)), ("", ""))
