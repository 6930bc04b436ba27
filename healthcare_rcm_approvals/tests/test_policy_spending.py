import random
from datetime import date
from decimal import Decimal as D

from odoo.tests import BaseCase, tagged

from ..policy.order_change import Order, OrderLine, is_within
from ..policy.spending import (
    Charge,
    Contract,
    Fund,
    check_contract,
    check_fund,
    plain,
)
from ..policy.split import split
from ..policy.three_way import (
    NOT_ORDERED,
    OVER_ORDERED,
    OVER_RECEIVED,
    PRICE,
    VENDOR,
    Billed,
    Ordered,
    Tolerance,
    match,
)

DAY = date(2026, 5, 5)


@tagged("post_install", "-at_install")
class TestSplit(BaseCase):
    def test_parts_of_a_hundred_percent_are_the_amount(self):
        rng = random.Random(7)
        for _turn in range(3000):
            amount = D(rng.randint(-10_000_000, 10_000_000)) / 100
            cuts = sorted(rng.randint(0, 10000) for _ in range(rng.randint(0, 6)))
            edges = [0, *cuts, 10000]
            percents = [D(b - a) / 100 for a, b in zip(edges, edges[1:], strict=False)]
            parts = split(amount, percents)
            self.assertEqual(sum(parts), amount)
            for part, percent in zip(parts, percents, strict=True):
                self.assertLessEqual(abs(part - amount * percent / 100), D("0.01"))

    def test_a_credit_note_takes_back_exactly_what_the_bill_charged(self):
        rng = random.Random(8)
        for _turn in range(500):
            amount = D(rng.randint(1, 100_000)) / 100
            percents = [D("33.33"), D("33.33"), D("33.34")]
            self.assertEqual(
                split(-amount, percents), [-part for part in split(amount, percents)]
            )


