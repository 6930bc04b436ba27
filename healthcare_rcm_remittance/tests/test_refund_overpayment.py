"""A refund to a payer settles its overpayment records, and opens them again."""

from decimal import Decimal as D

from odoo.tests import tagged

from odoo.addons.healthcare_rcm_approvals.tests.documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestRefundOverpayment(DocumentCase):
    def setUp(self):
        super().setUp()
        self.claim = self.claim_open(charge="1000", expected="400")
        self.payer = self.claim.payer_id
        self.records = self.env["rcm.payer.overpayment"]._rcm_create(
            [
                {
                    "company_id": self.company.id,
                    "payer_id": self.payer.id,
                    "kind": "letter",
                    "reference": f"L{amount}",
                    "amount": amount,
                    "opened_date": day,
                }
                for amount, day in ((60.0, "2026-01-01"), (100.0, "2026-02-01"))
            ]
        )
        self.post_other(
            {"clearing": D(160), "payer_overpayment": D(-160)}, claim=self.claim
        )
        self.manager = self.person("finance_manager", groups=None)

    def refund(self, amount):
        made = (
            self.env["rcm.refund"]
            .with_user(self.manager)
            .create(
                {
                    "kind": "payer",
                    "payer_id": self.payer.id,
                    "amount": amount,
                    "reason": "Asked for by letter",
                    "journal_id": self.bank().id,
                    "company_id": self.company.id,
                }
            )
        )
        made.action_request()
        self.assertEqual(made.state, "done")
        return made

    def assert_ties(self):
        """Open records are the payer's balance on the overpayment account."""
        balance = self.trial_balance().get("payer_overpayment", D(0))
        self.assertEqual(sum(self.records.mapped("open_amount")), -float(balance))

    def test_oldest_first_and_in_part(self):
        self.refund(80)
        self.assertEqual(self.records.mapped("state"), ["settled", "open"])
        self.assertEqual(self.records.mapped("open_amount"), [0, 80])
        self.assert_ties()

    def test_taken_back_they_are_open_again(self):
        refund = self.refund(160)
        self.assertEqual(self.records.mapped("state"), ["settled", "settled"])
        self.assert_ties()
        refund.sudo()._rcm_reverse("The cheque came back")
        self.assertEqual(self.records.mapped("open_amount"), [60, 100])
        self.assertEqual(self.records.mapped("state"), ["open", "open"])
        self.assert_ties()
        self.assertEqual(sum(self.records.use_ids.mapped("amount")), 0)
