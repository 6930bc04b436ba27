"""A case of what is asked for or bought says how much money waits for it."""

from odoo import Command
from odoo.tests import tagged

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestCaseAmount(SpendingCase):
    def amount(self, record):
        return record._rcm_raise_case("claim_invalid", "For the test").amount

    def test_a_write_off_and_its_lines(self):
        claim, other = (self.claim_open(charge="500", expected="500") for _ in "ab")
        write_off = self.env["rcm.write.off"].create(
            {
                "kind": "administrative",
                "reason": "Filing limit missed",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({"claim_id": claim.id, "amount": 120}),
                    Command.create({"claim_id": other.id, "amount": 30}),
                ],
            }
        )
        self.assertEqual(self.amount(write_off), 150)
        self.assertEqual([self.amount(line) for line in write_off.line_ids], [120, 30])

    def test_a_refund(self):
        refund = self.env["rcm.refund"].create(
            {
                "kind": "patient",
                "patient_id": self.claim_open(charge="100").patient_id.id,
                "amount": 20,
                "reason": "Deposit left over",
                "journal_id": self.bank().id,
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self.amount(refund), 20)

    def test_a_payment_run_counts_in_the_companys_currency(self):
        self.set_policy("vendor_bill", 100000)
        for currency in (self.company.currency_id, self.euro):
            self.move(100, currency=currency).action_post()
        run = self.env["rcm.payment.run"].create(
            {"journal_id": self.bank().id, "company_id": self.company.id}
        )
        run.action_propose()
        self.assertEqual(self.amount(run), 300)
        amounts = sorted(self.amount(line) for line in run.line_ids)
        self.assertEqual(amounts, [100, 200])

    def test_a_budget_line_and_its_change(self):
        line = self.budget(100)
        self.assertEqual(self.amount(line), 100)
        revision = self.env["rcm.budget.revision"].create(
            {
                "budget_id": line.budget_id.id,
                "reason": "Fewer patients",
                "line_ids": [
                    Command.create({"line_id": line.id, "amount": 70}),
                    Command.create({"analytic_account_id": self.lab.id, "amount": 40}),
                ],
            }
        )
        self.assertEqual([self.amount(line) for line in revision.line_ids], [30, 40])

    def test_a_fund_and_an_outsourced_contract(self):
        days = {"date_from": "2020-01-01", "date_to": "2099-12-31"}
        fund = self.env["rcm.fund"].create(
            {
                "number": "G-1",
                "name": "Nursing grant",
                "company_id": self.company.id,
                "amount": 1000,
                **days,
            }
        )
        self.assertEqual(self.amount(fund), 1000)
        contract = self.env["rcm.outsourced.contract"].create(
            {
                "name": "C-1",
                "company_id": self.company.id,
                "partner_id": self.vendor.id,
                "product_id": self.service.id,
                "contract_currency_id": self.euro.id,
                "rate": 50,
                "ceiling_quantity": 20,
                "owner_id": self.manager.id,
                **days,
            }
        )
        self.assertEqual(self.amount(contract), 2000)
        contract.ceiling_amount = 1500
        self.assertEqual(self.amount(contract), 1500)
        contract.write({"ceiling_amount": 0, "ceiling_quantity": 0})
        self.assertEqual(contract._rcm_case_amount(), 0)
