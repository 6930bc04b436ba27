"""Invoices of service contracts, made by the clock, stand under the policies."""

from datetime import date
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestServiceContractApproval(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env)
        cls.patient = builders.patient(cls.env, cls.facility)
        cls.manager = cls.person("finance_manager", groups=None)

    def contract(self, price, **values):
        service = builders.service_code(self.env)
        contract = self.env["rcm.service.contract"].create(
            {
                "name": builders.number("SC"),
                "facility_id": self.facility.id,
                "patient_id": self.patient.id,
                "date_from": "2026-01-01",
                "line_ids": [
                    Command.create({"service_code_id": service.id, "price": price})
                ],
                **values,
            }
        )
        contract._rcm_activate()
        return contract

    def on(self, day, method):
        with patch.object(
            fields.Date, "context_today", staticmethod(lambda *_args, **_kw: day)
        ):
            return method()

    def clock(self, day):
        contracts = self.env["rcm.service.contract"]
        self.on(day, contracts._cron_bill_contracts)

    def test_a_small_one_is_invoiced_by_the_clock_and_says_why(self):
        contract = self.contract(310)
        self.clock(date(2026, 1, 15))
        self.assertEqual(contract.period_ids.state, "billed")
        self.assertFalse(self.requests(contract))
        row = self.env["rcm.audit.log"].search(
            [
                ("event", "=", "approval.straight_through"),
                ("model", "=", contract._name),
                ("res_id", "=", contract.id),
            ]
        )
        self.assertEqual(len(row), 1)

    def test_a_large_one_waits_once_and_is_invoiced_by_its_approval(self):
        contract = self.contract(3100)
        for _again in range(2):
            self.clock(date(2026, 1, 15))
        self.assertFalse(contract.period_ids)
        request = self.requests(contract)
        self.assertEqual((len(request), request.state), (1, "pending"))
        self.assertEqual(request.document_type, "customer_invoice")
        self.assertEqual(request.amount, 3100)
        self.assertEqual(request.name, f"Post {contract.name} (2026-01-01)")
        self.on(date(2026, 1, 16), lambda: self.approve(contract))
        self.assertEqual(contract.period_ids.move_id.state, "posted")
        self.assertEqual(contract.next_date, date(2026, 2, 1))

    def test_each_period_is_a_question_of_its_own(self):
        contract = self.contract(3100)
        self.clock(date(2026, 1, 15))
        self.on(date(2026, 1, 16), lambda: self.approve(contract))
        self.clock(date(2026, 2, 2))
        states = self.requests(contract).sorted("id").mapped("state")
        self.assertEqual(states, ["approved", "pending"])
        self.assertEqual(len(contract.period_ids), 1)

    def test_a_changed_price_is_another_question(self):
        contract = self.contract(3100)
        self.clock(date(2026, 1, 15))
        contract.line_ids.price = 4000
        self.on(date(2026, 1, 16), lambda: self.approve(contract))
        self.assertEqual(self.requests(contract).state, "voided")
        self.assertFalse(contract.period_ids)

    def test_what_waits_is_looked_at_once_a_day(self):
        contract = self.contract(3100)
        self.clock(date(2026, 1, 15))
        self.assertEqual(contract.asked_on, date(2026, 1, 15))
        due = self.on(date(2026, 1, 15), contract._rcm_due_domain)
        self.assertFalse(contract.filtered_domain(due))
        due = self.on(date(2026, 1, 16), contract._rcm_due_domain)
        self.assertTrue(contract.filtered_domain(due))

    def test_refused_and_changed_it_is_asked_again_the_next_day(self):
        contract = self.contract(3100)
        self.clock(date(2026, 1, 15))
        request = self.requests(contract)
        request.with_user(self.approver)._rcm_decide_many("refused", "Too much")
        self.clock(date(2026, 1, 16))
        self.assertEqual(len(self.requests(contract)), 1)
        contract.line_ids.price = 2000
        self.clock(date(2026, 1, 17))
        self.assertEqual(self.requests(contract).sorted("id")[-1].amount, 2000)

    def test_a_period_that_waits_holds_up_those_after_it(self):
        contract = self.contract(3100)
        self.clock(date(2026, 3, 15))
        self.assertEqual(len(self.requests(contract)), 1)
        self.assertEqual(contract.next_date, date(2026, 1, 1))

    def test_without_a_policy_nothing_is_invoiced_and_a_case_says_so(self):
        self.env["rcm.approval.policy"].search(
            [("document_type", "=", "customer_invoice")]
        ).active = False
        contract = self.contract(310)
        self.clock(date(2026, 1, 15))
        self.assertFalse(contract.period_ids)
        self.assertEqual(contract.rcm_case_ids.type_code, "approval_stalled")

    def test_the_credit_of_a_large_period_waits_too(self):
        contract = self.contract(900)
        self.clock(date(2026, 1, 15))
        period = contract.period_ids
        self.set_policy("credit_note", 500)
        period.with_user(self.manager).action_credit()
        self.assertEqual(
            (period.state, period.rcm_approval_state), ("billed", "pending")
        )
        self.approve(period)
        self.assertEqual(period.state, "credited")

    def test_clients_contracts_are_under_a_clients_contract(self):
        self.assertIsNone(
            self.contract(310)
            ._rcm_approval_facts("post:2026-01-01")["facts"]
            .contract_type
        )
        client = self.env["rcm.client"].create(
            {"name": "Works", "code": builders.number("CL")}
        )
        contract = self.contract(310, patient_id=False, client_id=client.id)
        facts = contract._rcm_approval_facts("post:2026-01-01")["facts"]
        self.assertEqual(facts.contract_type, "client")
        self.assertEqual(facts.department, self.facility.analytic_account_id.id)
