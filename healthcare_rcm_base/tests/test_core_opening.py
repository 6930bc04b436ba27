from datetime import date
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.ledger_entries import entry
from ..core.opening import AMOUNTS, entry_amounts, gather
from . import opening_rows

DAY = date(2026, 6, 30)


def row(**values):
    """A line that adds up, changed by ``values`` (amounts as text)."""
    record = {
        "control_number": "A1",
        "facility": "MAIN",
        "payer": "ACME",
        "mrn": "M1",
        "service_date": date(2026, 3, 2),
        "code": "99213",
        "charge": "1000.00",
        "open": "1000.00",
        **values,
    }
    amounts = ("charge", "paid", "contractual", "patient", "other", "open")
    amounts += ("patient_open", "allowance")
    return {
        name: Decimal(value) if name in amounts else value
        for name, value in record.items()
    }


@tagged("post_install", "-at_install")
class TestOpeningRules(BaseCase):
    """Rows of an earlier system: they add up, or they are named."""

    def problems(self, *rows):
        _claims, found = gather(list(enumerate(rows, start=2)), DAY)
        return [(problem.row, problem.column, problem.code) for problem in found]

    def test_rows_of_one_number_are_one_claim(self):
        first = row(line="1", charge="600", open="600")
        second = row(line="2", charge="400", paid="150", contractual="250", open="0")
        claims, problems = gather([(2, first), (3, second)], DAY)
        self.assertFalse(problems)
        [claim] = claims
        self.assertEqual((claim.number, len(claim.lines)), ("A1", 2))
        self.assertEqual(claim.total("charge"), Decimal(1000))
        self.assertEqual(claim.total("open"), Decimal(600))

    def test_what_is_wrong_is_named_by_row_and_column(self):
        share = {"patient": "80", "open": "920"}
        for values, column, code in (
            ({"open": "999.99"}, "Open", "not_adding_up"),
            ({"charge": "0", "open": "0"}, "Charge", "not_positive"),
            ({**share, "patient_open": "80.01"}, "Patient Open", "patient_open"),
            ({"patient_open": "-1"}, "Patient Open", "patient_open"),
            ({"allowance": "1000.01"}, "Allowance", "allowance"),
            ({"service_date": date(2026, 7, 1)}, "Service Date", "after_opening"),
            ({"submitted_date": date(2026, 7, 1)}, "Sent", "after_opening"),
            ({"paid": "1000", "open": "0"}, "Open", "nothing_open"),
            ({**share, "payer": None}, "Payer", "self_pay_share"),
        ):
            with self.subTest(**values):
                self.assertIn((2, column, code), self.problems(row(**values)))

    def test_rows_of_a_claim_must_agree_and_no_value_is_repeated(self):
        found = gather([(2, row()), (3, row(mrn="M2"))], DAY)[1]
        [problem] = [item for item in found if item.code == "rows_differ"]
        self.assertEqual((problem.row, problem.column), (3, "Mrn"))
        self.assertNotIn("M2", str(problem))
        again = self.problems(row(line="1"), row(line="1"))
        self.assertIn((3, "Line", "repeated"), again)

    def test_entries_balance_and_put_each_amount_where_it_belongs(self):
        cases = (
            (
                {"contractual": "500", "paid": "300", "patient": "80", "open": "120"}
                | {"patient_open": "50", "allowance": "20"},
                {
                    "receivable_payer": Decimal(120),
                    "receivable_patient": Decimal(50),
                    "reserve": Decimal(-20),
                    "opening": Decimal(-150),
                },
            ),
            (
                {"payer": None, "paid": "100", "open": "900", "allowance": "300"},
                {
                    "receivable_patient": Decimal(900),
                    "concession_reserve": Decimal(-300),
                    "opening": Decimal(-600),
                },
            ),
            (
                {"paid": "1050", "open": "-50"},
                {"receivable_payer": Decimal(-50), "opening": Decimal(50)},
            ),
        )
        for values, expected in cases:
            with self.subTest(**values):
                [claim], problems = gather([(2, row(**values))], DAY)
                self.assertFalse(problems)
                self.assertEqual(entry_amounts(claim), expected)
                entry(entry_amounts(claim))  # raises unless it balances


@tagged("post_install", "-at_install")
class TestOpeningProperties(BaseCase):
    """Whatever amounts a file holds: they tie to the cent, or the row is named."""

    def gathered(self, rows):
        return gather(list(enumerate(rows, start=2)), DAY)

    @settings(deadline=None)
    @given(opening_rows.claims())
    def test_entries_of_a_file_tie_to_its_own_total(self, found):
        assume(found)
        claims, problems = self.gathered(opening_rows.rows_of(found))
        self.assertFalse(problems)
        books = {}
        for claim in claims:
            amounts = entry_amounts(claim)
            self.assertFalse(sum(amounts.values()), "each entry balances")
            entry(amounts)
            for purpose, amount in amounts.items():
                books[purpose] = books.get(purpose, 0) + amount
        self.assertEqual(
            {purpose: amount for purpose, amount in books.items() if amount},
            opening_rows.expected(found),
        )
        owed = books.get("receivable_payer", 0) + books.get("receivable_patient", 0)
        self.assertEqual(owed, opening_rows.total(found), "the tie-out")

    @settings(deadline=None)
    @given(opening_rows.claims(), st.randoms(use_true_random=False))
    def test_the_order_of_the_rows_moves_no_money(self, found, random):
        assume(found)
        rows = opening_rows.rows_of(found)
        turned = random.sample(rows, len(rows))

        def sums(some):
            return {
                claim.number: [claim.total(name) for name in AMOUNTS]
                for claim in self.gathered(some)[0]
            }

        self.assertEqual(sums(turned), sums(rows))
        self.assertEqual(
            sum(claim[0] for claim in sums(turned).values()),
            sum(row["charge"] for row in rows),
            "no row is lost",
        )

    @settings(deadline=None)
    @given(
        opening_rows.claims(),
        st.data(),
        st.sampled_from(("charge", "paid", "contractual", "patient", "other", "open")),
        st.sampled_from((Decimal("0.01"), Decimal("-0.01"))),
    )
    def test_one_cent_anywhere_is_found_in_its_row(self, found, data, name, cent):
        assume(found)
        rows = opening_rows.rows_of(found)
        place = data.draw(st.integers(0, len(rows) - 1))
        rows[place] = {**rows[place], name: rows[place][name] + cent}
        _claims, problems = self.gathered(rows)
        self.assertIn(
            (place + 2, "Open", "not_adding_up"),
            [(one.row, one.column, one.code) for one in problems],
        )
