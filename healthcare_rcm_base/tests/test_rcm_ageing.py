import base64
import io
from datetime import date, timedelta
from decimal import Decimal

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from . import builders
from .common_ground import role_user
from .ledger_common import LedgerCase

SERVED = date(2026, 3, 2)
D = Decimal


@tagged("post_install", "-at_install")
class TestAgeing(LedgerCase):
    """Receivables as of a day: every cent of the accounts, in the right bucket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env, cls.company)
        cls.insured = cls.bill(charge="1000", expected="400", patient_percent=20)
        cls.selfpay = cls.bill(charge="300", self_pay=True, concession_percent=40)

    @classmethod
    def bill(cls, **values):
        return builders.invoiced_claim(cls.env, facility=cls.facility, **values)

    def ageing(self, as_of=None, basis="service"):
        self.env.flush_all()
        return self.env["rcm.ageing"].with_context(
            rcm_as_of=str(as_of) if as_of else False, rcm_basis=basis
        )

    def rows(self, as_of=None, basis="service", claims=None):
        """``{(claim, responsibility): (bucket, amount)}``"""
        domain = [("company_id", "=", self.company.id)]
        if claims:
            domain.append(("claim_id", "in", claims.ids))
        groups = self.ageing(as_of, basis)._read_group(
            domain, ["claim_id", "responsibility", "bucket"], ["amount:sum"]
        )
        return {(claim, who): (bucket, amount) for claim, who, bucket, amount in groups}

    def check_tie(self, *days):
        """On each of the days ageing and accounts are the same to the cent."""
        for day in days or (date.today(),):
            tie_out = self.ageing(day)._rcm_tie_out(self.company)
            for purpose, (buckets, ledger) in tie_out.items():
                with self.subTest(day=day, purpose=purpose):
                    total = self.company.currency_id.round(sum(buckets.values()))
                    self.assertEqual(total - ledger, 0.0)

    def remit(self, claim, amounts, day=None):
        """A remittance entry, dated ``day``."""
        move = self.post_remittance(claim, amounts)
        if day:
            # The stand-in posts today; the ageing reads the date alone.
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE account_move_line SET date = %s WHERE move_id = %s",
                [day, move.id],
            )
            self.env.cr.execute(
                "UPDATE account_partial_reconcile p SET max_date = GREATEST(d.date, "
                "c.date) FROM account_move_line d, account_move_line c WHERE d.id = "
                "p.debit_move_id AND c.id = p.credit_move_id AND %s IN (d.move_id, "
                "c.move_id)",
                [move.id],
            )
            self.env.invalidate_all()
        return move

    def test_each_claim_stands_in_the_bucket_of_its_service(self):
        for days, bucket in (
            (0, "a"),
            (30, "a"),
            (31, "b"),
            (61, "c"),
            (91, "d"),
            (121, "e"),
        ):
            found = self.rows(SERVED + timedelta(days=days))
            self.assertEqual(found[self.insured, "insurance"], (bucket, 1000.0))
            self.assertEqual(found[self.selfpay, "patient"], (bucket, 300.0))
        self.assertFalse(self.rows(SERVED - timedelta(days=1)), "nothing was posted")
        self.check_tie(SERVED, SERVED + timedelta(days=400))

    def test_age_counts_from_the_day_chosen(self):
        self.insured._rcm_mark_submitted("2026-04-11 12:00:00")
        as_of = SERVED + timedelta(days=70)  # 11 May
        for basis, bucket in (("service", "c"), ("invoice", "c"), ("submission", "a")):
            with self.subTest(basis=basis):
                found = self.rows(as_of, basis)
                self.assertEqual(found[self.insured, "insurance"][0], bucket)
                self.assertEqual(found[self.selfpay, "patient"][0], "c")

    def test_partial_payment_patient_share_and_its_invoice(self):
        self.remit(
            self.insured,
            {
                "clearing": D("120.00"),
                "reserve": D("300.00"),
                "patient_unbilled": D("80.00"),
                "receivable_payer": D("-500.00"),
            },
        )
        found = self.rows(claims=self.insured)
        self.assertEqual(found[self.insured, "insurance"][1], 500.0)
        self.assertEqual(found[self.insured, "patient_unbilled"][1], 80.0)
        invoice = self.insured._rcm_create_patient_invoices()
        found = self.rows(claims=self.insured)
        self.assertNotIn((self.insured, "patient_unbilled"), found)
        self.assertEqual(found[self.insured, "patient"][1], 80.0)
        self.check_tie()
        # A payment registered on the invoice names no claim; it counts for this one.
        self.pay(invoice, 30.0)
        found = self.rows(claims=self.insured)
        self.assertEqual(found[self.insured, "patient"][1], 50.0)
        self.assertEqual(found[self.insured, "patient"][0], "e", "age stays")
        self.check_tie(SERVED, date.today())

    def pay(self, invoice, amount, day=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount, "payment_date": day or date.today()})
        )
        return wizard._create_payments()

    def test_payment_above_the_invoice_waits_for_its_use(self):
        guarantor = self.selfpay._rcm_guarantor_partner()
        self.pay(self.selfpay.invoice_id, 350.0)
        found = self.rows()
        self.assertNotIn((self.selfpay, "patient"), found)
        none = self.env["rcm.claim"]
        self.assertEqual(found[none, "patient"][1], -50.0)
        self.check_tie()
        [row] = self.ageing().search(
            [("claim_id", "=", False), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(row.amount, -50.0)
        line = self.env["account.move.line"].browse(row.id)
        self.assertEqual(line.partner_id, guarantor)

    def test_reversal_and_late_posting_dated_back(self):
        before = SERVED + timedelta(days=40)
        self.check_tie(before)
        amounts = {"clearing": D("250.00"), "receivable_payer": D("-250.00")}
        self.remit(self.insured, amounts, day=SERVED + timedelta(days=20))
        found = self.rows(before, claims=self.insured)
        self.assertEqual(found[self.insured, "insurance"], ("b", 750.0))
        mirror = {key: -value for key, value in amounts.items()}
        self.remit(self.insured, mirror, day=SERVED + timedelta(days=60))
        self.assertEqual(
            self.rows(before, claims=self.insured)[self.insured, "insurance"][1],
            750.0,
            "that day's figure stays",
        )
        self.assertEqual(
            self.rows(claims=self.insured)[self.insured, "insurance"][1], 1000.0
        )
        self.selfpay._rcm_credit_invoices("test")
        self.assertNotIn((self.selfpay, "patient"), self.rows())
        self.check_tie(before, SERVED + timedelta(days=20), date.today())

    def test_versions_of_a_claim_are_one_debt(self):
        before = self.rows(claims=self.insured)
        later = self.insured._rcm_create(
            [
                {
                    "name": self.insured.name,
                    "version": 2,
                    "frequency_code": "7",
                    "replaces_id": self.insured.id,
                    "original_reference": "ICN1",
                    "encounter_id": self.insured.encounter_id.id,
                    "company_id": self.company.id,
                    "facility_id": self.insured.facility_id.id,
                    "payer_id": self.insured.payer_id.id,
                    "service_date": self.insured.service_date,
                }
            ]
        )
        self.remit(later, {"clearing": D("400.00"), "receivable_payer": D("-400.00")})
        found = self.rows(claims=self.insured | later)
        self.assertEqual(before[self.insured, "insurance"][1], 1000.0)
        self.assertEqual(found, {(later, "insurance"): ("e", 600.0)})
        self.check_tie()

    def test_entry_beside_the_claims_is_a_difference(self):
        """The tie-out can fail: it shows what somebody else posted to the account."""
        self.post_other({"receivable_payer": D("12.34"), "bank": D("-12.34")})
        tie_out = self.ageing()._rcm_tie_out(self.company)
        buckets, ledger = tie_out["receivable_payer"]
        self.assertAlmostEqual(ledger - sum(buckets.values()), 12.34)
        report = self.report("finance_manager")
        self.assertFalse(report.tied)
        self.assertAlmostEqual(report.difference, -12.34)

    # -- the screen ------------------------------------------------------------------

    def person(self, role):
        user = role_user(self.env, role, f"ageing_{role}")
        user.write({"company_ids": [Command.link(self.company.id)]})
        return user

    def report(self, role, **values):
        user = self.person(role)
        Report = (
            self.env["rcm.ageing.report"]
            .with_user(user)
            .with_context(allowed_company_ids=self.company.ids)
        )
        report = Report.browse(Report.action_open()["res_id"])
        if values:
            report.write(values)
            report.action_compute()
        return report

    def test_report_shows_rows_ties_and_what_is_behind_them(self):
        report = self.report("finance_manager", as_of=SERVED + timedelta(days=35))
        self.assertTrue(report.tied)
        self.assertEqual(report.difference, 0.0)
        self.assertEqual(sum(report.row_ids.mapped("total")), 1300.0)
        self.assertEqual(sum(report.row_ids.mapped("amount_b")), 1300.0)
        names = {row.name: row for row in report.row_ids}
        self.assertEqual(set(names), {self.insured.payer_id.name, "Patients"})
        action = names[self.insured.payer_id.name].action_open()
        rows = (
            self.env["rcm.ageing"]
            .with_context(**action["context"])
            .search(action["domain"])
        )
        self.assertEqual(rows.claim_id, self.insured)
        self.assertEqual(rows.action_open_claim()["res_id"], self.insured.id)
        items = rows.action_open_items()
        found = self.env["account.move.line"].search(items["domain"])
        self.assertEqual(sum(found.mapped("balance")), 1000.0)
        tie = report.tie_ids.filtered(lambda row: row.purpose == "receivable_payer")
        found = self.env["account.move.line"].search(tie.action_open_items()["domain"])
        self.assertEqual(sum(found.mapped("balance")), tie.ledger)
        for by in ("facility_id", "responsibility", "plan_type"):
            report.write({"by": by})
            report.action_compute()
            self.assertEqual(sum(report.row_ids.mapped("total")), 1300.0)
            for row in report.row_ids:
                action = row.action_open()
                found = self.ageing(report.as_of).search(action["domain"])
                self.assertEqual(sum(found.mapped("amount")), row.total)

    def test_menu_opens_it_for_people_who_may_not_read_server_actions(self):
        action = self.env.ref("healthcare_rcm_base.rcm_ageing_report_action")
        opened = action.with_user(self.person("executive")).run()
        self.assertEqual(opened["res_model"], "rcm.ageing.report")

    def test_figures_of_other_values_are_not_shown(self):
        report = self.report("biller")
        with Form(report) as form:
            self.assertTrue(form.is_current)
            form.as_of = SERVED
            self.assertFalse(form.is_current)

    def test_export_holds_the_rows_and_the_tie_out(self):
        report = self.report("finance_manager")
        report.action_export()
        book = openpyxl.load_workbook(
            io.BytesIO(base64.b64decode(report.file_content)), read_only=True
        )
        rows = list(book["Ageing"].iter_rows(values_only=True))
        self.assertEqual(len(rows), 3)
        self.assertEqual(sum(row[-1] for row in rows[1:]), 1300.0)
        ties = list(book["Tie-out"].iter_rows(values_only=True))
        self.assertEqual([row[3] for row in ties[1:]], [0, 0, 0, 0])
        text = str(rows) + str(ties)
        self.assertNotIn(self.insured.patient_id.sudo().last_name, text)

    def test_who_sees_it(self):
        for role in ("front_desk", "coder", "payables", "integration"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.report(role)
            Ageing = self.env["rcm.ageing"].with_user(self.person(role))
            with self.assertRaises(AccessError):
                Ageing.search([])
        report = self.report("executive")
        self.assertTrue(report.tied)
        fields = self.env["rcm.ageing"]._fields
        self.assertFalse([name for name in fields if "patient" in name])

    def test_facility_and_company_limits(self):
        north = builders.facility(self.env, self.company)
        user = self.person("collector")
        user.rcm_facility_ids = north
        report = self.report("collector")
        self.assertFalse(report.row_ids)
        self.assertFalse(report.tie_ids, "company totals are not theirs")
        home = self.env.ref("base.main_company")
        stranger = new_test_user(
            self.env,
            "ageing_stranger",
            groups="healthcare_rcm_base.group_biller",
            company_id=home.id,
            company_ids=[Command.set(home.ids)],
        )
        found = self.env["rcm.ageing"].with_user(stranger)
        found = found.with_context(allowed_company_ids=stranger.company_id.ids)
        self.assertFalse(found.search([("company_id", "=", self.company.id)]))
