from decimal import Decimal as D

from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase, load_vectors


@tagged("post_install", "-at_install")
class TestLedgerVectors(LedgerCase):
    """The reference ledgers, on real records, as far as this module makes them.

    What remittances, banks and gateways post is put in by stand-ins with the entries
    of the reference; the remittance module runs the same scenarios with its own.
    """

    def step(self, key, position):
        return load_vectors()[key].steps[position].amounts

    def invoice(self, **values):
        """An action that builds a claim (kept as ``self.claim``) and invoices it."""

        def action():
            self.claim = builders.invoiced_claim(self.env, **values)

        return action

    def era(self, key, position, claim=None):
        """An action that posts what the remittance of this step posts."""

        def action():
            self.post_remittance(claim or self.claim, self.step(key, position))
            self.sub_ledger(claim or self.claim, self.step(key, position))

        return action

    def other(self, key, position):
        """An action that posts what the bank or an agency posts in this step."""
        return lambda: self.post_other(self.step(key, position))

    def sub_ledger(self, claim, amounts):
        """What the remittance module tells the claim of this entry."""
        kinds = {
            "clearing": "paid",
            "unapplied_payer_cash": "paid",
            "interest_income": "paid",
            "reserve": "contractual",
            "patient_unbilled": "patient",
        }
        claim._rcm_apply_posting(
            [
                (claim.id, False, kinds[key], amount)
                for key, amount in amounts.items()
                if key in kinds
            ]
        )

    def test_a_paid_as_expected_and_closed(self):
        def bill_patient():
            self.claim._rcm_create_patient_invoices()

        self.check_scenario(
            "a",
            [
                self.invoice(
                    charge="1000",
                    expected="400",
                    patient_percent=20,
                    concession_percent=10,
                ),
                self.era("a", 1),
                self.other("a", 2),
                bill_patient,
                self.patient_pays("80"),
                self.other("a", 5),
                self.claim_true_up,
            ],
        )
        self.assertEqual(self.claim.open_balance, 0)

    def claim_true_up(self):
        self.claim._rcm_true_up()

    def patient_pays(self, amount):
        """A payment that says which claim it is for, as the patient module posts it."""

        def action():
            self.post_remittance(
                self.claim, {"gateway": D(amount), "receivable_patient": -D(amount)}
            )

        return action

    def test_f_interest_beside_the_claim(self):
        self.check_scenario(
            "f", [self.invoice(charge="100", expected="100"), self.era("f", 1)]
        )

    def test_g_sequestration(self):
        self.check_scenario(
            "g",
            [
                self.invoice(
                    charge="1000",
                    expected="400",
                    patient_percent=20,
                    sequestration_percent=2,
                ),
                self.era("g", 1),
            ],
        )

    def test_i_everything_to_the_deductible(self):
        self.check_scenario(
            "i", [self.invoice(charge="200", expected="80"), self.era("i", 1)]
        )
        self.assertEqual(self.claim.open_balance, 0)

    def test_j_parked_then_released(self):
        self.check_scenario(
            "j",
            [
                self.invoice(charge="1000", expected="400"),
                lambda: self.post_remittance(self.claim, self.step("j", 1)),
                self.invoice(charge="1000", expected="400"),
                self.era("j", 3),
            ],
        )

    def test_k_self_pay_given_up(self):
        self.check_scenario(
            "k",
            [
                self.invoice(charge="500", self_pay=True, concession_percent=40),
                self.patient_pays("300"),
                lambda: self.claim._rcm_give_up("Dunning ended"),
            ],
        )
        self.assertEqual(self.claim.writeoff_amount, 200)

    def test_m_charity(self):
        self.check_scenario(
            "m",
            [
                self.invoice(charge="500", self_pay=True, concession_percent=40),
                lambda: self.claim._rcm_local_entry(
                    "concession_release", self.step("m", 1), "Charity approved"
                ),
                lambda: self.claim._rcm_local_entry(
                    "charity", self.step("m", 2), "Charity approved"
                ),
            ],
        )
        self.assertEqual(self.claim.open_balance, 0)

    def test_m_charity_in_one_step(self):
        before = self.trial_balance()
        self.invoice(charge="500", self_pay=True, concession_percent=40)()
        moves = self.claim._rcm_charity("Charity approved")
        self.assertEqual(
            moves.mapped("rcm_local_kind"), ["concession_release", "charity"]
        )
        self.assertEqual(self.trial_balance(), load_vectors()["m"].closing)
        self.assertFalse(before)

    def test_n_bad_debt(self):
        self.invoice(charge="200", expected="80")()
        self.era("i", 1)()
        self.check_scenario(
            "n",
            [
                lambda: self.claim._rcm_create_patient_invoices(),
                lambda: self.claim._rcm_bad_debt("Adverse credit event"),
                self.other("n", 2),
            ],
        )

    def test_b_denial_lost_and_taken_back(self):
        def lose():
            self.claim._rcm_lose_denial("Appeal lost", D("400"), D("240"))

        def take_back():
            self.claim._rcm_reverse_local_entries("Overturned by the payer")

        self.check_scenario(
            "b",
            [
                self.invoice(charge="1000", expected="400"),
                self.era("b", 1),
                lose,
                take_back,
                self.era("b", 4),
                self.era("b", 5),
            ],
        )
        self.assertEqual(self.claim.open_balance, 0)
        self.assertEqual(self.claim.writeoff_amount, 0)
        self.assertEqual(self.claim.paid_amount, 400)

    def test_q_reversed_after_close(self):
        self.check_scenario(
            "q",
            [
                self.invoice(charge="1000", expected="400"),
                self.era("q", 1),
                self.claim_true_up,
                lambda: self.claim._rcm_reverse_local_entries("Reversed by the payer"),
                self.era("q", 4),
                self.era("q", 5),
            ],
        )

    def test_c_takeback_after_the_patient_paid(self):
        self.check_scenario(
            "c",
            [
                self.invoice(charge="1000", expected="400"),
                self.era("c", 1),
                lambda: self.claim._rcm_create_patient_invoices(),
                self.patient_pays("80"),
                self.era("c", 4),
                lambda: self.claim._rcm_create_patient_invoices(),
                lambda: self.claim._rcm_patient_credit(),
            ],
        )

    def test_s_void_after_payment(self):
        def hold_cash():
            self.claim._rcm_local_entry(
                "overpayment", self.step("s", 3), "Void after payment"
            )

        self.check_scenario(
            "s",
            [
                self.invoice(charge="1000", expected="400"),
                self.era("s", 1),
                lambda: self.claim._rcm_credit_invoices("Void"),
                hold_cash,
                lambda: self.claim._rcm_reverse_local_entries("22 arrived"),
                self.era("s", 5),
            ],
        )

    def test_two_companies_keep_their_own_books(self):
        self.invoice(charge="1000", expected="400")()
        other = builders.company(self.env, "Other Clinic")
        env = self.env(context={**self.env.context, "allowed_company_ids": other.ids})
        foreign = builders.invoiced_claim(
            env, charge="700", expected="700", company=other
        )
        self.assertEqual(foreign.invoice_id.company_id, other)
        self.assertEqual(foreign.invoice_id.line_ids.account_id.company_ids, other)
        self.assertEqual(self.trial_balance()["revenue"], D("-1000"))
