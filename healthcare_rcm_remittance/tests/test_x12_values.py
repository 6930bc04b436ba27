"""Amounts, quantities, dates: what is read and what is refused."""

from datetime import date
from decimal import Context, Decimal, localcontext

from odoo.tests import BaseCase, tagged

from ..x12.reader import read_all
from ..x12.values import (
    CACHE_SIZE,
    Amounts,
    parse_date,
    parse_decimal,
    parse_procedure,
    parse_short_date,
    read_amount,
)
from .x12_builders import CLAIM, payment_file

REFUSED = (
    "1,00",
    "NaN",
    "sNaN",
    "1E3",
    "1e3",
    "Infinity",
    "-Infinity",
    "+1",
    " 1",
    "1 ",
    "1_000",
    "--5",
    "5-",
    "-",
    ".",
    "-.",
    "1.2.3",
    "$5",
    "0x10",
    "١٢",
    "²",
    "1234567890123456789",
    "12345678901234567.89",
)
ACCEPTED = {
    "0": "0",
    "-0": "0",
    "5.": "5",
    ".5": "0.5",
    "-.5": "-0.5",
    "007": "7",
    "12.3": "12.3",
    "12.34": "12.34",
    "-12.34": "-12.34",
    "12.3400": "12.34",
    "999999999999999.99": "999999999999999.99",
    "123456789012345678": "123456789012345678",
}


@tagged("post_install", "-at_install")
class TestX12Values(BaseCase):
    def test_plain_decimals_are_read_exactly(self):
        amounts = Amounts()
        for text, value in ACCEPTED.items():
            with self.subTest(text=text):
                self.assertEqual(parse_decimal(text), Decimal(value))
                self.assertEqual(amounts[text] or parse_decimal(text), Decimal(value))

    def test_anything_else_is_refused(self):
        amounts = Amounts()
        for text in REFUSED:
            with self.subTest(text=text):
                self.assertIsNone(parse_decimal(text))
                self.assertEqual(read_amount(text), (Decimal(0), "amount_invalid"))
                self.assertIsNone(amounts[text])

    def test_parts_of_a_cent_are_a_fault_but_keep_their_value(self):
        self.assertEqual(read_amount("1.005"), (Decimal("1.005"), "amount_subcent"))
        self.assertIsNone(Amounts()["1.005"])

    def test_empty_amount_is_missing(self):
        self.assertEqual(read_amount(""), (Decimal(0), "amount_missing"))

    def test_quick_and_careful_reading_agree_in_a_lax_decimal_context(self):
        with localcontext(Context(prec=3, traps=[])):
            amounts = Amounts()
            for text in (*REFUSED, *ACCEPTED, "1.005", ""):
                with self.subTest(text=text):
                    value, fault = read_amount(text)
                    self.assertEqual(amounts[text], None if fault else value)

    def test_cache_forgets_rather_than_grows(self):
        amounts = Amounts()
        for cents in range(CACHE_SIZE * 2 + 5):
            self.assertEqual(amounts[f"{cents}.00"], cents)
        self.assertLessEqual(len(amounts), CACHE_SIZE)
        self.assertEqual(amounts["7.00"], Decimal(7))

    def test_dates_must_exist(self):
        self.assertEqual(parse_date("20240229"), date(2024, 2, 29))
        for text in ("20230229", "20231345", "00000000", "2024022", "240229", "", "²"):
            with self.subTest(text=text):
                self.assertIsNone(parse_date(text))

    def test_short_dates_choose_their_century(self):
        self.assertEqual(parse_short_date("260105"), date(2026, 1, 5))
        self.assertEqual(parse_short_date("991231"), date(1999, 12, 31))
        self.assertIsNone(parse_short_date("261332"))

    def test_procedure_composites(self):
        for raw, expected in {
            "HC:99213": ("HC", "99213", ()),
            "HC:99213:25:59": ("HC", "99213", ("25", "59")),
            "NU:0450": ("NU", "0450", ()),
            "HP:A9999": ("HP", "A9999", ()),
            "AD:D0120": ("AD", "D0120", ()),
            "N4:00093721410": ("N4", "00093721410", ()),
            "HC:99213::25": ("HC", "99213", ("25",)),
            "HC:99213:25:59:76:77:OWN WORDS": ("HC", "99213", ("25", "59", "76", "77")),
            "HC": ("HC", "", ()),
        }.items():
            with self.subTest(raw=raw):
                read = parse_procedure(raw, ":")
                self.assertEqual((read.qualifier, read.code, read.modifiers), expected)
                self.assertEqual(read.raw, raw)

    def test_refused_amounts_become_error_findings_at_every_level(self):
        cases = {
            "CLP": ("CLP*A1*1*1,00*80.00*5.00*12*PCN1", 0),
            "SVC": ("SVC*HC:99213*NaN*80.00**1", 2),
            "CAS": ("CAS*CO*45*1E3", 4),
        }
        for tag, (segment, index) in cases.items():
            with self.subTest(tag=tag):
                body = [*CLAIM[:index], segment, *CLAIM[index + 1 :]]
                data = payment_file(*body)
                [transaction] = read_all(data).interchanges[0].transactions
                [found] = [
                    f for f in transaction.findings if f.code == "amount_invalid"
                ]
                self.assertEqual(found.severity, "error")
                self.assertEqual(data[found.offset :][: len(segment)], segment.encode())
                self.assertFalse(transaction.balance.transaction)
                self.assertTrue(transaction.has_errors)

    def test_unreadable_words_in_an_amount_are_not_repeated(self):
        data = payment_file("CLP*A1*1*SMITH JOHN*80.00", *CLAIM[1:])
        [transaction] = read_all(data).interchanges[0].transactions
        self.assertNotIn("SMITH", repr(transaction.findings))
        self.assertIn("10 characters", repr(transaction.findings))

    def test_impossible_dates_are_none_with_a_finding(self):
        body = [*CLAIM[:3], "DTM*472*20251345", *CLAIM[4:]]
        [transaction] = read_all(payment_file(*body)).interchanges[0].transactions
        self.assertIsNone(transaction.claims[0].services[0].date_from)
        [finding] = transaction.findings
        self.assertEqual(
            (finding.code, finding.severity, finding.actual, finding.location),
            ("date_invalid", "warning", "20251345", "ST 0001 / CLP 1 / SVC 1"),
        )
