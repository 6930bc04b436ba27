"""What parks a claim, what holds a remittance, and what only warns."""

from dataclasses import replace
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..settlement import Override, PostedAdjustment, PostedClaim, RuleFacts, plan
from ..settlement.allocation import allocate
from ..settlement.facts import ALL_OR_NOTHING
from ..settlement.matching import Candidate, suggest
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
    options,
    plb,
    rule_book,
    st,
    svc,
)

RULES = rule_book()


def paid_claim(index=1, number="C1", charge=100, paid=60, **more):
    """A plain paid claim: the rest is contractual."""
    service = svc(1, charge, paid, ("CO-45", charge - paid), number="L1")
    return clp(index, number, charge, paid, services=[service], **more)


def run(transaction, *claims, **more):
    """The plan of a transaction against these claims of ours."""
    known = {claim.control_number: claim for claim in claims}
    rules = more.pop("rules", RULES)
    return plan(transaction, known, rules, options(**more))


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
        service = svc(1, 100, 60, ("CO-999", 40), number="L1")
        result = run(
            st(60, clp(1, "C1", 100, 60, services=[service])),
            facts("C1", 100),
            overrides={1: Override(cash_only=True)},
        )
        self.assertEqual(
            entry(result), {"clearing": "60.00", "receivable_payer": "-60.00"}
        )


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
        self.assertEqual((len(paid), sum(paid)), (2, money("98.92")))
        self.assertEqual(sum(moved), money("-98.92"))
        self.assertEqual(entry(result, SECOND)["receivable_payer"], "-98.92")


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
