"""Client invoices under the policies, and what claims say of their risk."""

from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestClientInvoiceApproval(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_policy("customer_invoice", 50)
        cls.set_policy("credit_note", 50)
        service = builders.service_code(cls.env)
        cls.client_of = cls.env["rcm.client"].create(
            {
                "name": "Test Hospital",
                "code": builders.number("CL"),
                "next_invoice_date": "2026-04-03",
                "price_ids": [
                    Command.create({"service_code_id": service.id, "amount": 40.0})
                ],
            }
        )
        builders.invoice_rule(cls.env, "client")
        cls.biller = cls.person("biller", groups=None)
        cls.manager = cls.person("finance_manager", groups=None)

    def draft(self, services):
        """The month's draft of so many services at 40."""
        for _number in range(services):
            encounter = builders.encounter(
                self.env, ["100"], client_id=self.client_of.id
            )
            for state in ("completed", "coded", "ready"):
                encounter._rcm_set_state(state)
            encounter.coding_signed_off = True
            encounter._rcm_bill()
        with patch.object(
            fields.Date,
            "context_today",
            staticmethod(lambda *_args, **_kw: date(2026, 4, 3)),
        ):
            self.client_of._rcm_invoice_due()
        return self.env["rcm.client.invoice"].search(
            [("client_id", "=", self.client_of.id)], order="id desc", limit=1
        )

    def test_a_small_one_is_posted_at_once(self):
        invoice = self.draft(1)
        invoice.with_user(self.biller).action_post()
        self.assertEqual(invoice.state, "posted")

    def test_a_large_one_waits_and_so_does_its_credit(self):
        invoice = self.draft(2)
        self.assertEqual(invoice.amount_total, 80)
        said = invoice.with_user(self.biller).action_post()
        self.assertEqual((invoice.state, said["params"]["type"]), ("draft", "warning"))
        self.approve(invoice)
        self.assertEqual((invoice.state, invoice.move_id.state), ("posted",) * 2)
        invoice.with_user(self.manager).action_credit()
        self.assertEqual(invoice.state, "posted")
        self.approve(invoice)
        self.assertEqual(invoice.state, "credited")


@tagged("post_install", "-at_install")
class TestClaimRisk(DocumentCase):
    def factors(self, claim):
        return dict(claim._rcm_approval_facts("clear")["facts"].risk_factors)

    def test_a_plain_claim_has_none(self):
        claim = self.claim_open(charge="500", expected="200")
        self.assertEqual(
            self.factors(claim),
            {
                "missing_authorization": Decimal(0),
                "manual_adjustment": Decimal(0),
                "exception_severity": Decimal(0),
                "deviation_percent": Decimal("0.0"),
            },
        )

    def test_services_without_the_authorization_they_need(self):
        claim = self.claim_open(charge="500", expected="200")
        claim.line_ids.service_code_id.authorization_required = True
        self.assertEqual(self.factors(claim)["missing_authorization"], 1)

    def test_the_worst_of_its_open_exceptions(self):
        claim = self.claim_open(charge="500", expected="200")
        kinds = self.env["rcm.exception.type"].search([("severity", "=", "3")], limit=1)
        claim._rcm_raise_case(kinds.code, "Look at it")
        self.env.invalidate_all()
        self.assertEqual(self.factors(claim)["exception_severity"], 3)
        claim._rcm_resolve_cases([kinds.code], "Seen")
        claim._rcm_raise_case("approval_stalled", "Nobody decides")
        self.env.invalidate_all()
        self.assertEqual(self.factors(claim)["exception_severity"], 0)

    def test_the_share_that_the_contract_has_no_price_for(self):
        claim = self.claim_open(lines=["300", "100"], charge="400", expected="200")
        claim.line_ids[1]._rcm_write({"is_priced": False})
        self.assertEqual(self.factors(claim)["deviation_percent"], Decimal("25.0"))

    def test_what_is_charged_below_the_contracts_price(self):
        """A payer pays no more than the charge: 120 agreed, 100 charged."""
        claim = self.claim_open(charge="100", expected="100")
        self.assertEqual(self.factors(claim)["deviation_percent"], Decimal("0.0"))
        fixed = {"op": "fixed", "rate": "120.00"}
        cap = {"op": "cap", "charge": "100.00", "percent": "100"}
        trace = [
            {"code": "contract", "text": "Contract", "facts": {"digits": 2}},
            {"code": "method", "text": "Fixed", "amount": "120.00", "facts": fixed},
            {"code": "cap", "text": "Charge", "amount": "100.00", "facts": cap},
            {"code": "expected", "text": "Expected", "amount": "100.00"},
        ]
        claim.line_ids._rcm_write({"pricing_trace": trace})
        self.assertEqual(self.factors(claim)["deviation_percent"], Decimal("16.7"))

    def test_what_is_expected_otherwise_than_the_contract_says(self):
        claim = self.claim_open(charge="500", expected="200")
        self.assertTrue(claim.line_ids.pricing_trace)
        claim.line_ids._rcm_write({"expected_amount": 250})
        self.assertEqual(self.factors(claim)["deviation_percent"], Decimal("25.0"))

    def test_money_people_changed_on_its_charges(self):
        claim = self.claim_open(charge="500", expected="200")
        self.env["rcm.charge.review"]._rcm_create(
            [
                {
                    "charge_id": claim.line_ids.charge_id.id,
                    "user_id": self.clerk.id,
                    "old_amount": 400,
                    "new_amount": 500,
                }
            ]
        )
        self.assertEqual(self.factors(claim)["manual_adjustment"], 100)
