from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from . import builders
from .ledger_common import LedgerCase, difference

D = Decimal


@tagged("post_install", "-at_install")
class TestRcmServiceContract(LedgerCase):
    """Services paid for by the period, each period once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env)
        cls.service = builders.service_code(cls.env)
        cls.patient = builders.patient(cls.env, cls.facility)

    def contract(self, start="2026-01-01", price=310.0, **values):
        return self.env["rcm.service.contract"].create(
            {
                "name": builders.number("SC"),
                "facility_id": self.facility.id,
                "patient_id": self.patient.id,
                "date_from": start,
                "line_ids": [
                    Command.create({"service_code_id": self.service.id, "price": price})
                ],
                **values,
            }
        )

    def run_on(self, contract, day):
        with patch.object(
            fields.Date, "context_today", staticmethod(lambda *_args, **_kw: day)
        ):
            contract._rcm_bill_periods()

    def user(self, role):
        return new_test_user(
            self.env,
            login=f"contract_{role}",
            groups=f"healthcare_rcm_base.group_{role}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_line_without_a_price_takes_the_charge_master_s(self):
        self.service.standard_charge = 150.0
        line = [Command.create({"service_code_id": self.service.id})]
        self.assertEqual(self.contract(line_ids=line).line_ids.price, 150.0)
        self.env["rcm.service.charge"].create(
            {
                "service_code_id": self.service.id,
                "facility_id": self.facility.id,
                "company_id": self.company.id,
                "amount": 175.0,
                "date_from": "2026-02-01",
            }
        )
        for start, price in (("2026-01-01", 150.0), ("2026-02-01", 175.0)):
            with self.subTest(start):
                self.assertEqual(
                    self.contract(start, line_ids=line).line_ids.price, price
                )
        self.assertEqual(self.contract("2026-02-01").line_ids.price, 310.0)

    def test_first_part_and_catch_up_to_the_cent(self):
        contract = self.contract("2026-01-20")
        contract._rcm_activate()
        before = self.trial_balance()
        for _again in range(2):
            self.run_on(contract, date(2026, 3, 15))
        periods = contract.period_ids.sorted("date_from")
        self.assertEqual(
            [(item.date_from, item.date_to, item.amount_total) for item in periods],
            [
                (date(2026, 1, 20), date(2026, 1, 31), 120.0),
                (date(2026, 2, 1), date(2026, 2, 28), 310.0),
                (date(2026, 3, 1), date(2026, 3, 31), 310.0),
            ],
        )
        self.assertEqual(
            difference(self.trial_balance(), before),
            {"receivable_patient": D(740), "revenue": D(-740)},
        )
        self.assertEqual(contract.next_date, date(2026, 4, 1))
        self.assertEqual(periods[0].move_id.partner_id, self.patient.guarantor_id)
        self.assertEqual(periods[0].move_id.rcm_kind, "contract_invoice")
        self.assertNotIn(self.service.code, periods.move_id.line_ids.mapped("name"))

    def test_client_owes_on_its_own_receivable(self):
        client = self.env["rcm.client"].create(
            {"name": "Works", "code": builders.number("CL")}
        )
        contract = self.contract(patient_id=False, client_id=client.id)
        contract._rcm_activate()
        before = self.trial_balance()
        self.run_on(contract, date(2026, 1, 1))
        self.assertEqual(
            difference(self.trial_balance(), before),
            {"receivable_client": D(310), "revenue": D(-310)},
        )

    def test_same_period_twice_is_refused_by_the_database(self):
        contract = self.contract()
        contract._rcm_activate()
        self.run_on(contract, date(2026, 1, 5))
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            contract.period_ids._rcm_create(
                [
                    {
                        "contract_id": contract.id,
                        "date_from": "2026-01-01",
                        "date_to": "2026-01-31",
                    }
                ]
            )
        self.assertIn("period_uniq", str(caught.exception))

    def test_contract_ends_with_a_part(self):
        contract = self.contract(date_to="2026-02-14")
        contract._rcm_activate()
        self.run_on(contract, date(2026, 6, 1))
        self.assertEqual(contract.state, "ended")
        self.assertEqual(
            contract.period_ids.sorted("date_from").mapped("amount_total"),
            [310.0, 155.0],
        )
        with self.assertRaises(ValidationError):
            contract.date_to = "2026-01-20"

    def test_parts_may_cost_the_whole(self):
        contract = self.contract("2026-01-20", prorate=False)
        contract._rcm_activate()
        self.run_on(contract, date(2026, 1, 20))
        self.assertEqual(contract.period_ids.amount_total, 310.0)

    def test_pause_is_not_invoiced(self):
        contract = self.contract()
        contract._rcm_activate()
        self.run_on(contract, date(2026, 1, 5))
        contract._rcm_set_state("suspended")
        self.run_on(contract, date(2026, 4, 5))
        with patch.object(
            fields.Date,
            "context_today",
            staticmethod(lambda *_args, **_kw: date(2026, 4, 5)),
        ):
            contract._rcm_activate()
        self.run_on(contract, date(2026, 4, 5))
        self.assertEqual(
            contract.period_ids.sorted("date_from").mapped("date_from"),
            [date(2026, 1, 1), date(2026, 4, 1)],
        )

    def test_credited_period_leaves_nothing(self):
        contract = self.contract()
        contract._rcm_activate()
        before = self.trial_balance()
        self.run_on(contract, date(2026, 1, 5))
        period = contract.period_ids
        period.with_user(self.user("finance_manager")).action_credit()
        self.assertEqual(difference(self.trial_balance(), before), {})
        self.assertEqual(period.state, "credited")
        self.assertEqual(period.move_id.payment_state, "reversed")

    def test_scheduled_action_reports_what_it_cannot_invoice(self):
        contract = self.contract()
        contract._rcm_activate()
        self.patient.guarantor_id = False
        self.env["rcm.service.contract"]._cron_bill_contracts()
        self.assertEqual(contract.rcm_case_ids.type_code, "contract_invoice_failed")
        self.assertFalse(contract.period_ids)

    def test_invoiced_contracts_keep_their_terms(self):
        contract = self.contract()
        contract._rcm_activate()
        self.run_on(contract, date(2026, 1, 5))
        for vals in ({"date_from": "2026-01-02"}, {"interval": "year"}):
            with self.subTest(vals), self.assertRaises(UserError):
                contract.write(vals)

    def test_contract_has_one_debtor(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            self.contract(patient_id=False)
        self.assertIn("one_debtor", str(caught.exception))

    def test_roles(self):
        contract = self.contract()
        users = {
            role: self.user(role)
            for role in ("biller", "front_desk", "auditor", "approver")
        }
        for role, user in users.items():
            with self.subTest(role), self.assertRaises(AccessError):
                contract.with_user(user).action_activate()
        contract.with_user(self.user("finance_manager")).action_activate()
        self.assertEqual(contract.state, "active")
        self.run_on(contract, date(2026, 1, 5))
        biller = contract.with_user(users["biller"])
        with self.assertRaises(AccessError):
            biller.period_ids.action_credit()
        with self.assertRaises(AccessError):
            biller.write({"next_date": "2020-01-01"})
        biller.action_suspend()
        self.assertEqual(contract.state, "suspended")