@tagged("post_install", "-at_install")
class TestThreeWay(BaseCase):
    def ordered(self, **vals):
        vals = {"ref": 1, "quantity": D(10), "received": D(10), "price": D(5), **vals}
        return Ordered(**vals)

    def billed(self, **vals):
        vals = {"ref": 9, "quantity": D(10), "price": D(5), "order": 1, **vals}
        return Billed(**vals)

    def codes(self, billed, ordered, tolerance=None):
        found = match([billed], [ordered], tolerance or Tolerance())
        return [item.code for item in found]

    def test_table(self):
        some = Tolerance(D(10), D(10), D(100))
        cases = [
            ("as ordered", {}, {}, None, []),
            ("a part", {"quantity": D(3)}, {}, None, []),
            ("cheaper", {"price": D(4)}, {}, None, []),
            ("dearer", {"price": D("5.01")}, {}, None, [PRICE]),
            ("not received", {}, {"received": D(0)}, None, [OVER_RECEIVED]),
            ("received in part", {}, {"received": D(9)}, None, [OVER_RECEIVED]),
            (
                "billed before",
                {"quantity": D(6)},
                {"billed": D(5)},
                None,
                [OVER_ORDERED],
            ),
            ("credited before", {"quantity": D(6)}, {"billed": D(4)}, None, []),
            (
                "more received than ordered",
                {"quantity": D(12)},
                {"received": D(12)},
                None,
                [OVER_ORDERED],
            ),
            ("within percent", {"quantity": D(11)}, {"received": D(11)}, some, []),
            (
                "beyond percent",
                {"quantity": D(12)},
                {"received": D(12)},
                some,
                [OVER_ORDERED],
            ),
            ("price within", {"price": D("5.50")}, {}, some, []),
            ("price beyond percent", {"price": D("5.51")}, {}, some, [PRICE]),
            (
                "price beyond amount",
                {"price": D("5.50")},
                {},
                Tolerance(D(0), D(10), D("4.99")),
                [PRICE],
            ),
            ("other vendor", {"vendor": 2}, {"vendor": 1}, None, [VENDOR]),
            (
                "no receipt asked",
                {},
                {"received": D(0)},
                Tolerance(receipt=False),
                [],
            ),
            (
                "no order",
                {"order": None},
                {},
                Tolerance(order_needed=True),
                [NOT_ORDERED],
            ),
            ("no order, none needed", {"order": None}, {}, None, []),
            (
                "both",
                {"quantity": D(11), "price": D(6)},
                {},
                None,
                [OVER_ORDERED, PRICE],
            ),
        ]
        for name, billed, ordered, tolerance, expected in cases:
            with self.subTest(name):
                found = self.codes(
                    self.billed(**billed), self.ordered(**ordered), tolerance
                )
                self.assertEqual(found, expected)

    def test_a_line_beside_ordered_ones_needs_an_order_too(self):
        extra = self.billed(ref=10, order=None, quantity=D(1), price=D(3))
        found = match([self.billed(), extra], [self.ordered()], Tolerance())
        self.assertEqual(
            [(item.code, item.line) for item in found], [(NOT_ORDERED, 10)]
        )

    def test_two_lines_of_a_bill_share_the_order_line(self):
        found = match(
            [self.billed(ref=1, quantity=D(6)), self.billed(ref=2, quantity=D(6))],
            [self.ordered()],
            Tolerance(),
        )
        self.assertEqual(
            [(item.code, item.line) for item in found], [(OVER_ORDERED, 2)]
        )
        self.assertEqual((found[0].expected, found[0].actual), (D(10), D(12)))

    def test_what_is_accepted_never_costs_more_than_the_tolerance(self):
        rng = random.Random(11)
        for _turn in range(5000):
            ordered = self.ordered(
                quantity=D(rng.randint(0, 50)),
                received=D(rng.randint(0, 50)),
                billed=D(rng.randint(0, 20)),
                price=D(rng.randint(1, 900)) / 10,
            )
            billed = self.billed(
                quantity=D(rng.randint(1, 50)), price=D(rng.randint(1, 900)) / 10
            )
            tolerance = Tolerance(
                D(rng.randint(0, 20)), D(rng.randint(0, 20)), D(rng.randint(0, 60))
            )
            if match([billed], [ordered], tolerance):
                continue
            limit = min(ordered.quantity, ordered.received)
            more = max(D(0), ordered.billed + billed.quantity - limit)
            self.assertLessEqual(more * ordered.price, tolerance.amount)
            dearer = max(D(0), billed.price - ordered.price)
            self.assertLessEqual(dearer * billed.quantity, tolerance.amount)
            self.assertLessEqual(dearer * 100, tolerance.price_percent * ordered.price)

    def test_a_wider_tolerance_finds_nothing_new(self):
        rng = random.Random(12)
        for _turn in range(2000):
            ordered = self.ordered(received=D(rng.randint(0, 12)))
            billed = self.billed(
                quantity=D(rng.randint(1, 14)), price=D(rng.randint(40, 60)) / 10
            )
            narrow = Tolerance(D(5), D(5), D(rng.randint(0, 10)))
            wide = Tolerance(D(9), D(9), narrow.amount + 5)
            self.assertLessEqual(
                {item.code for item in match([billed], [ordered], wide)},
                {item.code for item in match([billed], [ordered], narrow)},
            )


