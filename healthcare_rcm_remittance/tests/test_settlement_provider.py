"""Provider adjustments (PLB): each code, its sign, its account."""

from odoo.tests import BaseCase, tagged

from ..settlement import OverpaymentFacts, RuleFacts
from .builders import clp, entry, facts, money, plb, rule_book, st, svc
from .settlement_run import run


def owed(id_, kind, amount, reference="", numbers=()):
    """Money of the payer that we hold."""
    return OverpaymentFacts(id_, kind, reference, money(amount), frozenset(numbers))


@tagged("post_install", "-at_install")
class TestProviderAdjustments(BaseCase):
    """Positive reduces the payment, negative increases it; unmapped holds."""

    def posted(self, *pairs, paid=500, **more):
        """The entry and the plan of a 500 payment with these pairs."""
        claims = []
        if paid:
            service = svc(1, paid, paid, number="L1")
            claims = [clp(1, "C1", paid, paid, services=[service])]
        amount = money(paid) - sum(pair.amount for pair in pairs)
        result = run(
            st(amount, *claims, adjustments=pairs), facts("C1", paid or 1), **more
        )
        self.assertEqual(result.stops, (), result.stops)
        self.assertTrue(result.proofs.ties)
        return entry(result), result

    def test_each_shipped_code_has_its_account(self):
        for code, amount, purpose in (
            ("CT", -50, "capitation_income"),
            ("BN", -50, "incentive_income"),
            ("IP", -50, "incentive_income"),
            ("PI", -50, "payer_advances"),
            ("PI", 50, "payer_advances"),
            ("AP", 50, "payer_advances"),
            ("E3", -40, "withhold_receivable"),
            ("IR", 10, "withheld_tax"),
            ("LE", 10, "levies"),
            ("L6", -5, "interest_income"),
            ("L6", 5, "interest_expense"),
            ("WO", -40, "payer_overpayment"),
            ("FB", -40, "payer_overpayment"),
            ("B2", -40, "payer_overpayment"),
            ("B3", -40, "payer_overpayment"),
            ("WO", 40, "unidentified_recoveries"),
        ):
            with self.subTest(code=code, amount=amount):
                found, _result = self.posted(plb(code, amount))
                self.assertEqual(found[purpose], f"{amount:.2f}")
                self.assertEqual(found["clearing"], f"{500 - amount:.2f}")

    def test_codes_without_a_rule_hold(self):
        service = svc(1, 500, 500, number="L1")
        for code in ("J1", "CS", "CV", "AM", "ZZ"):
            with self.subTest(code=code):
                result = run(
                    st(
                        490,
                        clp(1, "C1", 500, 500, services=[service]),
                        adjustments=[plb(code, 10)],
                    ),
                    facts("C1", 500),
                )
                self.assertEqual(
                    [item.code for item in result.stops], ["adjustment_unmapped"]
                )
                self.assertEqual(result.lines, ())

    def test_payment_of_provider_adjustments_only(self):
        found, _result = self.posted(plb("CT", -5000), paid=0)
        self.assertEqual(
            found, {"clearing": "5000.00", "capitation_income": "-5000.00"}
        )

    def test_recovery_uses_the_record_it_names(self):
        records = (owed(1, "WO", 120, "A"), owed(2, "WO", 120, "B"))
        found, result = self.posted(plb("WO", 120, "B"), overpayments=records)
        self.assertEqual(found["payer_overpayment"], "120.00")
        [part] = result.provider[0].settlements
        self.assertEqual(part.overpayment_id, 2)

    def test_recovery_by_the_payers_claim_number(self):
        records = (owed(1, "WO", 50), owed(2, "WO", 120, "", ("ICN9",)))
        _found, result = self.posted(plb("WO", 100, "ICN9"), overpayments=records)
        [part] = result.provider[0].settlements
        self.assertEqual((part.overpayment_id, part.amount), (2, 100))

    def test_recovery_that_names_nothing_we_know_is_told(self):
        _found, result = self.posted(
            plb("WO", 70, "NONE"), overpayments=(owed(1, "WO", 120, "A"),)
        )
        self.assertEqual(
            [item.code for item in result.findings], ["overpayment_unmatched"]
        )

    def test_recovery_beyond_the_record_is_unidentified(self):
        found, _result = self.posted(
            plb("WO", 100, "A"), overpayments=(owed(1, "WO", 60, "A"),)
        )
        self.assertEqual(
            (found["payer_overpayment"], found["unidentified_recoveries"]),
            ("60.00", "40.00"),
        )

    def test_forward_balance_is_used_before_a_new_one(self):
        """G5: 50, FB +200, FB -150 pays nothing."""
        found, result = self.posted(
            plb("FB", 200),
            plb("FB", -150),
            paid=50,
            overpayments=(owed(1, "FB", 200),),
        )
        self.assertEqual(
            found, {"payer_overpayment": "50.00", "receivable_payer": "-50.00"}
        )
        self.assertFalse(result.findings)

    def test_second_forward_balance_is_told(self):
        """RFI 738: only one at a time."""
        _found, result = self.posted(plb("FB", -30), overpayments=(owed(1, "FB", 200),))
        self.assertEqual(
            [item.code for item in result.findings], ["forward_balance_second"]
        )

    def test_forward_balance_never_uses_another_kind(self):
        found, _result = self.posted(
            plb("FB", 40), overpayments=(owed(1, "WO", 40, "A"),)
        )
        self.assertEqual(found["unidentified_recoveries"], "40.00")

    def test_refund_acknowledged_is_a_memo_with_its_recovery(self):
        """G5: 500, 72 -100, WO +100 pays 500."""
        found, result = self.posted(plb("72", -100, "R"), plb("WO", 100, "R"))
        self.assertEqual(found, {"clearing": "500.00", "receivable_payer": "-500.00"})
        self.assertEqual({item.treatment for item in result.provider}, {"memo"})

    def test_payers_rule_before_the_general_one(self):
        rule = RuleFacts(
            900, "provider", "CT", "account", payer_id=1, purpose="payer_advances"
        )
        found, _result = self.posted(plb("CT", -50), rules=rule_book(rule))
        self.assertIn("payer_advances", found)

    def test_provider_that_is_not_ours(self):
        """PLB01 of an affiliate: nothing is booked for it here."""
        service = svc(1, 500, 500, number="L1")
        transaction = st(
            490,
            clp(1, "C1", 500, 500, services=[service]),
            adjustments=[plb("WO", 10)],
        )
        ours = frozenset({"1999999992"})
        held = run(transaction, facts("C1", 500), own_identifiers=ours)
        self.assertEqual([item.code for item in held.stops], ["provider_not_ours"])
        same = frozenset({"1234567893"})
        posted = run(transaction, facts("C1", 500), own_identifiers=same)
        self.assertEqual(posted.decision, "post")
