"""What parks a claim while the rest of its payment posts."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ..settlement import Override
from ..x12 import model as x12
from .builders import PAYER, SECOND, clp, entry, facts, st, svc
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestParkedClaims(BaseCase):
    """A parked claim's cash goes to unapplied and the payment still ties."""

    def assertParked(self, result, code, index=1):
        outcome = result.outcome(index)
        self.assertEqual(outcome.decision, "park", outcome)
        self.assertIn(code, [reason.code for reason in outcome.reasons])
        self.assertTrue(result.proofs.ties)
        self.assertFalse(outcome.lines)
        if outcome.paid:
            self.assertEqual(
                entry(result)["unapplied_payer_cash"], f"{-outcome.paid:.2f}"
            )

    def test_unknown_control_number(self):
        self.assertParked(run(st(60, paid_claim())), "claim_unmatched")

    def test_charge_is_not_ours(self):
        self.assertParked(
            run(st(60, paid_claim()), facts("C1", 101)), "charge_mismatch"
        )

    def test_unknown_and_reviewed_adjustments(self):
        for code, reason in (
            ("CO-999", "adjustment_unknown"),
            ("PR-66", "adjustment_review"),
        ):
            service = svc(1, 100, 60, (code, 40), number="L1")
            with self.subTest(code=code):
                result = run(
                    st(60, clp(1, "C1", 100, 60, services=[service])), facts("C1", 100)
                )
                self.assertParked(result, reason)

    def test_negative_denial_amount_is_not_posted(self):
        service = svc(1, 100, 140, ("CO-50", -40), number="L1")
        result = run(
            st(140, clp(1, "C1", 100, 140, services=[service])), facts("C1", 100)
        )
        self.assertParked(result, "adjustment_unknown")

    def test_line_that_is_not_ours(self):
        service = svc(1, 100, 60, ("CO-45", 40), number="X9", code="00000")
        result = run(
            st(60, clp(1, "C1", 100, 60, services=[service])), facts("C1", 100)
        )
        self.assertParked(result, "line_unmatched")

    def test_paid_more_than_open(self):
        result = run(
            st(60, paid_claim()), facts("C1", 100, open_by_payer={PAYER: 99.99})
        )
        self.assertParked(result, "overpaid")

    def test_negative_claim_that_is_no_reversal(self):
        claim = clp(
            1,
            "C1",
            -100,
            -60,
            services=[svc(1, -100, -60, ("CO-45", -40), number="L1")],
        )
        result = run(st(40, claim, paid_claim(2, "C2", 100, 100)), facts("C2", 100))
        self.assertParked(result, "claim_unmatched")
        result = run(
            st(40, claim, paid_claim(2, "C2", 100, 100)),
            facts("C1", 100),
            facts("C2", 100),
        )
        self.assertParked(result, "negative_claim")

    def test_void_claim(self):
        result = run(st(60, paid_claim()), facts("C1", 100, void=True, state="void"))
        self.assertParked(result, "claim_void")

    def test_payer_without_a_leg(self):
        result = run(st(60, paid_claim()), facts("C1", 100), payer_id=77)
        self.assertParked(result, "payer_not_on_claim")

    def test_patient_is_someone_else(self):
        claim = paid_claim(
            names=(x12.Name("QC", "OTHER", "P", qualifier="MI", identifier="W9"),)
        )
        ours = {"last_name": "Sample", "member_ids": frozenset({"W1"})}
        self.assertParked(
            run(st(60, claim), facts("C1", 100, **ours)), "patient_mismatch"
        )
        same_member = replace(
            claim, names=(x12.Name("QC", "OTHER", qualifier="MI", identifier="w-1"),)
        )
        result = run(st(60, same_member), facts("C1", 100, **ours))
        self.assertEqual(result.outcome(1).decision, "post")
        self.assertEqual(
            [item.code for item in result.outcome(1).warnings], ["patient_name_differs"]
        )

    def test_statuses_of_the_old_standard_and_estimates_with_money(self):
        for status, code in (
            ("5", "status_not_posted"),
            ("16", "status_not_posted"),
            ("25", "estimate_with_money"),
            ("23", "not_our_claim"),
        ):
            with self.subTest(status=status):
                result = run(st(60, paid_claim(status=status)), facts("C1", 100))
                self.assertParked(result, code)

    def test_same_claim_twice_unless_split(self):
        two = [paid_claim(1, charge=50, paid=30), paid_claim(2, charge=50, paid=30)]
        result = run(st(60, *two), facts("C1", 100))
        self.assertEqual({o.decision for o in result.outcomes}, {"park"})
        self.assertEqual(
            {o.reasons[0].code for o in result.outcomes}, {"claim_repeated"}
        )
        split = [
            replace(claim, remarks=("MA15",), payer_claim_number=f"I{claim.index}")
            for claim in two
        ]
        result = run(st(60, *split), facts("C1", 100))
        self.assertEqual({o.decision for o in result.outcomes}, {"post"})
        self.assertEqual(entry(result)["receivable_payer"], "-100.00")
        over = run(st(60, *split), facts("C1", 99))
        self.assertEqual(
            {o.reasons[0].code for o in over.outcomes}, {"charge_mismatch"}
        )

    def test_secondary_that_writes_off_what_is_not_open(self):
        """RFI 1696: without OA-23 the contractual of the next payer is too much."""
        service = svc(1, 500, 65, ("CO-45", 435), number="L1")
        claim = clp(1, "C1", 500, 65, status="2", services=[service])
        ours = facts(
            "C1", 500, payers=(PAYER, SECOND), open_by_payer={PAYER: 0, SECOND: 75}
        )
        self.assertParked(
            run(st(65, claim), ours, payer_id=SECOND), "secondary_exceeds_open"
        )
        capped = run(
            st(65, claim),
            ours,
            payer_id=SECOND,
            overrides={1: Override(cap_contractual=True)},
        )
        self.assertEqual(
            entry(capped, SECOND),
            {"clearing": "65.00", "reserve": "10.00", "receivable_payer": "-75.00"},
        )
        self.assertEqual(
            [item.code for item in capped.outcome(1).warnings], ["contractual_capped"]
        )

    def test_prior_payers_did_less_than_said(self):
        service = svc(1, 500, 0, ("OA-23", 450), ("CO-45", 50), number="L1")
        result = run(
            st(0, clp(1, "C1", 500, 0, status="2", services=[service])),
            facts(
                "C1", 500, payers=(PAYER, SECOND), open_by_payer={PAYER: 0, SECOND: 75}
            ),
            payer_id=SECOND,
        )
        self.assertParked(result, "prior_payer_exceeds")

    def test_cash_only_leaves_the_rest_open(self):
        service = svc(1, 100, 60, ("CO-999", 30), ("CO-45", 10), number="L1")
        result = run(
            st(60, clp(1, "C1", 100, 60, services=[service])),
            facts("C1", 100),
            overrides={1: Override(cash_only=True)},
        )
        self.assertEqual(
            entry(result), {"clearing": "60.00", "receivable_payer": "-60.00"}
        )
