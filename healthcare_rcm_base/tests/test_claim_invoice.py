import json
from datetime import date, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..core.ledger_entries import EntryError
from . import builders
from .ledger_common import LedgerCase

# Statements a claim of a batch may cost at most; measured about half of it.
QUERIES_PER_CLAIM = 14


@tagged("post_install", "-at_install")
class TestClaimInvoice(LedgerCase):
    """Invoices of claims: what they hold, and what does not become one."""

    def test_invoice_equals_the_charge_and_carries_its_claim(self):
        claim = builders.invoiced_claim(
            self.env,
            charge="1000",
            expected="400",
            patient_percent=20,
            concession_percent=10,
        )
        move = claim.invoice_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(move.amount_total, 1000)
        self.assertEqual(move.amount_residual, 1000)
        self.assertEqual(move.payment_state, "not_paid")
        self.assertEqual(move.partner_id, claim.payer_id.partner_id)
        self.assertEqual(move.rcm_kind, "claim_invoice")
        self.assertEqual(move.journal_id, self.company._rcm_journal("claims"))
        self.assertTrue(move.name.startswith("RCMC/"))
        self.assertEqual(move.rcm_correlation_id, claim.correlation_id)
        for line in move.line_ids:
            self.assertEqual(line.rcm_claim_id, claim)
            self.assertEqual(line.rcm_encounter_id, claim.encounter_id)
            self.assertEqual(line.rcm_facility_id, claim.facility_id)
            self.assertEqual(line.partner_id, claim.payer_id.partner_id)

    def test_receivable_line_has_account_and_due_date(self):
        claim = builders.invoiced_claim(self.env)
        line = claim.invoice_id.line_ids.filtered(
            lambda item: item.display_type == "payment_term"
        )
        self.assertEqual(line.account_id, self.company._rcm_account("receivable_payer"))
        self.assertEqual(
            line.date_maturity,
            builders.SERVICE_DATE + timedelta(days=self.company.rcm_payer_due_days),
        )
        self.assertFalse(claim.invoice_id.invoice_payment_term_id)

    def test_nothing_clinical_on_the_entry(self):
        claim = builders.invoiced_claim(self.env)
        patient = claim.patient_id
        texts = claim.invoice_id.line_ids.mapped("name") + [
            claim.invoice_id.ref,
            claim.invoice_id.payment_reference,
            claim.invoice_id.narration or "",
            claim.invoice_id.invoice_origin or "",
        ]
        allowed = {claim.name, claim.encounter_id.number}
        for text in texts:
            with self.subTest(text=text):
                words = set((text or "").replace(" - ", " ").split())
                self.assertLessEqual(words, allowed)
        self.assertNotIn(patient.last_name, " ".join(text or "" for text in texts))

    def test_result_lines_carry_the_facility_in_analytics(self):
        claim = builders.invoiced_claim(self.env)
        analytic = claim.facility_id.analytic_account_id
        for line in claim.invoice_id.line_ids:
            result = line.account_id.account_type == "income"
            self.assertEqual(
                line.analytic_distribution or {},
                {str(analytic.id): 100} if result else {},
            )
        self.assertFalse(claim.invoice_id.line_ids.tax_ids)

    def test_self_pay_is_owed_by_the_guarantor(self):
        claim = builders.invoiced_claim(
            self.env, charge="500", self_pay=True, concession_percent=40
        )
        move = claim.invoice_id
        self.assertEqual(move.rcm_kind, "self_pay_invoice")
        self.assertEqual(move.partner_id, claim.guarantor_id)
        receivable = claim._rcm_receivable_lines()[claim]
        self.assertEqual(
            receivable.account_id, self.company._rcm_account("receivable_patient")
        )
        self.assertEqual(receivable.amount_residual, 500)

    def test_again_changes_nothing(self):
        claim = builders.invoiced_claim(self.env)
        before = self.trial_balance()
        move = claim.invoice_id
        self.assertEqual(claim._rcm_create_invoices(), claim)
        self.assertEqual(claim.invoice_id, move)
        self.assertEqual(self.trial_balance(), before)

    def test_receivable_of_the_stated_payer_only(self):
        claim = builders.invoiced_claim(self.env)
        other = builders.payer(self.env)
        self.assertTrue(claim._rcm_receivable_lines(claim.payer_id)[claim])
        self.assertFalse(claim._rcm_receivable_lines(other)[claim])

    # -- dates ---------------------------------------------------------------------

    def test_dated_on_the_last_day_of_service(self):
        claim = builders.invoiced_claim(
            self.env,
            service_date=date(2026, 3, 2),
            service_end="2026-03-05 10:30:00",
        )
        self.assertEqual(claim.invoice_id.invoice_date, date(2026, 3, 5))
        self.assertEqual(claim.invoice_id.date, date(2026, 3, 5))

    def test_service_in_the_future_is_invoiced_today_and_said(self):
        later = builders.today(self.env) + timedelta(days=20)
        claim = builders.claim(self.env)
        claim._rcm_write({"service_date": later})
        claim._rcm_create_invoices()
        move = claim.invoice_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.auto_post, "no")
        self.assertEqual(move.invoice_date, builders.today(self.env))
        self.assertEqual(
            self.audit(claim, "rcm.claim.invoiced")["invoice_date"],
            [str(later), str(builders.today(self.env))],
        )

    def test_locked_period_books_later_and_says_so(self):
        claim = builders.claim(self.env, service_date=date(2026, 3, 2))
        self.company.fiscalyear_lock_date = date(2026, 6, 30)
        claim._rcm_create_invoices()
        move = claim.invoice_id
        self.assertEqual(move.invoice_date, date(2026, 3, 2))
        self.assertGreater(move.date, date(2026, 6, 30))
        self.assertEqual(
            self.audit(claim, "rcm.claim.invoiced")["accounting_date"],
            [str(move.invoice_date), str(move.date)],
        )

    def audit(self, claim, event):
        log = self.env["rcm.audit.log"].sudo()
        row = log.search(
            [
                ("model", "=", "rcm.claim"),
                ("res_id", "=", claim.id),
                ("event", "=", event),
            ],
            limit=1,
        )
        self.assertTrue(row, f"no audit row {event}")
        return json.loads(row.changes_json)

    # -- failures ------------------------------------------------------------------

    def test_one_impossible_claim_does_not_stop_the_others(self):
        claims = self.env["rcm.claim"]
        for _position in range(3):
            claims |= builders.claim(self.env)
        bad = claims[1]
        bad._rcm_write({"expected_contractual": 1200.0})
        done = claims._rcm_create_invoices()
        self.assertEqual(done, claims - bad)
        self.assertEqual((claims - bad).mapped("invoice_state"), ["posted", "posted"])
        self.assertFalse(bad.invoice_id)
        self.assertEqual(bad.rcm_case_ids.type_code, "invoice_failed")
        self.assertIn("exceed the charge", bad.rcm_case_ids.message)

    def test_failure_while_posting_is_found_one_by_one(self):
        claims = self.env["rcm.claim"]
        for _position in range(3):
            claims |= builders.claim(self.env)
        bad = claims[2]
        post = type(claims)._rcm_post_invoices

        def failing(self, plans):
            post(self, plans)
            if bad in self:
                raise EntryError("made to fail")

        with patch.object(type(claims), "_rcm_post_invoices", failing):
            done = claims._rcm_create_invoices()
        self.assertEqual(done, claims - bad)
        self.assertFalse(bad.invoice_id)
        self.assertEqual(bad.invoice_state, "none")
        self.assertEqual(
            self.env["account.move"].search_count(
                [("rcm_claim_id", "in", claims.ids), ("rcm_kind", "=", "claim_invoice")]
            ),
            2,
        )

    def test_case_is_resolved_when_the_invoice_is_made(self):
        claim = builders.claim(self.env)
        right = claim.expected_contractual
        claim._rcm_write({"expected_contractual": 1200.0})
        claim._rcm_create_invoices()
        case = claim.rcm_case_ids
        self.assertEqual(case.type_code, "invoice_failed")
        claim._rcm_write({"expected_contractual": right})
        claim._rcm_create_invoices()
        self.assertEqual(claim.invoice_state, "posted")
        self.assertEqual(case.state, "resolved")

    def test_without_accounting_a_case_and_no_entry(self):
        claim = builders.claim(self.env)
        self.company.rcm_claims_journal_id = False
        self.assertFalse(claim._rcm_create_invoices())
        self.assertEqual(claim.rcm_case_ids.type_code, "accounting_setup")
        self.assertIn("Accounting Set-up", claim.rcm_case_ids.message)

    def test_claim_before_the_gate_is_not_invoiced(self):
        encounter = builders.encounter(self.env, ["100"])
        for state in ("completed", "coded", "ready"):
            encounter._rcm_set_state(state)
        draft = encounter._rcm_build_claims()
        self.assertFalse(draft._rcm_create_invoices())
        self.assertEqual(draft.invoice_state, "none")

    def test_batches_stay_cheap(self):
        payer = builders.payer(self.env)
        builders.contract(self.env, payer)
        encounters = self.env["rcm.encounter"]
        for _position in range(20):
            encounters |= builders.encounter(self.env, ["100", "50"], [payer])
        claims = builders.claims_of(encounters)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        claims._rcm_create_invoices()
        self.env.flush_all()
        cost = (self.env.cr.sql_log_count - before) / len(claims)
        self.assertEqual(set(claims.mapped("invoice_state")), {"posted"})
        self.assertLess(cost, QUERIES_PER_CLAIM, f"{cost} statements a claim")
