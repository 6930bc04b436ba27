"""Entries of the reference ledgers, from plans alone."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ..settlement import (
    OverpaymentFacts,
    Override,
    PostedAdjustment,
    PostedClaim,
    RuleFacts,
    plan,
)
from .builders import (
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


def posted(id_, charge, paid, *rows, payer=PAYER, number="ICNC1", status="1"):
    """An earlier posting; rows are (code, amount, action[, next payer])."""
    items = []
    for code, amount, action, *following in rows:
        group, reason = code.split("-", 1)
        items.append(
            PostedAdjustment(
                1,
                group,
                reason,
                money(amount),
                action,
                following[0] if following else None,
                money(amount) if action != "denial" else money(0),
            )
        )
    return PostedClaim(
        id_, payer, number, status, money(charge), money(paid), tuple(items)
    )


@tagged("post_install", "-at_install")
class TestLedgers(BaseCase):
    """Each test is one ST of a vector; the letters are those of the ledgers."""

    def one(self, transaction, *claims, **more):
        known = {claim.control_number: claim for claim in claims}
        result = plan(transaction, known, RULES, options(**more))
        self.assertEqual(result.stops, ())
        self.assertTrue(result.proofs.ties)
        return result

    def test_a_patient_share_without_further_coverage(self):
        service = svc(1, 1000, 320, ("CO-45", 600), ("PR-2", 80), number="L1")
        result = self.one(
            st(320, clp(1, "C1", 1000, 320, services=[service])), facts("C1")
        )
        self.assertEqual(
            entry(result),
            {
                "clearing": "320.00",
                "reserve": "600.00",
                "patient_unbilled": "80.00",
                "receivable_payer": "-1000.00",
            },
        )

    def test_b_denied_line_makes_no_entry_but_a_denial(self):
        services = [
            svc(1, 600, 240, ("CO-45", 360), number="L1"),
            svc(2, 400, 0, ("CO-50", 400), number="L2"),
        ]
        lines = (line(1, 600), line(2, 400))
        result = self.one(
            st(240, clp(1, "C1", 1000, 240, services=services)),
            facts("C1", lines=lines),
        )
        self.assertEqual(
            entry(result),
            {"clearing": "240.00", "reserve": "360.00", "receivable_payer": "-600.00"},
        )
        [denial] = result.outcome(1).denials
        self.assertEqual((denial.line_id, denial.amount), (2, money(400)))
        self.assertEqual(denial.category, "medical_necessity")

    def test_c_reversal_mirrors_the_stored_actions(self):
        original = posted(
            7, 1000, 320, ("CO-45", 600, "contractual"), ("PR-2", 80, "patient")
        )
        service = svc(1, -1000, -320, ("CO-45", -600), ("PR-2", -80), number="L1")
        other = svc(1, 1000, 1000, number="L1")
        result = self.one(
            st(
                680,
                clp(1, "C1", -1000, -320, status="22", services=[service]),
                clp(2, "C2", 1000, 1000, services=[other]),
            ),
            facts("C1", open_by_payer={PAYER: 0}, posted=(original,)),
            facts("C2"),
        )
        mirror = result.outcome(1)
        self.assertEqual(mirror.reverses, 7)
        self.assertEqual(
            {item.purpose: item.balance for item in mirror.lines},
            {
                "receivable_payer": money(1000),
                "reserve": money(-600),
                "patient_unbilled": money(-80),
            },
        )

    def test_d_next_payer_then_secondary(self):
        service = svc(1, 500, 300, ("CO-45", 125), ("PR-1", 75), number="L1")
        claim = facts("C1", 500, payers=(PAYER, SECOND))
        first = self.one(st(300, clp(1, "C1", 500, 300, services=[service])), claim)
        self.assertEqual(
            entry(first),
            {
                "clearing": "300.00",
                "reserve": "125.00",
                "receivable_payer": "-500.00",
                "receivable_payer2": "75.00",
            },
        )
        service = svc(1, 500, 65, ("OA-23", 425), ("CO-45", 10), number="L1")
        second = self.one(
            st(65, clp(1, "C1", 500, 65, status="2", services=[service])),
            replace(claim, open_by_payer={PAYER: money(0), SECOND: money(75)}),
            payer_id=SECOND,
        )
        self.assertEqual(
            entry(second, SECOND),
            {"clearing": "65.00", "reserve": "10.00", "receivable_payer": "-75.00"},
        )

    def test_e1_recovery_left_then_taken(self):
        original = posted(7, 1000, 400, ("CO-45", 600, "contractual"))
        service = svc(1, -1000, -400, ("CO-45", -600), number="L1")
        taken = self.one(
            st(
                0,
                clp(1, "C1", -1000, -400, status="22", services=[service]),
                adjustments=[plb("WO", -400, "ICNC1")],
            ),
            facts("C1", open_by_payer={PAYER: 0}, posted=(original,)),
        )
        self.assertEqual(
            entry(taken),
            {
                "reserve": "-600.00",
                "receivable_payer": "1000.00",
                "payer_overpayment": "-400.00",
            },
        )
        later = self.one(
            st(
                500,
                clp(1, "C2", 900, 900, services=[svc(1, 900, 900, number="L1")]),
                adjustments=[plb("WO", 400, "ICNC1")],
            ),
            facts("C2", 900),
            overpayments=(OverpaymentFacts(3, "WO", "ICNC1", money(400)),),
        )
        self.assertEqual(
            entry(later),
            {
                "clearing": "500.00",
                "payer_overpayment": "400.00",
                "receivable_payer": "-900.00",
            },
        )
        [part] = later.provider[0].settlements
        self.assertEqual((part.overpayment_id, part.amount), (3, money(400)))

    def test_e2_forward_balance_lives_across_remittances(self):
        original = posted(7, 800, 800)
        first = self.one(
            st(
                0,
                clp(1, "C1", 600, 600, services=[svc(1, 600, 600, number="L1")]),
                clp(
                    2,
                    "C2",
                    -800,
                    -800,
                    status="22",
                    services=[svc(1, -800, -800, number="L1")],
                    payer_claim_number="ICNC1",
                ),
                adjustments=[plb("FB", -200)],
            ),
            facts("C1", 600),
            facts("C2", 800, open_by_payer={PAYER: 0}, posted=(original,)),
        )
        self.assertEqual(
            entry(first),
            {"receivable_payer": "200.00", "payer_overpayment": "-200.00"},
        )
        second = self.one(
            st(
                0,
                clp(1, "C3", 50, 50, services=[svc(1, 50, 50, number="L1")]),
                adjustments=[plb("FB", 200), plb("FB", -150)],
            ),
            facts("C3", 50),
            overpayments=(OverpaymentFacts(4, "FB", "", money(200)),),
        )
        self.assertEqual(
            entry(second), {"receivable_payer": "-50.00", "payer_overpayment": "50.00"}
        )

    def test_f_interest(self):
        result = self.one(
            st(
                105,
                clp(1, "C1", 100, 100, services=[svc(1, 100, 100, number="L1")]),
                adjustments=[plb("L6", -5)],
            ),
            facts("C1", 100),
        )
        self.assertEqual(
            entry(result),
            {
                "clearing": "105.00",
                "receivable_payer": "-100.00",
                "interest_income": "-5.00",
            },
        )

    def test_g_sequestration_uses_the_reserve(self):
        service = svc(
            1,
            1000,
            "313.60",
            ("CO-45", 600),
            ("CO-253", "6.40"),
            ("PR-2", 80),
            number="L1",
        )
        result = self.one(
            st("313.60", clp(1, "C1", 1000, "313.60", services=[service])), facts("C1")
        )
        self.assertEqual(entry(result)["reserve"], "606.40")
        kinds = {kind: amount for _line, kind, amount in result.outcome(1).kinds}
        self.assertEqual(kinds["sequestration"], money("6.40"))

    def test_h_capitation(self):
        service = svc(1, 300, 0, ("CO-24", 300), number="L1")
        result = self.one(
            st(
                5000,
                clp(1, "C1", 300, 0, services=[service]),
                adjustments=[plb("CT", -5000)],
            ),
            facts("C1", 300),
        )
        self.assertEqual(
            entry(result),
            {
                "clearing": "5000.00",
                "capitation_income": "-5000.00",
                "reserve": "300.00",
                "receivable_payer": "-300.00",
            },
        )

    def test_i_zero_pay_and_all_denied(self):
        service = svc(1, 200, 0, ("CO-45", 120), ("PR-1", 80), number="L1")
        result = self.one(
            st(0, clp(1, "C1", 200, 0, services=[service])), facts("C1", 200)
        )
        self.assertEqual(
            entry(result),
            {
                "reserve": "120.00",
                "patient_unbilled": "80.00",
                "receivable_payer": "-200.00",
            },
        )
        service = svc(1, 200, 0, ("CO-197", 200), number="L1")
        denied = self.one(
            st(0, clp(1, "C1", 200, 0, services=[service])), facts("C1", 200)
        )
        self.assertEqual((denied.decision, denied.lines), ("post", ()))
        self.assertEqual(len(denied.outcome(1).denials), 1)

    def test_j_unknown_claim_is_parked_then_released(self):
        service = svc(1, 1000, 320, ("CO-45", 600), ("PR-2", 80), number="L1")
        known = svc(1, 1000, 400, ("CO-45", 600), number="L1")
        transaction = st(
            720,
            clp(1, "UNKNOWN", 1000, 320, services=[service]),
            clp(2, "C2", 1000, 400, services=[known]),
        )
        result = self.one(transaction, facts("C2"))
        self.assertEqual(
            entry(result),
            {
                "clearing": "720.00",
                "reserve": "600.00",
                "receivable_payer": "-1000.00",
                "unapplied_payer_cash": "-320.00",
            },
        )
        self.assertEqual(
            [reason.code for reason in result.outcome(1).reasons], ["claim_unmatched"]
        )
        release = self.one(
            transaction,
            facts("C1"),
            only=frozenset({1}),
            cash_purpose="unapplied_payer_cash",
            overrides={1: Override(control_number="C1")},
        )
        self.assertEqual(
            entry(release),
            {
                "unapplied_payer_cash": "320.00",
                "reserve": "600.00",
                "patient_unbilled": "80.00",
                "receivable_payer": "-1000.00",
            },
        )

    def test_p_underpayment_opens_a_variance(self):
        service = svc(1, 1000, 300, ("CO-45", 700), number="L1")
        result = self.one(
            st(300, clp(1, "C1", 1000, 300, services=[service])),
            facts("C1", lines=(line(1, 1000, expected=400),)),
        )
        [variance] = result.outcome(1).variances
        self.assertEqual(variance.difference, money(100))

    def test_t_paid_above_the_charge_left(self):
        service = svc(1, 541, 34, ("OA-23", 516), ("OA-94", -9), number="L1")
        result = self.one(
            st(34, clp(1, "C1", 541, 34, status="2", services=[service])),
            facts(
                "C1", 541, payers=(PAYER, SECOND), open_by_payer={PAYER: 0, SECOND: 25}
            ),
            payer_id=SECOND,
        )
        self.assertEqual(
            entry(result, SECOND),
            {"clearing": "34.00", "receivable_payer": "-25.00", "reserve": "-9.00"},
        )

    def test_u_withhold_kept_and_released(self):
        service = svc(1, 1000, 360, ("CO-45", 600), ("CO-104", 40), number="L1")
        result = self.one(
            st(360, clp(1, "C1", 1000, 360, services=[service])), facts("C1")
        )
        self.assertEqual(entry(result)["withhold_receivable"], "40.00")
        later = self.one(st(40, adjustments=[plb("E3", -40)]))
        self.assertEqual(
            entry(later), {"clearing": "40.00", "withhold_receivable": "-40.00"}
        )

    def test_v_refund_acknowledged_is_a_memo(self):
        result = self.one(
            st(
                500,
                clp(1, "C1", 500, 500, services=[svc(1, 500, 500, number="L1")]),
                adjustments=[plb("72", -100, "R1"), plb("WO", 100, "R1")],
            ),
            facts("C1", 500),
        )
        self.assertEqual(
            entry(result), {"clearing": "500.00", "receivable_payer": "-500.00"}
        )
        self.assertEqual({item.treatment for item in result.provider}, {"memo"})

    def test_incentive_comes_as_a_negative_adjustment(self):
        service = svc(1, 100, 105, ("CO-144", -5), number="L1")
        result = self.one(
            st(105, clp(1, "C1", 100, 105, services=[service])), facts("C1", 100)
        )
        self.assertEqual(
            entry(result),
            {
                "clearing": "105.00",
                "receivable_payer": "-100.00",
                "incentive_income": "-5.00",
            },
        )

    def test_provider_rule_of_a_payer_maps_what_is_not_shipped(self):
        rule = RuleFacts(999, "provider", "CS", "account", purpose="payer_advances")
        transaction = st(
            400,
            clp(1, "C1", 500, 500, services=[svc(1, 500, 500, number="L1")]),
            adjustments=[plb("WO", 120), plb("CS", -20)],
        )
        held = plan(transaction, {"C1": facts("C1", 500)}, RULES, options())
        self.assertEqual([item.code for item in held.stops], ["adjustment_unmapped"])
        self.assertEqual(held.lines, ())
        mapped = plan(transaction, {"C1": facts("C1", 500)}, rule_book(rule), options())
        self.assertEqual(
            entry(mapped),
            {
                "clearing": "400.00",
                "receivable_payer": "-500.00",
                "unidentified_recoveries": "120.00",
                "payer_advances": "-20.00",
            },
        )
