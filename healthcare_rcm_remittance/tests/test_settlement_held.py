"""What holds a whole remittance."""

from dataclasses import replace
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..settlement.facts import ALL_OR_NOTHING
from ..x12 import model as x12
from .builders import facts, money, plb, st
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestHeldRemittances(BaseCase):
    """A hold posts nothing at all of the ST."""

    def assertHeld(self, result, code):
        self.assertEqual(result.decision, "hold")
        self.assertIn(code, [item.code for item in result.stops])
        self.assertEqual(result.lines, ())

    def test_claim_that_is_not_ready(self):
        for values, code in (
            ({"submitted": False, "state": "cleared"}, "claim_not_submitted"),
            ({"invoiced": False}, "claim_not_invoiced"),
        ):
            with self.subTest(code=code):
                result = run(st(60, paid_claim()), facts("C1", 100, **values))
                self.assertHeld(result, code)
                parked = run(
                    st(60, paid_claim()), facts("C1", 100, **values), park_unready=True
                )
                self.assertEqual(parked.outcome(1).decision, "park")
                self.assertEqual(parked.decision, "post")

    def test_status_first_payer_waits_for_the_final_status(self):
        ours = facts("C1", 100, final=False)
        self.assertHeld(
            run(st(60, paid_claim()), ours, status_first=True), "claim_not_final"
        )
        self.assertEqual(run(st(60, paid_claim()), ours).decision, "post")

    def test_all_or_nothing_payer(self):
        transaction = st(120, paid_claim(), paid_claim(2, "C2"))
        self.assertHeld(
            run(transaction, facts("C1", 100), policy=ALL_OR_NOTHING),
            "claim_parked_policy",
        )

    def test_unbalanced_whatever_the_flags_say(self):
        self.assertHeld(run(st(60.01, paid_claim()), facts("C1", 100)), "not_balanced")
        claim = replace(paid_claim(), paid=money(61))
        self.assertHeld(run(st(61, claim), facts("C1", 100)), "not_balanced")

    def test_error_finding_of_the_reader(self):
        finding = x12.Finding("se_count_wrong", "error", 0, "ST 0001")
        transaction = st(60, paid_claim(), findings=(finding,))
        self.assertHeld(run(transaction, facts("C1", 100)), "not_balanced")

    def test_old_version_only_where_allowed(self):
        transaction = st(60, paid_claim(), version="004010X091A1")
        self.assertHeld(run(transaction, facts("C1", 100)), "version_4010_refused")
        allowed = run(transaction, facts("C1", 100), accept_4010=True)
        self.assertEqual(allowed.decision, "post")

    def test_header_codes_and_currency(self):
        for values, code in (
            ({"handling": "D"}, "payment_only"),
            ({"handling": "P"}, "prenote"),
            ({"currency": "CAD"}, "currency_foreign"),
        ):
            with self.subTest(code=code):
                result = run(st(60, paid_claim(), **values), facts("C1", 100))
                self.assertHeld(result, code)

    def test_unmapped_and_unpaired_provider_adjustments(self):
        for pair in (plb("J1", 10), plb("72", -10), plb("CV", 10)):
            with self.subTest(reason=pair.reason):
                amount = Decimal(60) - pair.amount
                result = run(
                    st(amount, paid_claim(), adjustments=[pair]), facts("C1", 100)
                )
                self.assertHeld(result, "adjustment_unmapped")