@tagged("post_install", "-at_install")
class TestFundsAndContracts(BaseCase):
    def charge(self, **vals):
        return Charge(**{"ref": 1, "amount": D(10), "day": DAY, "vendor": 7, **vals})

    def fund(self, **vals):
        vals = {
            "open": True,
            "date_from": date(2026, 1, 1),
            "date_to": date(2026, 12, 31),
            "left": D(0),
            **vals,
        }
        return Fund(**vals)

    def contract(self, **vals):
        vals = {
            "open": True,
            "vendor": 7,
            "product": 3,
            "rate": D(50),
            "date_from": date(2026, 1, 1),
            "date_to": date(2026, 12, 31),
            **vals,
        }
        return Contract(**vals)

    def test_fund_table(self):
        cases = [
            ("all in order", {}, {}, []),
            ("closed", {"open": False}, {}, ["fund_closed"]),
            ("last day", {}, {"day": date(2026, 12, 31)}, []),
            ("after", {}, {"day": date(2027, 1, 1)}, ["fund_dates"]),
            ("category above", {"categories": {1}}, {"categories": {1, 2}}, []),
            ("category", {"categories": {1}}, {"categories": {2}}, ["fund_category"]),
            ("vendor", {"vendors": {7}}, {}, []),
            ("other vendor", {"vendors": {8}}, {}, ["fund_vendor"]),
            (
                "vendor by tag",
                {"vendors": {8}, "vendor_categories": {4}},
                {"vendor_categories": {4}},
                [],
            ),
            ("account", {"account": 5}, {"accounts": {5}}, []),
            ("other account", {"account": 5}, {"accounts": {6}}, ["fund_account"]),
            ("document", {"missing_documents": ("quote",)}, {}, ["fund_document"]),
            ("money", {"left": D("-0.01")}, {}, ["fund_money"]),
            ("giving back", {"left": D(-5)}, {"amount": D(-1)}, []),
        ]
        for name, fund, charge, expected in cases:
            with self.subTest(name):
                frozen = {
                    key: frozenset(value) if isinstance(value, set) else value
                    for key, value in fund.items()
                }
                found = check_fund(
                    self.fund(**frozen),
                    [
                        self.charge(
                            **{
                                key: frozenset(value)
                                if isinstance(value, set)
                                else value
                                for key, value in charge.items()
                            }
                        )
                    ],
                )
                self.assertEqual([item.code for item in found], expected)

    def test_contract_table(self):
        ok = {"product": 3, "quantity": D(1), "price": D(50)}
        cases = [
            ("at the rate", {}, {}, []),
            ("above the rate", {}, {"price": D("50.01")}, ["contract_rate"]),
            ("not running", {"open": False}, {}, ["contract_closed"]),
            ("vendor", {}, {"vendor": 8}, ["contract_vendor"]),
            ("service", {}, {"product": 4}, ["contract_service"]),
            ("before", {}, {"day": date(2025, 12, 31)}, ["contract_dates"]),
            ("quantity", {"left_quantity": D(-1)}, {}, ["contract_quantity"]),
            ("money", {"left_amount": D(-1)}, {}, ["contract_money"]),
            ("to the last", {"left_amount": D(0), "left_quantity": D(0)}, {}, []),
        ]
        for name, contract, charge, expected in cases:
            with self.subTest(name):
                found = check_contract(
                    self.contract(**contract), [self.charge(**{**ok, **charge})]
                )
                self.assertEqual([item.code for item in found], expected)


@tagged("post_install", "-at_install")
class TestPlain(BaseCase):
    def test_numbers_are_written_as_people_do(self):
        for value, text in (("40.000", "40"), ("0.50", "0.5"), ("-1200", "-1200")):
            self.assertEqual(plain(D(value)), text)


@tagged("post_install", "-at_install")
class TestOrderChange(BaseCase):
    def order(self, *lines, fixed="vendor"):
        return Order(fixed, {key: OrderLine("x", D(q), D(p)) for key, q, p in lines})

    def test_table(self):
        before = self.order((1, 5, 10), (2, 1, -3))
        cases = [
            ("same", self.order((1, 5, 10), (2, 1, -3)), True),
            ("less", self.order((1, 4, 10), (2, 1, -3)), True),
            ("cheaper", self.order((1, 5, 9), (2, 1, -3)), True),
            ("line less", self.order((2, 1, -3)), True),
            ("more", self.order((1, 6, 10), (2, 1, -3)), False),
            ("dearer", self.order((1, 5, 11), (2, 1, -3)), False),
            ("line more", self.order((1, 5, 10), (2, 1, -3), (3, 1, 1)), False),
            ("rebate gone", self.order((1, 5, 10)), False),
            ("rebate smaller", self.order((1, 5, 10), (2, 1, -2)), False),
            ("below zero", self.order((1, -1, 10), (2, 1, -3)), False),
            ("vendor", self.order((1, 5, 10), (2, 1, -3), fixed="other"), False),
        ]
        for name, after, expected in cases:
            with self.subTest(name):
                self.assertEqual(is_within(after, before), expected)

    def test_what_is_within_never_costs_more(self):
        rng = random.Random(13)

        def total(order):
            return sum(line.quantity * line.price for line in order.lines.values())

        hits = 0
        for _turn in range(20000):
            lines = [
                (key, rng.randint(0, 3), rng.choice([-2, -1, 1, 2, 3]))
                for key in range(2)
            ]
            after = [
                (key, rng.randint(-1, 3), rng.choice([-2, -1, 1, 2, 3]))
                for key in range(rng.randint(0, 3))
            ]
            if is_within(self.order(*after), self.order(*lines)):
                hits += 1
                self.assertLessEqual(
                    total(self.order(*after)), total(self.order(*lines))
                )
        self.assertGreater(hits, 500)
