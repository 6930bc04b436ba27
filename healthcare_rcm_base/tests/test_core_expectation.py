from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.expectation import CENT, Shares, expect, expect_self_pay

MONEY = st.decimals(min_value=0, max_value=99999, places=2)
PERCENT = st.decimals(min_value=0, max_value=100, places=2)


@tagged("post_install", "-at_install")
class TestExpectation(BaseCase):
    """What a claim is expected to bring, against the worked ledgers and as rules."""

    def test_commercial_claim_of_ledger_a(self):
        outcome = expect(
            [(Decimal("1000.00"), Decimal("400.00"))],
            Shares(patient=Decimal(20), concession=Decimal(10)),
        )
        self.assertEqual(outcome.contractual, Decimal("600.00"))
        self.assertEqual(outcome.patient, Decimal("80.00"))
        self.assertEqual(outcome.concession, Decimal("8.00"))
        self.assertEqual(outcome.sequestration, Decimal("0.00"))

    def test_sequestration_of_ledger_g_is_taken_from_the_payers_part(self):
        outcome = expect(
            [(Decimal("1000.00"), Decimal("400.00"))],
            Shares(patient=Decimal(20), sequestration=Decimal(2)),
        )
        self.assertEqual(outcome.sequestration, Decimal("6.40"))

    def test_self_pay_of_ledger_k(self):
        outcome = expect_self_pay([Decimal("500.00")], Decimal(40))
        self.assertEqual(outcome.contractual, Decimal("0.00"))
        self.assertEqual(outcome.concession, Decimal("200.00"))
        self.assertEqual(outcome.patient, Decimal("500.00"))

    def test_contract_above_charge_shows_a_negative_contractual(self):
        outcome = expect([(Decimal("25.00"), Decimal("30.00"))], Shares())
        self.assertEqual(outcome.contractual, Decimal("-5.00"))

    def test_half_a_cent_is_rounded_up_once_per_claim(self):
        lines = [(Decimal("1.00"), Decimal("0.25"))] * 2
        outcome = expect(lines, Shares(sequestration=Decimal(1)))
        self.assertEqual(outcome.sequestration, Decimal("0.01"))

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(MONEY, MONEY), max_size=8), PERCENT, PERCENT, PERCENT)
    def test_parts_always_add_up(self, lines, patient, sequestration, concession):
        outcome = expect(lines, Shares(patient, sequestration, concession))
        self.assertEqual(outcome.total_charge, outcome.expected + outcome.contractual)
        self.assertEqual(outcome.total_charge, sum(c for c, _a in lines))
        for part in outcome.lines:
            self.assertEqual(part.charge, part.expected + part.contractual)
            self.assertTrue(0 <= part.patient <= part.expected)
        self.assertTrue(0 <= outcome.concession <= outcome.patient)
        self.assertTrue(0 <= outcome.sequestration)
        payer = outcome.expected - outcome.patient
        self.assertLessEqual(outcome.sequestration, payer + CENT / 2)
        for amount in (outcome.patient, outcome.sequestration, outcome.concession):
            self.assertEqual(amount, amount.quantize(CENT))
