import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..core.pricing import (
    price,
    price_lines,
)
from .pricing_builders import DAY, charge, contract, rate


@tagged("post_install", "-at_install")
class TestPricing(BaseCase):
    """What each rule makes of a charge."""

    def assertPrice(self, expected, result, rate_ref=...):
        self.assertTrue(result.is_priced, result)
        self.assertEqual(result.expected, Decimal(expected))
        if rate_ref is not ...:
            self.assertEqual(result.rate_ref, rate_ref)

    def test_methods(self):
        facts = charge(amount="300.00", units="3")
        for method, terms, expected in (
            ("fixed", {"amount": "92"}, "92.00"),
            ("per_unit", {"amount": "92"}, "276.00"),
            ("percent_of_charge", {"percent": Decimal("33.3333")}, "100.00"),
            ("per_diem", {"amount": "500"}, "1500.00"),
            ("case_rate", {"amount": "1234.56"}, "1234.56"),
        ):
            with self.subTest(method=method):
                result = price(facts, contract(rate(7, method, **terms)))
                self.assertPrice(expected, result, 7)

    def test_per_diem_takes_days_before_units(self):
        result = price(
            charge(units="1", days=Decimal(4)),
            contract(rate(1, "per_diem", "500.00")),
        )
        self.assertPrice("2000.00", result)

    def test_half_cents_are_rounded_up(self):
        terms = contract(rate(1, "percent_of_charge", percent=Decimal(50)))
        self.assertPrice("0.03", price(charge(amount="0.05"), terms))

    def test_nothing_applies_gives_no_price(self):
        for reason, facts, terms in (
            ("no_rate", charge("99999"), contract(rate(1))),
            ("no_rate", charge(), contract()),
            ("charge_invalid", charge(units="0"), contract(rate(1))),
            ("charge_invalid", charge(amount="-1"), contract(rate(1))),
            ("charge_invalid", charge(""), contract(rate(1, code=""))),
            (
                "contract_not_effective",
                charge(),
                contract(rate(1), date_to=date(2026, 3, 1)),
            ),
            (
                "contract_not_effective",
                charge(),
                contract(rate(1), date_from=date(2026, 3, 3)),
            ),
            (
                "facility_not_covered",
                charge(facility=2),
                contract(rate(1), facilities=frozenset({1})),
            ),
            (
                "no_rate",
                charge(),
                contract(rate(1, date_to=date(2026, 3, 1))),
            ),
        ):
            with self.subTest(reason=reason):
                result = price(facts, terms)
                self.assertFalse(result.is_priced)
                self.assertIsNone(result.expected)
                self.assertEqual(result.reason, reason)
                self.assertEqual(result.trace[-1].code, "unpriced")

    def test_first_and_last_day_count(self):
        terms = contract(
            rate(1, date_from=DAY, date_to=DAY), date_from=DAY, date_to=DAY
        )
        self.assertPrice("92.00", price(charge(), terms))

    def test_default_percent_prices_what_has_no_rate(self):
        terms = contract(
            rate(1), default_method="percent_of_charge", default_percent=Decimal(60)
        )
        self.assertPrice("60.00", price(charge("99999", "100.00"), terms), None)
        self.assertPrice("92.00", price(charge(), terms), 1)

    def test_more_specific_rate_wins(self):
        """Each rate beats all that stand before it, for a charge that fits all."""
        ladder = [
            rate(1, code=""),
            rate(2, code="", revenue_code="0450"),
            rate(3, code="", place_of_service="11"),
            rate(4, code="", facility=5),
            rate(5, code="", modifiers=("25",)),
            rate(6, code="90000", code_to="99999"),
            rate(7, code="99200", code_to="99299"),
            rate(8, code="99200", code_to="99299", modifiers=("25",)),
            rate(9),
            rate(10, date_from=date(2026, 1, 1)),
            rate(11, date_from=date(2026, 2, 1)),
            rate(12, date_from=date(2026, 2, 1), sequence=5),
            rate(13, revenue_code="0450"),
            rate(14, modifiers=("25",)),
            rate(15, modifiers=("25", "59")),
        ]
        facts = charge(
            modifiers=("59", "25"),
            place_of_service="11",
            facility=5,
            revenue_code="0450",
        )
        for count in range(1, len(ladder) + 1):
            with self.subTest(rates=count):
                rates = ladder[:count]
                self.assertEqual(price(facts, contract(*rates)).rate_ref, count)
                self.assertEqual(price(facts, contract(*rates[::-1])).rate_ref, count)

    def test_criteria_that_do_not_fit_keep_a_rate_out(self):
        facts = charge(modifiers=("25",), place_of_service="11", facility=5)
        for criterion in (
            {"modifiers": ("59",)},
            {"modifiers": ("25", "59")},
            {"place_of_service": "22"},
            {"facility": 6},
            {"revenue_code": "0450"},
            {"code": "99214"},
            {"code": "99214", "code_to": "99299"},
            {"code": "9921", "code_to": "9929"},
        ):
            with self.subTest(criterion=criterion):
                self.assertFalse(price(facts, contract(rate(1, **criterion))).is_priced)

    def test_lesser_of_rate_and_charge(self):
        capped = Decimal(100)
        for amount, terms, expected in (
            ("80.00", contract(rate(1, charge_cap_percent=capped)), "80.00"),
            ("100.00", contract(rate(1, charge_cap_percent=capped)), "92.00"),
            ("80.00", contract(rate(1), charge_cap_percent=capped), "80.00"),
            (
                "80.00",
                contract(
                    rate(1, charge_cap_percent=Decimal(50)), charge_cap_percent=capped
                ),
                "40.00",
            ),
        ):
            with self.subTest(amount=amount, expected=expected):
                self.assertPrice(expected, price(charge(amount=amount), terms))

    def test_multiple_procedures_are_reduced_by_falling_price(self):
        terms = contract(
            rate(1, amount="200.00", code="20610", multiple_procedure=True),
            rate(2, amount="300.00", code="20611", multiple_procedure=True),
            rate(3, amount="100.00", code="20612", multiple_procedure=True),
            rate(4),
            multiple_procedure_percents=(Decimal(100), Decimal(50), Decimal(25)),
        )
        lines = [charge("20610"), charge("20611"), charge("20612"), charge()]
        results = price_lines(lines, terms)
        self.assertEqual(
            [result.expected for result in results],
            [Decimal(n) for n in ("100.00", "300.00", "25.00", "92.00")],
        )
        other_day = replace(lines[0], service_date=date(2026, 3, 3))
        results = price_lines([other_day, lines[1]], terms)
        self.assertEqual(
            [result.expected for result in results], [Decimal(200), Decimal(300)]
        )

    def test_case_rate_covers_the_encounter_but_carve_outs(self):
        terms = contract(
            rate(1, "case_rate", "1000.00", code="CASE1"),
            rate(2),
            rate(3, amount="77.00", code="IMPL1", carve_out=True),
        )
        lines = [
            charge("CASE1", "900.00"),
            charge("99213", "300.00"),
            charge("NORATE", "600.00"),
            charge("IMPL1", "500.00"),
        ]
        results = price_lines(lines, terms)
        self.assertEqual(
            [result.expected for result in results],
            [Decimal(n) for n in ("500.00", "166.67", "333.33", "77.00")],
        )
        self.assertEqual([result.rate_ref for result in results], [1, 1, 1, 3])

    def test_highest_of_several_case_rates_wins_once(self):
        terms = contract(
            rate(1, "case_rate", "1000.00", code="CASE1"),
            rate(2, "case_rate", "1500.00", code="CASE2"),
        )
        results = price_lines([charge("CASE1"), charge("CASE2")], terms)
        self.assertEqual(sum(result.expected for result in results), Decimal(1500))
        self.assertEqual({result.rate_ref for result in results}, {2})

    def test_case_rate_is_capped_by_all_covered_charges(self):
        terms = contract(
            rate(1, "case_rate", "1000.00", code="CASE1"),
            charge_cap_percent=Decimal(100),
        )
        results = price_lines([charge("CASE1", "0.00"), charge("X", "300.00")], terms)
        self.assertEqual([r.expected for r in results], [Decimal(0), Decimal(300)])

    def test_trace_reads_like_a_story(self):
        result = price(charge(units="2"), contract(rate(1)))
        self.assertEqual(
            [step.text for step in result.trace],
            [
                "Contract Acme 2026, from the beginning until further notice",
                "Rate for code 99213: 92 per unit",
                "92 × 2 units = 184.00",
                "Expected 184.00",
            ],
        )
        json.dumps(result.trace_json())
