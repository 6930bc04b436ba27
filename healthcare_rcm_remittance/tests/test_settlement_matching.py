"""Which line of ours, which claim of ours; and the plan as a value."""

from dataclasses import replace
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..settlement import Override
from ..settlement.allocation import allocate
from ..settlement.matching import Candidate, suggest
from ..x12 import model as x12
from .builders import PAYER, clp, facts, line, money, st, svc
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestMatching(BaseCase):
    """Lines by number, else by what was sent; claims are only suggested."""

    def test_submitted_code_matches_a_recoded_line(self):
        service = svc(1, 100, 60, ("CO-45", 40), code="99212", submitted="99213")
        result = run(
            st(60, clp(1, "C1", 100, 60, services=[service])), facts("C1", 100)
        )
        self.assertEqual(result.outcome(1).matches, ((1, 1),))

    def test_parts_of_a_split_line_share_it(self):
        services = [
            svc(1, 60, 60, number="L1"),
            svc(2, 40, 0, ("CO-45", 40), number="L1"),
        ]
        result = run(st(60, clp(1, "C1", 100, 60, services=services)), facts("C1", 100))
        self.assertEqual(result.outcome(1).matches, ((1, 1), (2, 1)))

    def test_equal_lines_without_numbers_are_taken_one_by_one(self):
        lines = (line(1, 50), line(2, 50))
        services = [svc(1, 50, 50), svc(2, 50, 50)]
        result = run(
            st(100, clp(1, "C1", 100, 100, services=services)),
            facts("C1", 100, lines=lines),
        )
        self.assertEqual(result.outcome(1).matches, ((1, 1), (2, 2)))

    def test_line_chosen_by_hand(self):
        service = svc(1, 100, 60, ("CO-45", 40), code="00000")
        result = run(
            st(60, clp(1, "C1", 100, 60, services=[service])),
            facts("C1", 100),
            overrides={1: Override(lines={1: 1})},
        )
        self.assertEqual(result.outcome(1).decision, "post")

    def test_suggestions_need_enough_and_are_ranked(self):
        claim = paid_claim(
            number="0", names=(x12.Name("QC", "X", qualifier="MI", identifier="W1"),)
        )
        found = suggest(
            claim,
            PAYER,
            [
                Candidate("A", money(100), None, frozenset({PAYER})),
                Candidate(
                    "B", money(100), None, frozenset({PAYER}), "", frozenset({"W1"})
                ),
                Candidate("C", money(7), None, frozenset(), "ICN0"),
            ],
        )
        self.assertEqual([item.control_number for item in found], ["B", "C"])


@tagged("post_install", "-at_install")
class TestPlanValue(BaseCase):
    """The digest names exactly what a person approves."""

    def test_same_input_same_digest_and_any_change_another(self):
        transaction, ours = st(60, paid_claim()), facts("C1", 100)
        first = run(transaction, ours)
        self.assertEqual(first.digest, run(transaction, ours).digest)
        other = run(
            transaction,
            replace(ours, legs=(*ours.legs, replace(ours.legs[0], sequence=2))),
        )
        self.assertEqual(first.digest, other.digest)
        self.assertNotEqual(first.digest, run(transaction).digest)

    def test_allocation_adds_up(self):
        for amount, weights in (
            ("10.00", ("1", "1", "1")),
            ("-0.05", ("1", "2", "3")),
            ("7.77", ("0", "0")),
            ("395.68", ("1800", "63")),
        ):
            parts = allocate(Decimal(amount), [Decimal(weight) for weight in weights])
            with self.subTest(amount=amount):
                self.assertEqual(sum(parts), Decimal(amount))
                self.assertTrue(all(part == money(part) for part in parts))
