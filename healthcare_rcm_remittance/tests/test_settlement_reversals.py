"""Reversals: only the exact mirror of what was posted."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ..settlement import PostedAdjustment, PostedClaim, RuleFacts
from ..x12 import model as x12
from .builders import PAYER, SECOND, clp, entry, facts, money, rule_book, st, svc
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestReversals(BaseCase):
    """Only the exact mirror of what was posted is posted."""

    ORIGINAL = PostedClaim(
        9,
        PAYER,
        "ICNC1",
        "1",
        money(150),
        money(50),
        (
            PostedAdjustment(1, "CO", "45", money(75), "contractual"),
            PostedAdjustment(1, "PR", "1", money(25), "patient"),
        ),
    )

    def reversal(self, *codes, paid=-50, index=1, **more):
        codes = codes or (("CO-45", -75), ("PR-1", -25))
        return clp(
            index,
            "C1",
            -150,
            paid,
            status="22",
            services=[svc(1, -150, paid, *codes, number="L1")],
            **more,
        )

    def correction(self, index=2, **more):
        service = svc(1, 150, 60, ("CO-45", 75), ("PR-1", 15), number="L1")
        return clp(
            index,
            "C1",
            150,
            60,
            services=[service],
            payer_claim_number="ICNC1C",
            references=(x12.Reference("F8", "ICNC1"),),
            **more,
        )

    def ours(self, **more):
        more.setdefault("posted", (self.ORIGINAL,))
        return facts("C1", 150, open_by_payer={PAYER: 0}, **more)

    def test_reversal_and_correction_in_either_order(self):
        for claims in (
            (self.reversal(), self.correction()),
            (self.correction(1), self.reversal(index=2)),
        ):
            result = run(st(10, *claims), self.ours())
            self.assertEqual({o.decision for o in result.outcomes}, {"post"})
            self.assertEqual(
                entry(result), {"clearing": "10.00", "patient_unbilled": "-10.00"}
            )

    def test_reversal_that_is_not_the_mirror(self):
        claim = self.reversal(("CO-45", -70), ("PR-1", -30))
        result = run(st(10, claim, self.correction()), self.ours())
        outcome = result.outcome(1)
        self.assertEqual(outcome.decision, "park")
        self.assertEqual(
            {reason.code for reason in outcome.reasons}, {"reversal_not_mirror"}
        )
        self.assertEqual(len(outcome.reasons), 2)

    def test_reversal_of_what_was_never_posted(self):
        result = run(st(10, self.reversal(), self.correction()), self.ours(posted=()))
        self.assertEqual(result.outcome(1).reasons[0].code, "reversal_unmatched")

    def test_reversal_by_another_payer_finds_nothing(self):
        stranger = replace(self.ORIGINAL, payer_id=SECOND)
        result = run(
            st(10, self.reversal(), self.correction()), self.ours(posted=(stranger,))
        )
        self.assertEqual(result.outcome(1).reasons[0].code, "reversal_unmatched")

    def test_one_original_is_reversed_once(self):
        twice = [
            self.reversal(),
            self.reversal(index=2, payer_claim_number="OTHER"),
            paid_claim(3, "C3", 200, 200),
        ]
        result = run(st(100, *twice), self.ours(), facts("C3", 200))
        self.assertEqual(
            [result.outcome(index).decision for index in (1, 2)], ["post", "park"]
        )

    def test_old_group_is_compared_by_reason(self):
        """G15: 4010 reversals put everything under CR."""
        claim = self.reversal(("CR-45", -75), ("CR-1", -25))
        result = run(
            st(10, claim, self.correction(), version="004010X091A1"),
            self.ours(),
            accept_4010=True,
        )
        self.assertEqual(result.outcome(1).decision, "post")
        self.assertEqual(
            {item.action for item in result.outcome(1).actions},
            {"contractual", "patient"},
        )

    def test_stored_action_beats_the_rule_of_today(self):
        rule = RuleFacts(999, "claim", "45", "denial", group="CO", payer_id=PAYER)
        result = run(
            st(10, self.reversal(), paid_claim(2, "C2", 60, 60)),
            self.ours(),
            facts("C2", 60),
            rules=rule_book(rule),
        )
        self.assertEqual(
            {item.action for item in result.outcome(1).actions},
            {"contractual", "patient"},
        )

    def test_denial_posted_nothing_so_it_reverses_nothing(self):
        original = replace(
            self.ORIGINAL,
            paid=money(0),
            adjustments=(
                PostedAdjustment(1, "CO", "50", money(150), "denial", None, money(0)),
            ),
        )
        claim = self.reversal(("CO-50", -150), paid=0)
        result = run(st(0, claim), self.ours(posted=(original,)))
        self.assertEqual((result.decision, result.lines), ("post", ()))

    def test_next_payer_has_used_the_amount(self):
        original = replace(
            self.ORIGINAL,
            adjustments=(
                PostedAdjustment(1, "CO", "45", money(75), "contractual"),
                PostedAdjustment(1, "PR", "1", money(25), "next_payer", SECOND),
            ),
        )
        for left, decision in ((25, "post"), (24, "park")):
            ours = facts(
                "C1",
                150,
                payers=(PAYER, SECOND),
                open_by_payer={PAYER: 0, SECOND: left},
                posted=(original,),
            )
            result = run(
                st(50, self.reversal(), paid_claim(2, "C2", 100, 100)),
                ours,
                facts("C2", 100),
            )
            with self.subTest(left=left):
                self.assertEqual(result.outcome(1).decision, decision)


@tagged("post_install", "-at_install")
class TestLocalEntries(BaseCase):
    """Ledger b: a written-off denial is overturned."""

    def test_reversal_takes_local_entries_back_once(self):
        original = replace(TestReversals.ORIGINAL, charge=money(150), paid=money(50))
        tests = TestReversals()
        ours = facts(
            "C1",
            150,
            open_by_payer={PAYER: -30},
            local_by_payer={PAYER: money(30)},
            has_local=True,
            posted=(original,),
        )
        result = run(st(10, tests.reversal(), tests.correction()), ours)
        self.assertEqual({o.decision for o in result.outcomes}, {"post"})
        self.assertEqual([o.takes_back_local for o in result.outcomes], [True, False])
        without = replace(ours, local_by_payer={}, has_local=False)
        result = run(st(10, tests.reversal(), tests.correction()), without)
        self.assertEqual(result.outcome(2).reasons[0].code, "overpaid")
