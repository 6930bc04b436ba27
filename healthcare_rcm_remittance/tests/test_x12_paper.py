"""A paper explanation as an 835."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..x12 import paper
from ..x12.model import Adjustment, Transaction
from ..x12.reader import read_835


@tagged("post_install", "-at_install")
class TestPaper(BaseCase):
    """What is written is read again as it was keyed."""

    def payment(self, amount="400", claims=(), **values):
        return paper.PaperPayment(
            amount=Decimal(amount),
            method="CHK",
            day=date(2026, 11, 20),
            trace="10023",
            payer_name="PAYER",
            payer_id="1512345678",
            payee_name="CLINIC",
            payee_qualifier="FI",
            payee_id="123456789",
            control=7,
            claims=tuple(claims),
            **values,
        )

    def read(self, payment):
        items = list(read_835(paper.write(payment)))
        return next(item for item in items if isinstance(item, Transaction)), items[-1]

    def claim(self, paid="400", charge="1000", **values):
        adjustments, _faults = paper.parse_adjustments("CO-45 600")
        line = paper.PaperLine("99213", Decimal(charge), Decimal(paid), adjustments)
        return paper.PaperClaim(
            "C1", Decimal(charge), Decimal(paid), lines=(line,), **values
        )

    def test_payment_is_read_as_it_was_written(self):
        transaction, envelope = self.read(self.payment(claims=[self.claim()]))
        self.assertFalse(transaction.has_errors, transaction.findings)
        self.assertFalse(envelope.has_errors, envelope.findings)
        self.assertEqual(
            (transaction.amount, transaction.method, transaction.trace),
            (Decimal(400), "CHK", "10023"),
        )
        self.assertEqual(transaction.payment_date, date(2026, 11, 20))
        [claim] = transaction.claims
        self.assertEqual((claim.charge, claim.paid), (Decimal(1000), Decimal(400)))
        self.assertEqual(claim.services[0].adjustments[0].reason, "45")

    def test_what_does_not_balance_is_found(self):
        transaction, _envelope = self.read(self.payment("401", [self.claim()]))
        self.assertIn(
            "transaction_out_of_balance", [item.code for item in transaction.findings]
        )

    def test_seven_reasons_of_one_group_take_two_segments(self):
        found, _faults = paper.parse_adjustments(
            ", ".join(f"CO-{code} 1" for code in range(101, 108))
        )
        line = paper.PaperLine("99213", Decimal(7), Decimal(0), found)
        claim = paper.PaperClaim("C1", Decimal(7), Decimal(0), lines=(line,))
        transaction, _envelope = self.read(self.payment("0", [claim]))
        self.assertFalse(transaction.has_errors, transaction.findings)
        read = transaction.claims[0].services[0].adjustments
        self.assertEqual(
            [item.reason for item in read], [str(n) for n in range(101, 108)]
        )
        self.assertEqual(transaction.handling, "H")

    def test_adjustments_are_parsed_and_faults_named(self):
        found, faults = paper.parse_adjustments("co-45 600.00; PR2 -1.5, XX-1 3, CO-45")
        self.assertEqual(
            found,
            (
                Adjustment("CO", "45", Decimal("600.00")),
                Adjustment("PR", "2", Decimal("-1.5")),
            ),
        )
        self.assertEqual(faults, ["XX-1 3", "CO-45"])
        self.assertEqual(paper.parse_adjustments(None), ((), []))

    def test_patient_share_is_the_sum_of_pr_but_for_reversals(self):
        found, _faults = paper.parse_adjustments("PR-1 10, CO-45 5, PR-2 2.50")
        claim = paper.PaperClaim("C", Decimal(1), Decimal(0), adjustments=found)
        self.assertEqual(paper.patient_share(claim), Decimal("12.50"))
        back = paper.PaperClaim("C", Decimal(1), Decimal(0), "22", adjustments=found)
        self.assertEqual(paper.patient_share(back), 0)

    def test_separators_in_texts_are_refused(self):
        with self.assertRaises(ValueError):
            paper.write(self.payment(claims=[paper.PaperClaim("C*1", 1, 1)]))
        line = paper.PaperLine("99:13", Decimal(1), Decimal(1))
        claim = paper.PaperClaim("C1", Decimal(1), Decimal(1), lines=(line,))
        with self.assertRaises(ValueError):
            paper.write(self.payment(claims=[claim]))

    def test_provider_adjustments_and_interest_are_read_as_they_were_written(self):
        pairs = [
            paper.PaperAdjustment("WO", "ICN9", Decimal("100")),
            paper.PaperAdjustment("L6", "", Decimal("-5.25")),
            *[paper.PaperAdjustment("CS", f"R{n}", Decimal(1)) for n in range(5)],
        ]
        claims = [self.claim(interest=Decimal("5.25"))]
        transaction, _envelope = self.read(
            self.payment("300.25", claims=claims, adjustments=tuple(pairs))
        )
        self.assertFalse(transaction.has_errors, transaction.findings)
        self.assertEqual(
            [
                (item.reason, item.reference, item.amount)
                for item in transaction.provider_adjustments
            ],
            [(item.reason, item.reference, item.amount) for item in pairs],
        )
        self.assertEqual(
            [(item.qualifier, item.amount) for item in transaction.claims[0].amounts],
            [("I", Decimal("5.25"))],
        )

    def test_reasons_of_provider_adjustments(self):
        for text, expected in (
            ("WO", True),
            ("l6", True),
            ("72", True),
            ("", False),
            ("WOX", False),
            ("W:", False),
        ):
            with self.subTest(text=text):
                self.assertEqual(paper.is_reason(text), expected)
        with self.assertRaises(ValueError):
            odd = paper.PaperAdjustment("WO", "A~B", Decimal(1))
            paper.write(self.payment(adjustments=(odd,)))
