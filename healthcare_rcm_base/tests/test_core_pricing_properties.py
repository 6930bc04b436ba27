"""What holds for every charge and every contract."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.pricing import (
    ChargeFacts,
    ContractFacts,
    RateFacts,
    price,
    price_lines,
)
from ..core.pricing_replay import replay
from .pricing_builders import CODES, DAY, contract

# Hypothesis has no say in how long a test may take on a busy machine.
RUNS = settings(max_examples=200, deadline=None, derandomize=True)


cents = st.integers(0, 500_000).map(lambda value: Decimal(value) / 100)
percents = st.integers(1, 1_500_000).map(lambda value: Decimal(value) / 10_000)
codes = st.sampled_from(CODES)
modifiers = st.lists(st.sampled_from(["25", "59", "26", "TC"]), unique=True, max_size=3)
places = st.sampled_from(["", "11", "22"])
days = st.sampled_from([date(2025, 12, 31), DAY, date(2026, 6, 30)])
charges = st.builds(
    ChargeFacts,
    code=codes,
    amount=cents,
    service_date=days,
    units=st.integers(1, 9).map(Decimal),
    modifiers=modifiers.map(tuple),
    place_of_service=places,
    facility=st.sampled_from([1, 2]),
    revenue_code=st.sampled_from(["", "0450"]),
)
rates = st.builds(
    RateFacts,
    ref=st.integers(1, 9999),
    method=st.sampled_from(
        ["fixed", "percent_of_charge", "per_unit", "per_diem", "case_rate"]
    ),
    amount=cents,
    percent=percents,
    code=st.one_of(st.just(""), codes),
    modifiers=modifiers.map(tuple),
    place_of_service=places,
    facility=st.sampled_from([None, 1, 2]),
    charge_cap_percent=st.one_of(st.none(), st.just(Decimal(100))),
    multiple_procedure=st.booleans(),
    carve_out=st.booleans(),
    date_from=st.one_of(st.none(), days),
)
contracts = st.builds(
    ContractFacts,
    ref=st.just(1),
    name=st.just("any"),
    rates=st.lists(rates, max_size=6, unique_by=lambda r: r.ref).map(tuple),
    default_method=st.sampled_from(["none", "percent_of_charge"]),
    default_percent=percents,
    multiple_procedure_percents=st.just((Decimal(100), Decimal(50), Decimal(25))),
)
bills = st.lists(charges, min_size=1, max_size=5)


@tagged("post_install", "-at_install")
class TestPricingProperties(BaseCase):
    """No example was chosen by hand."""

    @RUNS
    @given(bills, contracts)
    def test_a_price_is_whole_cents_and_not_negative(self, lines, terms):
        for result in price_lines(lines, terms):
            if result.is_priced:
                self.assertGreaterEqual(result.expected, 0)
                self.assertEqual(result.expected, round(result.expected, 2))
                self.assertEqual(result.trace[-1].amount, result.expected)
            else:
                self.assertEqual(result.trace[-1].code, "unpriced")

    @RUNS
    @given(bills, contracts, st.randoms(use_true_random=False))
    def test_order_of_rates_never_decides(self, lines, terms, random):
        shuffled = list(terms.rates)
        random.shuffle(shuffled)
        self.assertEqual(
            price_lines(lines, terms),
            price_lines(lines, replace(terms, rates=tuple(shuffled))),
        )

    @RUNS
    @given(bills, contracts)
    def test_order_of_lines_moves_no_money(self, lines, terms):
        def total(bill):
            priced = [r.expected for r in price_lines(bill, terms) if r.is_priced]
            return len(priced), sum(priced)

        self.assertEqual(total(lines), total(lines[::-1]))

    @RUNS
    @given(bills, contracts, st.randoms(use_true_random=False))
    def test_place_of_a_line_never_decides_its_price(self, lines, terms, random):
        """Equal lines are interchangeable; others keep their amount to the cent."""
        shuffled = list(lines)
        random.shuffle(shuffled)

        def prices(bill):
            return Counter(
                (repr(line), result.expected)
                for line, result in zip(bill, price_lines(bill, terms), strict=True)
            )

        self.assertEqual(prices(lines), prices(shuffled))

    @RUNS
    @given(bills, contracts)
    def test_trace_gives_the_amount_it_explains(self, lines, terms):
        for result in price_lines(lines, terms):
            trace = json.loads(json.dumps(result.trace_json()))
            self.assertEqual(replay(trace), result.expected)

    @RUNS
    @given(bills, contracts)
    def test_a_price_names_a_rate_of_the_contract_or_its_default(self, lines, terms):
        refs = {item.ref for item in terms.rates}
        for result in price_lines(lines, terms):
            if not result.is_priced:
                self.assertEqual(terms.default_method, "none")
            elif result.rate_ref is None:
                self.assertEqual(terms.default_method, "percent_of_charge")
            else:
                self.assertIn(result.rate_ref, refs)

    @RUNS
    @given(bills, contracts)
    def test_lesser_of_never_exceeds_the_charges(self, lines, terms):
        capped = replace(
            terms,
            charge_cap_percent=Decimal(100),
            rates=tuple(replace(r, charge_cap_percent=None) for r in terms.rates),
        )
        results = price_lines(lines, capped)
        expected = sum(r.expected for r in results if r.is_priced)
        self.assertLessEqual(expected, sum(line.amount for line in lines))

    @RUNS
    @given(bills, cents)
    def test_case_rate_is_spread_to_the_cent(self, lines, amount):
        trigger = replace(lines[0], code="CASE1")
        rates = (RateFacts(ref=1, method="case_rate", amount=amount, code="CASE1"),)
        results = price_lines([trigger, *lines[1:]], contract(*rates))
        self.assertEqual(sum(r.expected for r in results), amount)

    @RUNS
    @given(charges, contracts)
    def test_a_line_alone_is_a_bill_of_one_line(self, line, terms):
        self.assertEqual(price(line, terms), price_lines([line], terms)[0])

    @RUNS
    @given(st.lists(rates, min_size=2, max_size=6, unique_by=lambda r: r.ref))
    def test_no_two_rates_tie(self, items):
        keys = [item.specificity for item in items]
        for i, one in enumerate(keys):
            for other in keys[i + 1 :]:
                self.assertNotEqual(one > other, one < other)
