from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from . import builders
from .common_ground import role_user
from .ledger_common import LedgerCase

D = Decimal
PURPOSES = (
    "receivable_payer",
    "receivable_patient",
    "patient_unbilled",
    "patient_credits",
    "unapplied_payer_cash",
)


@tagged("post_install", "-at_install")
class TestPatientBalance(LedgerCase):
    """A patient's account by who owes: the ledger's numbers, for the front desk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env, cls.company)
        cls.first = builders.invoiced_claim(
            cls.env, facility=cls.facility, charge="1000", expected="400"
        )
        cls.patient = cls.first.patient_id
        cls.selfpay = builders.invoiced_claim(
            cls.env,
            facility=cls.facility,
            charge="300",
            self_pay=True,
            patient=cls.patient,
            service_date=date(2026, 3, 9),
        )

    def numbers(self, patient=None):
        patient = patient or self.patient
        patient.invalidate_recordset()
        self.env.flush_all()
        return {
            "insurance": patient.insurance_balance,
            "patient": patient.patient_balance,
            "unbilled": patient.unbilled_balance,
            "credit": patient.credit_balance,
            "unapplied": patient.unapplied_balance,
            "net": patient.net_balance,
        }

    def remit(self, claim, **amounts):
        self.post_remittance(claim, {key: D(value) for key, value in amounts.items()})

    def ledger_total(self):
        """What the accounts of the company say, asked without any claim."""
        self.env.flush_all()
        accounts = [self.company._rcm_account(key).id for key in PURPOSES]
        [[total]] = self.env.execute_query(
            SQL(
                "SELECT SUM(balance)::text FROM account_move_line WHERE company_id = "
                "%s AND account_id IN %s AND parent_state = 'posted'",
                self.company.id,
                tuple(accounts),
            )
        )
        return float(total)

    def check_tie(self):
        patients = self.env["rcm.patient.account"].search(
            [("company_id", "=", self.company.id)]
        )
        patients.invalidate_recordset()
        total = self.company.currency_id.round(sum(patients.mapped("net_balance")))
        self.assertEqual(total, self.ledger_total())

    def test_balances_by_responsibility_and_their_tie(self):
        self.assertEqual(
            self.numbers(),
            {
                "insurance": 1000.0,
                "patient": 300.0,
                "unbilled": 0.0,
                "credit": 0.0,
                "unapplied": 0.0,
                "net": 1300.0,
            },
        )
        self.remit(
            self.first,
            clearing="320",
            reserve="500",
            patient_unbilled="80",
            receivable_payer="-900",
        )
        found = self.numbers()
        self.assertEqual((found["insurance"], found["unbilled"]), (100.0, 80.0))
        self.check_tie()
        self.first._rcm_create_patient_invoices()
        found = self.numbers()
        self.assertEqual((found["patient"], found["unbilled"]), (380.0, 0.0))
        self.remit(self.first, clearing="150", receivable_payer="-150")
        found = self.numbers()
        self.assertEqual((found["insurance"], found["credit"]), (0.0, -50.0))
        self.check_tie()

    def test_payment_counts_where_it_was_used(self):
        invoice = self.selfpay.invoice_id
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": 340.0, "payment_date": date.today()})._create_payments()
        found = self.numbers()
        self.assertEqual((found["patient"], found["unapplied"]), (0.0, -40.0))
        other = builders.patient(
            self.env, self.facility, guarantor_id=self.patient.guarantor_id.id
        )
        other.guarantor_relationship = "parent"
        self.assertEqual(self.numbers(other)["net"], 0.0, "counted on one account")
        self.assertEqual(self.numbers()["unapplied"], -40.0)
        self.check_tie()

    def test_every_number_opens_what_makes_it(self):
        action = self.patient.with_context(
            rcm_responsibility="insurance"
        ).action_open_balance()
        rows = self.env["rcm.patient.balance"].search(action["domain"])
        self.assertEqual(rows.claim_id, self.first)
        self.assertEqual(rows.payer_id, self.first.payer_id)
        self.assertEqual(sum(rows.mapped("amount")), self.patient.insurance_balance)
        self.assertEqual(rows.action_open_claim()["res_id"], self.first.id)
        items = self.env["account.move.line"].search(rows.action_open_items()["domain"])
        self.assertEqual(sum(items.mapped("balance")), 1000.0)

    def test_denied_part_is_shown_within_insurance(self):
        self.first.line_ids._rcm_set_state("denied")
        self.env.flush_all()
        self.patient.invalidate_recordset()
        self.assertEqual(self.patient.denied_balance, 1000.0)
        self.assertEqual(self.patient.insurance_balance, 1000.0)

    def test_denied_part_of_a_claim_of_two_payers_is_counted_once(self):
        first, second = builders.payer(self.env), builders.payer(self.env)
        patient = builders.patient(self.env, self.facility)
        builders.contract(self.env, first)
        claim = builders.claims_of(
            builders.encounter(
                self.env, ["220", "30"], [first, second], patient=patient
            )
        )
        claim._rcm_create_invoices()
        # the second service moves on to the next payer, the first one is denied
        for amount, payer in ((Decimal(30), first), (Decimal(-30), second)):
            self.post_remittance(
                claim, {"clearing": amount, "receivable_payer": -amount}, payer
            )
        claim.line_ids[0]._rcm_set_state("denied")
        self.env.flush_all()
        patient.invalidate_recordset()
        self.assertEqual(
            {row.payer_id: row.denied_amount for row in patient.balance_ids},
            {first: 220.0, second: 0.0},
        )
        self.assertEqual(
            (patient.denied_balance, patient.insurance_balance), (220, 250)
        )

    def test_one_question_for_many_accounts(self):
        more = self.env["rcm.patient.account"]
        for _n in range(3):
            more |= builders.patient(self.env, self.facility)
        self.env.flush_all()
        for patients in (self.patient, self.patient | more):
            self.env.invalidate_all()
            patients.mapped("currency_id.rounding")
            self.env["rcm.patient.balance"].check_access("read")
            with self.assertQueryCount(1):
                patients._compute_balances()

    def as_role(self, role):
        user = role_user(self.env, role, f"balance_{role}")
        user.company_ids = [Command.link(self.company.id)]
        return self.patient.with_user(user).with_context(
            allowed_company_ids=self.company.ids
        )

    def test_front_desk_answers_without_accounting_rights(self):
        patient = self.as_role("front_desk")
        self.assertEqual(patient.insurance_balance, 1000.0)
        self.assertEqual(len(patient.balance_ids), 2)
        Form(patient)
        with self.assertRaises(AccessError):
            patient.env["account.move.line"].search([])
        found = patient.search([("patient_balance", ">", 0)])
        self.assertEqual(found, patient)
        self.assertFalse(patient.search([("patient_balance", ">", 300)]))

    def test_others_see_no_balances(self):
        for role in ("payables", "executive", "integration", "approver"):
            patient = self.as_role(role)
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    patient.read(["insurance_balance"])
                with self.assertRaises(AccessError):
                    patient.env["rcm.patient.balance"].search([])
                if role == "approver":
                    Form(patient)  # the rest of the account opens all the same

    def test_balance_keeps_to_the_readers_facilities(self):
        patient = self.as_role("collector")
        patient.env.user.sudo().rcm_facility_ids = builders.facility(
            self.env, self.company
        )
        self.assertEqual(patient.sudo(False).net_balance, 0.0)
