"""The reference ledgers on real postings: files in, entries out."""

from decimal import Decimal

from odoo.tests import tagged

from . import era
from .remittance_ledgers_common import FULL, RemittanceLedgersCase


@tagged("post_install", "-at_install")
class TestRemittanceLedgers(RemittanceLedgersCase):
    """Files in, entries out: those in which what was paid stays paid."""

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
