from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..core import canonical, findings, money, redaction


@tagged("post_install", "-at_install")
class TestMoney(BaseCase):
    def test_floats_lose_their_binary_noise(self):
        for number, expected in (
            (0.1 + 0.2, "0.30"),
            (92.0, "92.00"),
            (-12.345, "-12.35"),
            (1.005, "1.01"),
            (-0.0, "0.00"),
            (1e-9, "0.00"),
        ):
            with self.subTest(number=number):
                self.assertEqual(str(money.to_decimal(number)), expected)

    def test_exact_values_are_never_rounded(self):
        self.assertEqual(money.to_decimal("10.5"), Decimal("10.50"))
        self.assertEqual(money.to_decimal(7), Decimal("7.00"))
        self.assertEqual(money.to_decimal("1.2345", digits=4), Decimal("1.2345"))
        for value in ("10.005", Decimal("0.001")):
            with self.subTest(value=value), self.assertRaises(ValueError):
                money.to_decimal(value)

    def test_what_is_not_an_amount_is_refused(self):
        for value in (None, False, True, "", "abc", float("nan"), float("inf"), []):
            with self.subTest(value=value), self.assertRaises(ValueError):
                money.to_decimal(value)

    def test_every_cent_survives_the_way_to_a_float_and_back(self):
        for cents in range(-20_000, 20_000, 7):
            amount = Decimal(cents).scaleb(-2)
            self.assertEqual(money.to_decimal(money.from_decimal(amount)), amount)
        with self.assertRaises(ValueError):
            money.from_decimal(Decimal("99999999999999999.99"))

    def test_total_is_exact(self):
        self.assertEqual(money.total([0.1] * 10), Decimal("1.00"))
        self.assertEqual(str(money.total([])), "0.00")


@tagged("post_install", "-at_install")
class TestCanonical(BaseCase):
    def test_equal_content_has_one_form(self):
        one = canonical.canonical_json({"b": [1, (2, None)], "a": "é"})
        self.assertEqual(one, '{"a":"é","b":[1,[2,null]]}'.encode())
        self.assertEqual(one, canonical.canonical_json({"a": "é", "b": [1, [2, None]]}))

    def test_decimals_and_dates_are_exact_text(self):
        self.assertEqual(canonical.canonical_json(Decimal("1E+2")), b'"100"')
        self.assertEqual(canonical.canonical_json(Decimal("92.50")), b'"92.50"')
        self.assertEqual(canonical.canonical_json(date(2026, 1, 2)), b'"2026-01-02"')
        naive = datetime(2026, 1, 2, 3, 4, 5)
        east = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
        self.assertEqual(canonical.canonical_json(naive), b'"2026-01-02T03:04:05Z"')
        self.assertEqual(canonical.digest(naive), canonical.digest(east))

    def test_what_has_no_single_form_is_refused(self):
        for value in ({1: 2}, {1, 2}, float("nan"), Decimal("NaN"), b"x", object()):
            with self.subTest(value=value):
                with self.assertRaises((TypeError, ValueError)):
                    canonical.canonical_json(value)

    def test_one_character_changes_the_digest(self):
        self.assertNotEqual(canonical.digest({"a": "1"}), canonical.digest({"a": 1}))
        self.assertEqual(len(canonical.digest({})), 64)


@tagged("post_install", "-at_install")
class TestFindings(BaseCase):
    def test_only_errors_stop_the_input(self):
        warning = findings.Finding("late", findings.WARNING, "ST 1")
        error = findings.Finding("unbalanced", findings.ERROR, "CLP 2", "1.00", "2.00")
        self.assertFalse(findings.has_errors([warning]))
        self.assertTrue(findings.has_errors([warning, error]))
        with self.assertRaises(ValueError):
            findings.Finding("x", "fatal")


@tagged("post_install", "-at_install")
class TestRedaction(BaseCase):
    def test_patient_fields_are_blanked_at_any_depth(self):
        event = {
            "encounter": {"number": "E1", "diagnoses": ["E119"]},
            "patient": {"first_name": "Ann"},
            "coverages": [
                {"payer": "ACME", "Member_ID": "W1", "esrd_from": "2025-01-01"}
            ],
            "phone": "",
        }
        clean = redaction.redact(event)
        self.assertEqual(clean["encounter"]["number"], "E1")
        self.assertEqual(clean["coverages"][0]["payer"], "ACME")
        self.assertEqual(clean["phone"], "")
        text = repr(clean)
        for secret in ("E119", "Ann", "W1", "2025-01-01"):
            self.assertNotIn(secret, text)
        self.assertEqual(event["patient"]["first_name"], "Ann", "input was changed")

    def test_statements_keep_their_shape_alone(self):
        for statement, shape in (
            (
                "SELECT a1 FROM t2 WHERE b = 'x' LIMIT 3",
                "SELECT a1 FROM t2 WHERE b = ? LIMIT ?",
            ),
            (
                "SET a = 'O''Hara -- x', b = E'it\\'s \\\\', c = NULL",
                "SET a = ?, b = ?, c = NULL",
            ),
            (
                "SELECT \"it's 5\" -- don't 7\n, -1.50",
                "SELECT \"it's 5\" -- don't 7\n, -?",
            ),
            ("VALUES ('1990-01-02'::date, 'cut o", "VALUES (?::date, ?"),
            ("/* it's */ SELECT 'two\nlines', 1e5", "/* it's */ SELECT ?, ?"),
        ):
            with self.subTest(statement=statement):
                self.assertEqual(redaction.statement_shape(statement), shape)

    def test_database_messages_keep_names_and_lose_values(self):
        for message, state, told in (
            (
                'duplicate key violates "t_uniq"\nDETAIL:  Key (n)=(Ann)',
                "23505",
                'duplicate key violates "t_uniq"',
            ),
            (
                'invalid input syntax for type date: "An\nn"',
                "22007",
                'invalid input syntax for type date: "•••"',
            ),
            (
                "server closed the connection\n\tunexpectedly",
                None,
                "server closed the connection",
            ),
            (None, None, ""),
        ):
            with self.subTest(message=message):
                self.assertEqual(redaction.database_message(message, state), told)

    def test_short_values_are_hidden_whole(self):
        self.assertEqual(redaction.mask_tail("123456789"), "•••6789")
        self.assertEqual(redaction.mask_tail("1234"), "•••")
        self.assertEqual(redaction.mask_tail(None), "")
