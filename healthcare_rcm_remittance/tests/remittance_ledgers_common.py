"""The reference ledgers on real postings: what each step does."""

from decimal import Decimal

from odoo.addons.healthcare_rcm_base.tests.ledger_common import load_vectors

from .remittance_common import RemittanceCase

FULL = ("CO-45", 600), ("PR-2", 80)


class RemittanceLedgersCase(RemittanceCase):
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

    def true_up_all(self):
        self.claims["C1"].variance_ids.filtered(
            lambda variance: variance.state == "open"
        ).action_accept()
        self.true_up()

    def patient_pays(self, amount):
        return lambda: self.post_remittance(
            self.claims["C1"],
            {"gateway": Decimal(amount), "receivable_patient": -Decimal(amount)},
        )
