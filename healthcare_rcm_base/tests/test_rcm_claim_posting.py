from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.rcm_claim_posting import KINDS
from .billing_common import BillingCase

AMOUNT = st.decimals(min_value=-9999, max_value=9999, places=2)


@tagged("post_install", "-at_install")
class TestClaimPosting(BillingCase):
    """Posted amounts move by exact deltas only, and the open balance follows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        encounter = cls.intake(charges=[("99213", "150.00"), ("80053", "60.00")])
        cls.claim = encounter._rcm_build_claims()
        cls.line, cls.other = cls.claim.line_ids

    def post(self, *rows):
        self.claim._rcm_apply_posting(
            [
                (self.claim.id, line and line.id, kind, Decimal(amount))
                for line, kind, amount in rows
            ]
        )

    def test_amounts_go_to_line_and_claim(self):
        self.post(
            (self.line, "paid", "73.60"),
            (self.line, "contractual", "58.00"),
            (self.line, "patient", "18.40"),
            (self.other, "contractual", "38.00"),
        )
        self.assertEqual(self.claim.paid_amount, 73.6)
        self.assertEqual(self.claim.contractual_amount, 96.0)
        self.assertEqual(self.claim.open_balance, 22.0)
        self.assertEqual(self.line.open_amount, 0.0)
        self.assertEqual(self.other.open_amount, 22.0)
        self.assertEqual(self.claim.payment_status, "partial")

    def test_reversal_takes_the_same_amounts_back(self):
        rows = [(self.line, "paid", "73.60"), (self.line, "contractual", "58.00")]
        self.post(*rows)
        self.post(*[(line, kind, f"-{amount}") for line, kind, amount in rows])
        self.assertEqual(self.claim.open_balance, 210.0)
        self.assertEqual(self.claim.payment_status, "unpaid")

    def test_other_kinds_are_together_on_the_line(self):
        self.post(
            (self.line, "sequestration", "1.00"),
            (self.line, "withhold", "2.00"),
            (self.line, "writeoff", "3.00"),
            (self.line, "moved_next", "4.00"),
            (self.line, "incentive", "5.00"),
        )
        self.assertEqual(self.line.adjusted_amount, 5.0)
        self.assertEqual(self.line.open_amount, 145.0)
        self.assertEqual(self.claim.open_balance, 205.0)

    def test_claim_level_amount_needs_no_line(self):
        self.post((False, "paid", "10.00"))
        self.assertEqual(self.claim.open_balance, 200.0)
        self.assertEqual(self.line.open_amount, 150.0)

    def test_payment_status_is_said_by_our_own_amounts(self):
        self.assertEqual(self.claim.payment_status, "unpaid")
        self.line._rcm_set_state("denied")
        self.assertEqual(self.claim.payment_status, "partially_denied")
        self.other._rcm_set_state("denied")
        self.assertEqual(self.claim.payment_status, "denied")
        (self.line | self.other)._rcm_set_state("paid")
        self.post((self.line, "paid", "100.00"), (self.line, "moved_next", "110.00"))
        self.assertEqual(self.claim.open_balance, 0.0)
        self.assertEqual(self.claim.payment_status, "partial")
        self.post(
            (self.line, "moved_next", "-110.00"), (self.line, "patient", "110.00")
        )
        self.assertEqual(self.claim.payment_status, "paid")
        self.post((self.line, "paid", "1.00"))
        self.assertEqual(self.claim.payment_status, "credit")

    def test_rows_of_other_claims_and_unknown_kinds_are_refused(self):
        stranger = self.intake(number="E2")._rcm_build_claims()
        with self.assertRaises(ValueError):
            self.claim._rcm_apply_posting(
                [(stranger.id, False, "paid", Decimal("1.00"))]
            )
        with self.assertRaises(ValueError):
            (self.claim | stranger)._rcm_apply_posting(
                [(stranger.id, self.line.id, "paid", Decimal("1.00"))]
            )
        with self.assertRaises(KeyError):
            self.post((self.line, "gift", "1.00"))
        with self.assertRaises(ValueError):
            self.post((self.line, "paid", "1.005"))
        self.assertEqual(self.claim.open_balance, 210.0)

    def test_amounts_cannot_be_written_by_anyone(self):
        for record, name in (
            (self.claim, "paid_amount"),
            (self.claim, "total_charge"),
            (self.claim, "expected_contractual"),
            (self.line, "paid_amount"),
            (self.line, "charge_amount"),
            (self.claim, "name"),
            (self.claim, "invoice_state"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                record.sudo().write({name: 1.0})

    def test_queries_do_not_grow_with_the_rows(self):
        def cost(count, start):
            claims = self.env["rcm.claim"]
            for number in range(start, start + count):
                claims |= self.intake(number=f"Q{number}")._rcm_build_claims()
            rows = [
                (claim.id, claim.line_ids.id, "paid", Decimal("1.00"))
                for claim in claims
            ]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            claims._rcm_apply_posting(rows)
            self.env.flush_all()
            self.assertEqual(set(claims.mapped("open_balance")), {149.0})
            return self.env.cr.sql_log_count - before

        few, many = cost(3, 0), cost(30, 100)
        self.assertLessEqual(many, few + 3)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([0, 1, None]), st.sampled_from(list(KINDS)), AMOUNT
            ),
            max_size=12,
        )
    )
    def test_open_balance_is_always_the_sum_of_what_was_posted(self, moves):
        before = {name: self.claim[name] for name in KINDS.values()}
        rows = [
            (
                self.claim.id,
                False if at is None else self.claim.line_ids[at].id,
                kind,
                sum_,
            )
            for at, kind, sum_ in moves
        ]
        self.claim._rcm_apply_posting(rows)
        expected = Decimal("210.00")
        for kind, name in KINDS.items():
            posted = sum(
                (amount for _at, one, amount in moves if one == kind),
                Decimal(str(before[name])),
            )
            self.assertEqual(Decimal(str(round(self.claim[name], 2))), posted)
            expected += posted if kind == "incentive" else -posted
        self.assertAlmostEqual(self.claim.open_balance, float(expected), places=2)
