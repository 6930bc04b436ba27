from datetime import date, timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import builders
from .client_invoice_common import ClientInvoiceCase
from .ledger_common import difference

MARCH = date(2026, 3, 1)


@tagged("post_install", "-at_install")
class TestRcmClientInvoice(ClientInvoiceCase):
    """One invoice a month to a client that orders services."""

    # ------------------------------------------------------------------
    # Billing leaves them to the month
    # ------------------------------------------------------------------
    def test_encounter_waits_for_the_month_without_a_claim(self):
        encounter = self.ready()
        self.assertEqual(encounter.state, "ready")
        self.assertFalse(encounter.claim_ids)
        self.assertIn("Test Hospital", encounter.waiting_for)

    def test_without_a_client_billing_goes_on_as_usual(self):
        payer = builders.payer(self.env)
        builders.contract(self.env, payer)
        claim = builders.claims_of(builders.encounter(self.env, ["100"], (payer,)))
        self.assertEqual(claim.invoice_rule, "now")

    def test_missing_price_is_a_case_and_the_rest_is_invoiced(self):
        other = builders.service_code(self.env, "80053")
        encounter = self.ready(("100", "60"))
        encounter.charge_ids[1].write({"service_code_id": other.id, "code": "80053"})
        encounter._rcm_bill()
        case = encounter.rcm_case_ids
        self.assertEqual(case.type_code, "client_price_missing")
        self.assertIn("80053", case.message)
        invoice = self.run_on(date(2026, 4, 3))
        self.assertEqual(invoice.line_ids.charge_id, encounter.charge_ids[0])
        invoice._rcm_post()
        self.assertEqual(encounter.state, "ready")
        self.client_of.price_ids = [Command.create({"code": "80053", "amount": 9.0})]
        case.action_reprocess()
        self.assertEqual(case.state, "resolved")
        later = self.run_on(date(2026, 5, 3)) - invoice
        later._rcm_post()
        self.assertEqual(later.amount_total, 9.0)
        self.assertEqual(encounter.state, "billed")

    # ------------------------------------------------------------------
    # The month
    # ------------------------------------------------------------------
    def test_one_invoice_a_month_to_the_cent(self):
        first, second = self.ready(("100", "100")), self.ready()
        before = self.trial_balance()
        invoice = self.run_on(date(2026, 4, 3))
        self.assertEqual((invoice.state, invoice.amount_total), ("draft", 120.0))
        self.assertEqual(invoice.period_end, date(2026, 3, 31))
        self.assertEqual(difference(self.trial_balance(), before), {})
        invoice.action_post()
        self.assertEqual(
            difference(self.trial_balance(), before),
            {"receivable_client": Decimal(120), "revenue": Decimal(-120)},
        )
        move = invoice.move_id
        self.assertEqual(move.rcm_kind, "client_invoice")
        self.assertEqual(move.partner_id, self.client_of.partner_id)
        self.assertEqual(len(move.invoice_line_ids), 3)
        self.assertEqual((first | second).mapped("state"), ["billed"] * 2)
        self.assertEqual((first | second).charge_ids.mapped("state"), ["billed"] * 3)

    def check_tie(self, as_of):
        """Ageing and accounts are the same; return what clients owe by invoice."""
        self.env.flush_all()
        self.env["rcm.ageing"].invalidate_model()  # rows of another day
        Ageing = self.env["rcm.ageing"].with_context(rcm_as_of=str(as_of))
        for purpose, (buckets, ledger) in Ageing._rcm_tie_out(self.company).items():
            with self.subTest(day=as_of, purpose=purpose):
                total = self.company.currency_id.round(sum(buckets.values()))
                self.assertEqual(total - ledger, 0.0)
        rows = Ageing.search(
            [("company_id", "=", self.company.id), ("responsibility", "=", "client")]
        )
        return {(row.client_id, row.debtor, row.bucket): row.amount for row in rows}

    def test_client_receivables_age_and_tie_to_the_ledger(self):
        self.ready(("100", "100"))
        invoice = self.run_on(date(2026, 4, 3))
        invoice.action_post()
        move, client = invoice.move_id, self.client_of
        day = move.invoice_date
        self.assertEqual(self.check_tie(day), {(client, "Test Hospital", "a"): 80.0})
        self.assertEqual(
            self.check_tie(day + timedelta(days=95)),
            {(client, "Test Hospital", "d"): 80.0},
        )
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        paid = day + timedelta(days=10)
        wizard.create({"amount": 30.0, "payment_date": paid})._create_payments()
        self.assertEqual(self.check_tie(paid), {(client, "Test Hospital", "a"): 50.0})
        before = paid - timedelta(days=1)
        self.assertEqual(self.check_tie(before), {(client, "Test Hospital", "a"): 80.0})
        self.assertEqual(self.check_tie(day - timedelta(days=1)), {})

    def test_payment_of_a_client_without_invoice_stands_as_its_credit(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_id": self.client_of.partner_id.id,
                "amount": 25.0,
                "date": "2026-04-10",
                "journal_id": self.env["account.journal"]
                .search(
                    [("type", "=", "bank"), ("company_id", "=", self.company.id)],
                    limit=1,
                )
                .id,
            }
        )
        payment.action_post()
        found = self.check_tie(date(2026, 4, 10))
        self.assertEqual(found, {(self.client_of, "Test Hospital", "a"): -25.0})

    def test_run_again_changes_nothing(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        self.client_of.next_invoice_date = "2026-04-03"
        self.ready()
        self.assertEqual(self.run_on(date(2026, 4, 3)), invoice)
        self.assertEqual(len(invoice.line_ids), 1)

    def test_second_invoice_of_a_period_is_refused_by_the_database(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            self.Invoice._rcm_create(
                [
                    {
                        "name": "again",
                        "client_id": self.client_of.id,
                        "company_id": self.company.id,
                        "period_start": invoice.period_start,
                        "period_end": invoice.period_end,
                    }
                ]
            )
        self.assertIn("period_uniq", str(caught.exception))

    def test_a_charge_is_on_one_invoice_only(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        line = invoice.line_ids
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            line._rcm_create(
                [{"invoice_id": invoice.id, "charge_id": line.charge_id.id}]
            )
        self.assertIn("charge_once", str(caught.exception))

    def test_cut_off_leaves_later_services_to_the_next_month(self):
        self.ready(service_date=date(2026, 3, 31))
        self.ready(service_date=date(2026, 4, 1))
        invoice = self.run_on(date(2026, 4, 3))
        self.assertEqual(invoice.line_ids.service_date, date(2026, 3, 31))
        both = self.run_on(date(2026, 5, 3))
        self.assertEqual(len(both), 2)

    def test_months_behind_are_caught_up_each_by_itself(self):
        self.ready(service_date=date(2026, 3, 10))
        self.ready(service_date=date(2026, 4, 10))
        invoices = self.run_on(date(2026, 6, 20))
        self.assertEqual(
            invoices.mapped("period_start"), [date(2026, 3, 1), date(2026, 4, 1)]
        )
        self.assertEqual(self.client_of.next_invoice_date, date(2026, 7, 3))

    def test_months_without_services_make_no_invoice(self):
        self.assertFalse(self.run_on(date(2026, 6, 20)))

    def test_scheduled_action_posts_where_no_review_is_wanted(self):
        self.client_of.write({"auto_post": True, "next_invoice_date": "2026-04-03"})
        self.ready()
        self.env["rcm.client"]._cron_client_invoices()
        invoice = self.client_of.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertGreater(self.client_of.next_invoice_date, fields.Date.today())

    # ------------------------------------------------------------------
    # What others may see and do
    # ------------------------------------------------------------------
    def test_detail_file_names_no_patient(self):
        encounter = self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        text = invoice.detail_id.raw.decode()
        self.assertIn(encounter.number, text)
        person = encounter.patient_id
        for secret in (person.first_name, person.last_name, person.mrn, person.name):
            self.assertNotIn(f",{secret},", text)
        self.assertNotIn(encounter.charge_ids.code, invoice.move_id.line_ids.mapped(
            "name"))  # fmt: skip
        self.assertIn(encounter.charge_ids.code, text)

    def test_roles(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        for role in ("coder", "cash_poster", "auditor", "approver"):
            own = invoice.with_user(self.user(role))
            with self.subTest(role):
                self.assertEqual(own.amount_total, 40.0)
                for step in (own.action_post, own.action_cancel, own.action_credit):
                    with self.assertRaises(AccessError):
                        step()
        biller = invoice.with_user(self.user("biller"))
        with self.assertRaises(AccessError):
            biller.write({"amount_total": 1.0})
        biller.action_post()
        self.assertEqual(invoice.state, "posted")
        with self.assertRaises(AccessError):
            biller.action_credit()

    def test_posted_invoice_is_not_cancelled(self):
        self.ready()
        invoice = self.run_on(date(2026, 4, 3))
        invoice._rcm_post()
        with self.assertRaises(UserError):
            invoice.action_cancel()

    def test_prices_do_not_overlap(self):
        with self.assertRaises(ValidationError):
            self.client_of.price_ids = [
                Command.create({"code": self.service.code, "amount": 1.0})
            ]
