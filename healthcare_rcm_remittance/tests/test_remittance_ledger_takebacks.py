"""The reference ledgers in which a payer takes back, pays too much or is put right."""

from decimal import Decimal

from odoo.tests import tagged

from . import era
from .remittance_ledgers_common import FULL, RemittanceLedgersCase


@tagged("post_install", "-at_install")
class TestRemittanceLedgerTakebacks(RemittanceLedgersCase):
    """Files in, entries out: b, c, e1, e2, q, t and v."""

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
