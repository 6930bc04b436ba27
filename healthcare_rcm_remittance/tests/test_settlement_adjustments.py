"""What each adjustment does, by rule."""

from odoo.tests import BaseCase, tagged

from ..settlement import RuleFacts
from ..x12 import model as x12
from .builders import (
    DAY,
    PAYER,
    SECOND,
    clp,
    entry,
    facts,
    line,
    money,
    plb,
    rule_book,
    st,
    svc,
)
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestAdjustments(BaseCase):
    """Which action an adjustment gets."""

    def actions(self, claim, ours, **more):
        result = run(st(claim.paid, claim), ours, **more)
        return result, [
            (item.group, item.reason, item.action) for item in result.outcome(1).actions
        ]

    def test_bundle_is_a_reallocation(self):
        """G3, RFI 2320: no denial and no contractual for the moved charge."""
        services = [
            svc(1, 100, 96, ("OA-94", -60), ("CO-45", 40), ("PR-2", 24), number="L1"),
            svc(2, 60, 0, ("CO-97", 60), number="L2"),
        ]
        ours = facts("C1", 160, lines=(line(1, 100), line(2, 60)))
        result, found = self.actions(clp(1, "C1", 160, 96, services=services), ours)
        self.assertEqual([item[2] for item in found].count("bundling"), 2)
        posted = [item.posted for item in result.outcome(1).actions if item.posted]
        self.assertEqual(posted, [money(40), money(24)])
        self.assertEqual(result.outcome(1).denials, ())
        self.assertEqual(entry(result)["receivable_payer"], "-160.00")

    def test_97_alone_is_a_denial(self):
        services = [
            svc(1, 100, 60, ("CO-45", 40), number="L1"),
            svc(2, 60, 0, ("CO-97", 60), number="L2"),
        ]
        ours = facts("C1", 160, lines=(line(1, 100), line(2, 60)))
        result, _found = self.actions(clp(1, "C1", 160, 60, services=services), ours)
        self.assertEqual([d.category for d in result.outcome(1).denials], ["bundling"])

    def test_denied_dollars_beside_a_payment(self):
        service = svc(1, 100, 40, ("CO-45", 30), ("CO-151", 30), number="L1")
        result, _found = self.actions(
            clp(1, "C1", 100, 40, services=[service]), facts("C1", 100)
        )
        self.assertEqual([d.amount for d in result.outcome(1).denials], [money(30)])
        self.assertEqual(entry(result)["receivable_payer"], "-70.00")

    def test_patient_who_may_not_be_billed(self):
        service = svc(
            1, 100, 60, ("CO-45", 30), ("PR-2", 10), number="L1", remarks=("N782",)
        )
        claim = clp(1, "C1", 100, 60, services=[service])
        _result, found = self.actions(claim, facts("C1", 100))
        self.assertIn(("PR", "2", "contractual"), found)
        _result, found = self.actions(claim, facts("C1", 100, payers=(PAYER, SECOND)))
        self.assertIn(("PR", "2", "next_payer"), found)

    def test_pending_is_neither_denial_nor_payment(self):
        service = svc(1, 100, 0, ("OA-133", 100), number="L1")
        result, found = self.actions(
            clp(1, "C1", 100, 0, services=[service]),
            facts("C1", 100, lines=(line(1, 100, expected=80),)),
        )
        self.assertEqual(found, [("OA", "133", "pending")])
        self.assertEqual(result.lines, ())
        self.assertEqual(result.outcome(1).variances, ())

    def test_balance_billing_is_flagged(self):
        service = svc(1, 100, 60, ("PR-45", 40), number="L1")
        result, _found = self.actions(
            clp(1, "C1", 100, 60, services=[service]), facts("C1", 100)
        )
        self.assertEqual(
            [item.code for item in result.outcome(1).warnings],
            ["balance_billing_check"],
        )

    def test_most_specific_rule_wins(self):
        rules = rule_book(
            RuleFacts(901, "claim", "45", "denial", group="CO", payer_id=PAYER),
            RuleFacts(
                902, "claim", "45", "writeoff", group="CO", payer_id=PAYER, remark="N1"
            ),
        )
        for remarks, action in (((), "denial"), (("N1",), "writeoff")):
            service = svc(1, 100, 60, ("CO-45", 40), number="L1", remarks=remarks)
            claim = clp(1, "C1", 100, 60, services=[service])
            with self.subTest(action=action):
                _result, found = self.actions(claim, facts("C1", 100), rules=rules)
                self.assertEqual(found[0][2], action)

    def test_rule_counts_from_its_date(self):
        day_after = DAY.replace(day=DAY.day + 1)
        rule = RuleFacts(
            903,
            "claim",
            "45",
            "denial",
            group="CO",
            payer_id=PAYER,
            date_from=day_after,
        )
        claim = paid_claim()
        _result, found = self.actions(claim, facts("C1", 100), rules=rule_book(rule))
        self.assertEqual(found[0][2], "contractual")

    def test_interest_taken_back_reduces_income_else_expense(self):
        back = paid_claim(amounts=(x12.Amount("I", money(-5)),))
        for claim, purpose in (
            (back, "interest_income"),
            (paid_claim(), "interest_expense"),
        ):
            result = run(st(55, claim, adjustments=[plb("L6", 5)]), facts("C1", 100))
            with self.subTest(purpose=purpose):
                self.assertEqual(entry(result)[purpose], "5.00")

    def test_claim_level_adjustment_is_spread_for_statistics(self):
        """G1, RFI 2570: the ledger takes CLP04, the lines add up to it."""
        services = [
            svc(1, 1800, "460.92", ("OA-23", "1339.08"), number="L1"),
            svc(2, 63, "33.68", ("OA-23", "29.32"), number="L2"),
        ]
        claim = clp(
            1, "C1", 1863, "98.92", ("OA-23", "395.68"), status="2", services=services
        )
        ours = facts(
            "C1",
            1863,
            lines=(line(1, 1800), line(2, 63)),
            payers=(PAYER, SECOND),
            open_by_payer={PAYER: 0, SECOND: "98.92"},
        )
        result = run(st("98.92", claim), ours, payer_id=SECOND)
        kinds = result.outcome(1).kinds
        paid = [amount for _line, kind, amount in kinds if kind == "paid"]
        moved = [amount for _line, kind, amount in kinds if kind == "moved_next"]
        self.assertEqual(sorted(paid), [money("20.30"), money("78.62")])
        self.assertEqual(sum(moved), money("-98.92"))
        self.assertEqual(entry(result, SECOND)["receivable_payer"], "-98.92")
