"""Reversals: only the exact mirror of what was posted."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ..settlement import Override, PostedAdjustment, PostedClaim, RuleFacts
from ..settlement.reversal import without_original
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
class TestWaiting(BaseCase):
    """A reversal waits for its original, and a correction for its reversal."""

    def setUp(self):
        super().setUp()
        others = TestReversals()
        self.reversal, self.correction = others.reversal, others.correction

    def ours(self, **more):
        """Our claim, of which nothing is posted."""
        more.setdefault("open_by_payer", {PAYER: 150})
        return facts("C1", 150, **more)

    def reasons(self, result):
        """{index: code of the first reason, None where it posts}"""
        return {
            item.index: item.reasons[0].code if item.reasons else None
            for item in result.outcomes
        }

    def test_correction_waits_with_a_parked_reversal(self):
        for claims, want in (
            (
                (self.reversal(), self.correction()),
                {1: "reversal_unmatched", 2: "correction_waits"},
            ),
            (
                (self.correction(1), self.reversal(index=2)),
                {1: "correction_waits", 2: "reversal_unmatched"},
            ),
        ):
            with self.subTest(want=want):
                result = run(st(10, *claims), self.ours())
                self.assertEqual(self.reasons(result), want)
                self.assertEqual({o.decision for o in result.outcomes}, {"park"})
                self.assertEqual(
                    entry(result),
                    {"clearing": "10.00", "unapplied_payer_cash": "-10.00"},
                )
                self.assertTrue(result.proofs.ties)

    def test_correction_waits_while_the_claim_has_room_for_it(self):
        """Beside a decision that was not taken back it would be paid twice."""
        service = PostedAdjustment(1, "CO", "50", money(100), "denial", None, money(0))
        original = replace(TestReversals.ORIGINAL, adjustments=(service,))
        ours = self.ours(posted=(original,), open_by_payer={PAYER: 100})
        service = svc(1, 150, 60, ("CO-45", 30), ("CO-50", 60), number="L1")
        correction = replace(self.correction(), services=(service,))
        result = run(st(10, self.reversal(), correction), ours)
        self.assertEqual(
            self.reasons(result), {1: "reversal_not_mirror", 2: "correction_waits"}
        )

    def test_reversal_waits_for_an_original_on_its_way(self):
        transaction = st(10, self.reversal(), self.correction())
        result = run(transaction, self.ours(awaits="ACME T1"))
        self.assertEqual((result.decision, result.lines), ("hold", ()))
        self.assertEqual(
            [(item.code, item.location, item.actual) for item in result.stops],
            [
                ("original_waiting", "CLP 1", "ACME T1"),
                ("original_waiting", "CLP 2", "ACME T1"),
            ],
        )
        parked = run(transaction, self.ours(awaits="ACME T1"), park_unready=True)
        self.assertEqual(parked.decision, "post")
        self.assertEqual(
            self.reasons(parked), {1: "original_waiting", 2: "correction_waits"}
        )

    def test_hold_tells_when_it_waits_for_another_remittance(self):
        transaction = st(10, self.reversal(), self.correction())
        first, again, other = (
            run(transaction, self.ours(awaits=name)).digest
            for name in ("ACME T1", "ACME T1", "ACME T2")
        )
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_original_that_is_posted_is_not_waited_for(self):
        """Another decision on the claim is on its way; this one is there."""
        ours = self.ours(
            posted=(TestReversals.ORIGINAL,), open_by_payer={PAYER: 0}, awaits="T1"
        )
        result = run(st(10, self.reversal(), self.correction()), ours)
        self.assertEqual(result.decision, "post")
        self.assertEqual(self.reasons(result), {1: None, 2: None})

    def test_later_payer_waits_for_the_payer_before(self):
        claim = clp(1, "C1", 150, 20, ("OA-23", 130), status="2")
        before = replace(TestReversals.ORIGINAL, payer_id=SECOND)
        values = {
            "payers": (SECOND, PAYER),
            "open_by_payer": {SECOND: 130, PAYER: 20},
            "awaits": "ACME T1",
        }
        held = run(st(20, claim), facts("C1", 150, **values))
        self.assertEqual(held.decision, "hold")
        self.assertEqual(self.reasons(held), {1: "original_waiting"})
        for name, more in (
            ("decided", {"posted": (before,)}),
            ("taken back since", {"taken_back": (before,)}),
            ("none on its way", {"awaits": ""}),
            ("it is the first", {"payers": (PAYER, SECOND)}),
        ):
            with self.subTest(name):
                result = run(st(20, claim), facts("C1", 150, **{**values, **more}))
                self.assertEqual(self.reasons(result), {1: None})
        by_hand = {1: Override(alone=True)}
        result = run(st(20, claim), facts("C1", 150, **values), overrides=by_hand)
        self.assertEqual(self.reasons(result), {1: None})

    def test_person_posts_the_correction_alone(self):
        transaction = st(10, self.reversal(), self.correction())
        for name in ("alone", "cash_only", "cap_contractual"):
            with self.subTest(decision=name):
                overrides = {2: Override(**{name: True})}
                result = run(transaction, self.ours(), overrides=overrides)
                self.assertEqual(
                    self.reasons(result), {1: "reversal_unmatched", 2: None}
                )

    def test_correction_after_a_second_reversal_waits_for_nothing(self):
        """The first one, posted before, made room for it (RFI 1604)."""
        ours = self.ours(taken_back=(TestReversals.ORIGINAL,))
        result = run(st(10, self.reversal(), self.correction()), ours)
        self.assertEqual(self.reasons(result), {1: "reversal_repeated", 2: None})

    def test_correction_waits_for_the_reversal_that_its_numbers_name(self):
        stranger = self.reversal(index=3, payer_claim_number="OTHER")
        for number, posts in (("ICNC1", True), ("OTHER", False)):
            correction = replace(
                self.correction(), references=(x12.Reference("F8", number),)
            )
            transaction = st(
                100,
                self.reversal(),
                correction,
                stranger,
                paid_claim(4, "C4", 140, 140),
            )
            result = run(
                transaction,
                self.ours(posted=(TestReversals.ORIGINAL,), open_by_payer={PAYER: 0}),
                facts("C4", 140),
            )
            with self.subTest(number=number):
                reasons = self.reasons(result)
                self.assertEqual(reasons[3], "reversal_unmatched")
                self.assertEqual(
                    reasons[2], None if posts else "correction_waits", reasons
                )

    def test_released_correction_waits_for_what_stays_parked(self):
        transaction = st(10, self.reversal(), self.correction())
        ours = self.ours(posted=(TestReversals.ORIGINAL,), open_by_payer={PAYER: 0})
        release = {"cash_purpose": "unapplied_payer_cash", "park_unready": True}
        alone = run(
            transaction,
            ours,
            only=frozenset({2}),
            parked_reversals=frozenset({1}),
            **release,
        )
        self.assertEqual(self.reasons(alone), {2: "correction_waits"})
        together = run(
            transaction,
            ours,
            only=frozenset({1, 2}),
            parked_reversals=frozenset({1}),
            **release,
        )
        self.assertEqual(self.reasons(together), {1: None, 2: None})

    def test_which_reversals_take_back_what_is_not_posted(self):
        ours = self.ours(posted=(TestReversals.ORIGINAL,))
        first, again = self.reversal(), self.reversal(index=2)
        self.assertEqual(without_original([(first, ours)], PAYER), set())
        self.assertEqual(without_original([(first, ours)], SECOND), {"C1"})
        self.assertEqual(
            without_original([(first, ours), (again, ours)], PAYER), {"C1"}
        )


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
