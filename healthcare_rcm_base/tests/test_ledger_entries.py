from decimal import Decimal as D

from odoo.tests import BaseCase, tagged

from ..core import ledger_local
from ..core.ledger_accounts import JOURNALS, PURPOSES, first_code
from ..core.ledger_entries import (
    ClaimAmounts,
    EntryError,
    claim_change,
    claim_credit,
    claim_invoice,
    entry,
    patient_invoice,
    totals,
)
from .ledger_common import load_vectors


@tagged("post_install", "-at_install")
class TestLedgerEntries(BaseCase):
    """Entries as values: the reference ledgers, and what is refused."""

    def test_invoice_entries_of_the_reference_ledgers(self):
        cases = {
            "a": ClaimAmounts(D("1000"), D("600"), concession=D("8")),
            "b": ClaimAmounts(D("1000"), D("600")),
            "f": ClaimAmounts(D("100")),
            "g": ClaimAmounts(D("1000"), D("600"), D("6.40")),
            "h": ClaimAmounts(D("300"), D("300")),
            "i": ClaimAmounts(D("200"), D("120")),
            "k": ClaimAmounts(D("500"), concession=D("200"), self_pay=True),
        }
        vectors = load_vectors()
        for key, amounts in cases.items():
            with self.subTest(scenario=key):
                expected = vectors[key].steps[0].amounts
                self.assertEqual(totals(claim_invoice(amounts)), expected)

    def test_every_reference_entry_balances(self):
        for scenario in load_vectors().values():
            for step in scenario.steps:
                with self.subTest(scenario=scenario.id, step=step.event):
                    self.assertEqual(sum(step.amounts.values()), 0)

    def test_every_purpose_of_the_reference_is_known(self):
        known = set(PURPOSES) | {"bank", "receivable_payer2"}
        for scenario in load_vectors().values():
            for step in scenario.steps:
                self.assertLessEqual(set(step.amounts), known)

    def test_invoice_total_is_the_charge_whatever_is_expected(self):
        lines = claim_invoice(ClaimAmounts(D("1000"), D("600"), D("6.40"), D("8")))
        product = [line.amount for line in lines if line.role == "product"]
        self.assertEqual(product, [D("-1000")])

    def test_allowances_above_the_charge_are_refused(self):
        with self.assertRaisesRegex(EntryError, "exceed the charge"):
            claim_invoice(ClaimAmounts(D("100"), D("90"), D("5"), D("6")))

    def test_charge_of_zero_or_less_is_refused(self):
        for charge in (D("0"), D("-5")):
            with self.subTest(charge=charge), self.assertRaises(EntryError):
                claim_invoice(ClaimAmounts(charge))

    def test_self_pay_with_payer_allowance_is_refused(self):
        with self.assertRaisesRegex(EntryError, "self-pay"):
            claim_invoice(ClaimAmounts(D("100"), D("40"), self_pay=True))

    def test_replacement_books_the_difference(self):
        old = ClaimAmounts(D("1000"), D("600"))
        new = ClaimAmounts(D("1200"), D("720"))
        expected = load_vectors()["r"].steps[2].amounts
        self.assertEqual(totals(claim_change(new, old)), expected)

    def test_replacement_at_a_lower_charge_is_a_credit(self):
        lines = claim_change(
            ClaimAmounts(D("800"), D("480")), ClaimAmounts(D("1000"), D("600"))
        )
        self.assertEqual(
            totals(lines),
            {
                "receivable_payer": D("-200"),
                "revenue": D("200"),
                "contractual": D("-120"),
                "reserve": D("120"),
            },
        )

    def test_same_replacement_books_nothing(self):
        amounts = ClaimAmounts(D("800"), D("480"))
        self.assertEqual(claim_change(amounts, amounts), ())

    def test_credit_mirrors_the_invoice(self):
        amounts = ClaimAmounts(D("1000"), D("600"), D("6.40"), D("8"))
        both = claim_invoice(amounts) + claim_credit(amounts, False)
        self.assertEqual(totals(both), {})

    def test_unbalanced_entry_is_refused_not_adjusted(self):
        with self.assertRaisesRegex(EntryError, "out of balance by 0.01"):
            entry({"contractual": D("10.00"), "reserve": D("-9.99")})

    def test_empty_entry_is_refused(self):
        with self.assertRaises(EntryError):
            entry({"contractual": D("0")})
        with self.assertRaises(EntryError):
            patient_invoice(D("0"))

    def test_give_up_uses_the_reserve_then_the_concession(self):
        balances = {"receivable_patient": D("80"), "concession_reserve": D("-8")}
        self.assertEqual(
            ledger_local.give_up(balances, D("80")),
            {
                "concession_reserve": D("8"),
                "concession": D("72"),
                "receivable_patient": D("-80"),
            },
        )

    def test_partial_charity_releases_its_share_of_the_reserve(self):
        balances = {"receivable_patient": D("300"), "concession_reserve": D("-100")}
        release, grant = ledger_local.charity(balances, D("100"))
        self.assertEqual(
            release, {"concession_reserve": D("33.33"), "concession": D("-33.33")}
        )
        self.assertEqual(grant, {"charity": D("100"), "receivable_patient": D("-100")})

    def test_more_than_is_open_cannot_be_written_off(self):
        balances = {"receivable_patient": D("50")}
        for rule in (ledger_local.give_up, ledger_local.charity):
            with self.subTest(rule=rule.__name__), self.assertRaises(EntryError):
                rule(balances, D("50.01"))

    def test_lost_denial_takes_its_part_of_the_reserve(self):
        balances = {"receivable_payer": D("400")}
        self.assertEqual(
            ledger_local.denial_loss(balances, D("400"), D("240")),
            load_vectors()["b"].steps[2].amounts,
        )

    def test_posted_amounts_follow_the_entry(self):
        amounts = load_vectors()["b"].steps[2].amounts
        self.assertEqual(
            sorted(ledger_local.posting_rows(amounts, "receivable_payer")),
            [("contractual", D("240.00")), ("writeoff", D("160.00"))],
        )
        self.assertEqual(ledger_local.posting_rows(amounts, "receivable_patient"), [])

    def test_codes_fit_the_chart(self):
        self.assertEqual(first_code(PURPOSES["revenue"], 4), "4100")
        self.assertEqual(first_code(PURPOSES["revenue"], 8), "41000000")

    def test_only_remittances_are_sealed(self):
        hashed = [key for key, spec in JOURNALS.items() if spec.hashed]
        self.assertEqual(hashed, ["remittance"])
