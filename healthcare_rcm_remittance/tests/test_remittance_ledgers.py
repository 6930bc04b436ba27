"""The reference ledgers on real postings: files in, entries out."""

from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.ledger_common import load_vectors

from . import era
from .remittance_common import RemittanceCase

FULL = ("CO-45", 600), ("PR-2", 80)


@tagged("post_install", "-at_install")
class TestRemittanceLedgers(RemittanceCase):
    """Every step an action; after each the trial balance moved by exactly its entry."""

    def setUp(self):
        super().setUp()
        self.claims = {}

    def tearDown(self):
        self.assertBooksHold()
        super().tearDown()

    def invoice(self, key="C1", **values):
        """Build, invoice and submit a claim, kept under ``key``."""

        def action():
            self.claims[key] = self.claim(**values)

        return action

    def pays(self, amount, *answers, parked=0, **values):
        """Receive and post a payment; answers are made when it runs."""

        def action():
            claims = [answer() for answer in answers]
            self.remittance = self.post(amount, *claims, **values)
            self.assertPosted(self.remittance, parked)

        return action

    def says(self, key, paid, *codes, **values):
        """A CLP of the payer about the claim under ``key``."""
        return lambda: self.answer(self.claims[key], paid, *codes, **values)

    def takes_back(self, key, paid, *codes, **values):
        """A reversal about the claim under ``key``."""
        return lambda: self.reversal(self.claims[key], paid, *codes, **values)

    def other(self, key, position):
        """What the bank, a gateway or an agency posts in this step."""
        amounts = self.step(key, position)
        return lambda: self.post_other(amounts, self.claims.get("C1"))

    def step(self, key, position):
        return load_vectors()[key].steps[position].amounts

    def patient_invoice(self):
        self.claims["C1"]._rcm_create_patient_invoices()

    def true_up(self):
        self.claims["C1"]._rcm_true_up()

    def patient_pays(self, amount):
        return lambda: self.post_remittance(
            self.claims["C1"],
            {"gateway": Decimal(amount), "receivable_patient": -Decimal(amount)},
        )

    # ------------------------------------------------------------------
    def test_a_paid_as_expected(self):
        self.contract(patient_percent=20, concession_percent=10)
        self.check_scenario(
            "a",
            [
                self.invoice(),
                self.pays(320, self.says("C1", 320, *FULL)),
                self.other("a", 2),
                self.patient_invoice,
                self.patient_pays("80"),
                self.other("a", 5),
                self.true_up,
            ],
        )
        claim = self.claims["C1"]
        self.assertEqual(claim.open_balance, 0)
        self.assertEqual(claim.state, "adjudicated")
        self.assertEqual(claim.invoice_id.payment_state, "paid")

    def test_b_denied_line_written_off_then_overturned(self):
        self.contract()
        first = [("CO-45", 360)]

        def lines(claim):
            return claim.line_ids.mapped("line_control_number")

        def era_one():
            claim = self.claims["C1"]
            one, two = lines(claim)
            return era.clp(
                claim.name,
                1000,
                240,
                services=[
                    era.svc(600, 240, *first, number=one),
                    era.svc(400, 0, ("CO-50", 400), number=two),
                ],
            )

        def reversal():
            claim = self.claims["C1"]
            one, two = lines(claim)
            return era.clp(
                claim.name,
                -1000,
                -240,
                status="22",
                services=[
                    era.svc(-600, -240, ("CO-45", -360), number=one),
                    era.svc(-400, 0, ("CO-50", -400), number=two),
                ],
            )

        def correction():
            claim = self.claims["C1"]
            one, two = lines(claim)
            return era.clp(
                claim.name,
                1000,
                400,
                icn="ICN2",
                original=f"ICN{claim.name}",
                services=[
                    era.svc(600, 240, ("CO-45", 360), number=one),
                    era.svc(400, 160, ("CO-45", 240), number=two),
                ],
            )

        def lost():
            denial = self.claims["C1"].denial_ids
            self.assertEqual((denial.amount, denial.state), (400, "open"))
            self.claims["C1"]._rcm_lose_denial(
                "Appeal lost", Decimal("400.00"), Decimal("240.00")
            )

        self.invoice(lines=["600", "400"])()
        # The three last steps of the ledger come in one remittance.
        for amount, claims, parked in ((240, (era_one,), 0),):
            self.pays(amount, *claims, parked=parked)()
        lost()
        self.assertEqual(self.open_receivable(self.claims["C1"]), 0)
        before = self.trial_balance()
        self.pays(160, reversal, correction)()
        after = self.trial_balance()
        self.assertEqual(after["clearing"] - before["clearing"], 160)
        self.assertEqual(
            after,
            {
                "clearing": Decimal("400.00"),
                "contractual": Decimal("600.00"),
                "revenue": Decimal("-1000.00"),
            },
        )
        claim = self.claims["C1"]
        self.assertEqual(claim.denial_ids.state, "reversed")
        self.assertEqual((claim.open_balance, claim.paid_amount), (0, 400))

    def test_c_takeback_after_the_patient_paid(self):
        self.contract()
        self.invoice()()
        self.pays(320, self.says("C1", 320, *FULL))()
        self.patient_invoice()
        self.patient_pays("80")()
        other = self.claim()
        self.claims["C2"] = other
        self.pays(680, self.takes_back("C1", 320, *FULL), self.says("C2", 1000))()
        balance = self.trial_balance()
        self.assertEqual(balance["patient_credits"], Decimal("-80.00"))
        self.assertNotIn("receivable_patient", balance)
        self.assertNotIn("patient_unbilled", balance)
        self.assertEqual(balance["receivable_payer"], Decimal("1000.00"))
        claim = self.claims["C1"]
        self.assertEqual(claim.state, "reopened")
        self.assertEqual(self.open_receivable(claim), 1000)
        self.assertEqual(claim.invoice_id.amount_residual, 1000)

    def test_d_secondary_payer(self):
        self.contract(percent=75)
        self.payer2 = self.second
        claim = "C1"

        def second_says():
            return self.answer(
                self.claims[claim], 65, ("OA-23", 425), ("CO-45", 10), status="2"
            )

        self.check_scenario(
            "d",
            [
                self.invoice(charge="500", payers=(self.payer, self.second)),
                self.pays(300, self.says(claim, 300, ("CO-45", 125), ("PR-1", 75))),
                self.pays(65, second_says, payer_trace="1523456789"),
                self.true_up,
            ],
        )
        self.assertEqual(self.claims[claim].open_balance, 0)
        self.assertEqual(self.claims[claim].moved_next_amount, 0)
        legs = self.claims[claim].leg_ids
        self.assertEqual(legs.mapped("state"), ["adjudicated", "adjudicated"])

    def test_e1_overpayment_recovered_later(self):
        self.contract()
        self.contract(self.second, percent=100)

        def second_invoice():
            self.claims["C2"] = self.claim(charge="900", payers=(self.payer,))
            # Its contract allows 40 %: the ledger's other claim expects all.
            self.claims["C2"]._rcm_local_entry(
                "repricing",
                {"reserve": Decimal("540.00"), "contractual": Decimal("-540.00")},
                "Expected in full",
            )

        self.check_scenario(
            "e1",
            [
                self.invoice(),
                self.pays(400, self.says("C1", 400, ("CO-45", 600))),
                self.pays(
                    0,
                    self.takes_back("C1", 400, ("CO-45", 600)),
                    plb=[("WO", -400, "TAKEN")],
                ),
                self.pays(150, self.says("C1", 150, ("CO-45", 850), icn="CORRECTED")),
                second_invoice,
                self.pays(500, self.says("C2", 900), plb=[("WO", 400, "TAKEN")]),
                self.true_up_all,
            ],
        )
        record = self.env["rcm.payer.overpayment"].search(
            [("payer_id", "=", self.payer.id)]
        )
        self.assertEqual((record.state, record.open_amount), ("settled", 0))

    def true_up_all(self):
        self.claims["C1"].variance_ids.filtered(
            lambda variance: variance.state == "open"
        ).action_accept()
        self.true_up()

    def test_e2_forward_balance(self):
        self.contract(percent=100)

        def two_invoices():
            self.invoice("C1", charge="600", expected="600")()
            self.invoice("C3", charge="50", expected="50")()

        self.check_scenario(
            "e2",
            [
                two_invoices,
                self.invoice("C2", charge="800"),
                self.pays(800, self.says("C2", 800)),
                self.pays(
                    0,
                    self.says("C1", 600),
                    self.takes_back("C2", 800),
                    plb=[("FB", -200)],
                ),
                self.pays(0, self.says("C3", 50), plb=[("FB", 200), ("FB", -150)]),
            ],
        )
        records = self.env["rcm.payer.overpayment"].search(
            [("payer_id", "=", self.payer.id)]
        )
        self.assertEqual(sum(records.mapped("open_amount")), 150)

    def test_f_interest(self):
        self.contract(percent=100)
        self.check_scenario(
            "f",
            [
                self.invoice(charge="100"),
                self.pays(105, self.says("C1", 100, interest=5), plb=[("L6", -5)]),
            ],
        )

    def test_g_sequestration(self):
        self.contract(patient_percent=20, sequestration_percent=2)
        self.check_scenario(
            "g",
            [
                self.invoice(),
                self.pays(
                    "313.60", self.says("C1", "313.60", *FULL, ("CO-253", "6.40"))
                ),
            ],
        )
        self.assertEqual(self.claims["C1"].sequestration_amount, 6.4)

    def test_h_capitation(self):
        self.contract()

        def invoice():
            self.invoice(charge="300")()
            # Capitated: nothing is expected beside the capitation.
            self.claims["C1"]._rcm_local_entry(
                "repricing",
                {"contractual": Decimal("120.00"), "reserve": Decimal("-120.00")},
                "Capitated",
            )

        self.check_scenario(
            "h",
            [
                invoice,
                self.pays(
                    5000, self.says("C1", 0, ("CO-24", 300)), plb=[("CT", -5000)]
                ),
            ],
        )

    def test_i_zero_pay(self):
        self.contract()
        self.check_scenario(
            "i",
            [
                self.invoice(charge="200"),
                self.pays(0, self.says("C1", 0, ("CO-45", 120), ("PR-1", 80))),
            ],
        )
        self.assertEqual(self.remittance.state, "reconciled")

    def test_i_all_denied_is_posted_without_an_entry(self):
        self.contract()
        self.invoice()()
        before = self.trial_balance()
        self.pays(0, self.says("C1", 0, ("CO-197", 1000)))()
        self.assertEqual(self.trial_balance(), before)
        self.assertFalse(self.remittance.move_id)
        self.assertTrue(self.remittance.plan_digest)
        denial = self.claims["C1"].denial_ids
        self.assertEqual((denial.category, denial.amount), ("authorization", 1000))
        self.assertEqual(self.claims["C1"].payment_status, "denied")

    def test_j_parked_then_released(self):
        self.contract()

        def unknown():
            return era.clp(
                "NOT-OURS",
                1000,
                320,
                patient=80,
                services=[era.svc(1000, 320, *FULL)],
            )

        def release():
            parked = self.remittance.claim_ids.filtered(
                lambda claim: claim.state == "parked"
            )
            self.assertEqual(self.case_types(parked), ["claim_unmatched"])
            released = parked._rcm_release({"control_number": self.claims["C2"].name})
            self.assertTrue(released, parked.reason_text)
            self.assertFalse(self.case_types(parked))

        self.check_scenario(
            "j",
            [
                self.invoice(),
                self.pays(720, unknown, self.says("C1", 400, ("CO-45", 600)), parked=1),
                self.invoice("C2"),
                release,
            ],
        )
        self.assertEqual(self.remittance.state, "posted")
        unapplied = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("rcm_purpose", "=", "unapplied_payer_cash"),
            ]
        )
        self.assertEqual(sum(unapplied.mapped("balance")), 0)

    def test_p_underpayment_accepted(self):
        self.contract()

        def accepted():
            variance = self.claims["C1"].variance_ids
            self.assertEqual((variance.difference, variance.direction), (100, "under"))
            self.true_up()
            self.assertEqual(self.trial_balance()["reserve"], 100)
            variance.action_accept()
            self.true_up()

        self.check_scenario(
            "p",
            [
                self.invoice(),
                self.pays(300, self.says("C1", 300, ("CO-45", 700))),
                accepted,
            ],
        )

    def test_q_reversed_after_close_then_paid_right(self):
        self.contract()
        self.invoice()()
        self.pays(300, self.says("C1", 300, ("CO-45", 700)))()
        claim = self.claims["C1"]
        claim.variance_ids.action_accept()
        claim._rcm_close()
        self.assertEqual(claim.state, "closed")
        self.pays(
            100,
            self.takes_back("C1", 300, ("CO-45", 700)),
            self.says("C1", 400, ("CO-45", 600), icn="ICN2"),
        )()
        self.assertEqual(
            self.trial_balance(),
            {
                "clearing": Decimal("400.00"),
                "contractual": Decimal("600.00"),
                "revenue": Decimal("-1000.00"),
            },
        )
        self.assertEqual(claim.state, "adjudicated")

    def test_t_paid_above_what_is_left(self):
        self.contract(percent=100)
        self.payer2 = self.second

        def second_says():
            return self.answer(
                self.claims["C1"], 34, ("OA-23", 516), ("OA-94", -9), status="2"
            )

        self.check_scenario(
            "t",
            [
                self.invoice(charge="541", payers=(self.payer, self.second)),
                self.pays(516, self.says("C1", 516, ("PR-2", 25))),
                self.pays(34, second_says, payer_trace="1523456789"),
                self.true_up,
            ],
        )

    def test_u_withhold(self):
        self.contract()
        self.check_scenario(
            "u",
            [
                self.invoice(),
                self.pays(360, self.says("C1", 360, ("CO-45", 600), ("CO-104", 40))),
                self.pays(40, plb=[("E3", -40)]),
            ],
        )

    def test_v_refund_acknowledged(self):
        self.contract(percent=100)
        self.invoice(charge="500")()
        before = self.trial_balance()
        self.pays(
            500,
            self.says("C1", 500),
            plb=[("72", -100, "R1"), ("WO", 100, "R1")],
        )()
        after = self.trial_balance()
        self.assertEqual(after["clearing"], 500)
        self.assertNotIn("payer_overpayment", after)
        self.assertNotIn("receivable_payer", after)
        self.assertEqual(before["receivable_payer"], 500)
