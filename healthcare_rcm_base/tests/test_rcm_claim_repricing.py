from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..core.ledger_entries import EntryError
from ..core.pricing_replay import explains
from . import builders
from .common_ground import audit_rows, role_user
from .ledger_common import LedgerCase, difference


@tagged("post_install", "-at_install")
class TestRepricing(LedgerCase):
    """Open claims under a contract that changed: seen first, then applied."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = builders.payer(cls.env)
        cls.old = builders.contract(
            cls.env,
            cls.payer,
            percent=40,
            patient_percent=20,
            concession_percent=10,
            sequestration_percent=2,
        )
        cls.facility = builders.facility(cls.env)
        cls.posted = cls.claim()
        cls.posted._rcm_create_invoices()
        cls.cleared = cls.claim("200", "300")
        cls.manager = cls.user("finance_manager")
        cls.biller = cls.user("biller")

    @classmethod
    def user(cls, role, company=None):
        user = role_user(
            cls.env, role, login=f"reprice_{role}_{(company or cls.company).id}"
        )
        company = company or cls.company
        user.write({"company_ids": [(4, company.id)], "company_id": company.id})
        user.company_ids = company
        return user

    @classmethod
    def claim(cls, *charges, **values):
        return builders.claim(
            cls.env,
            payers=(cls.payer,),
            lines=list(charges) or ["1000"],
            facility=cls.facility,
            **values,
        )

    def new_version(self, percent=50, activate=True):
        version = self.old._rcm_new_version(date(2026, 3, 1))
        version.default_percent = percent
        if activate:
            version.action_activate()
        return version

    def preview(self, contract=None, user=None):
        contract = (contract or self.new_version()).with_user(user or self.biller)
        action = contract.action_reprice_claims()
        return self.env["rcm.claim.repricing"].browse(action["res_id"])

    def apply(self, run, user=None):
        run.with_user(user or self.manager).reason = "Rates came late"
        run.with_user(user or self.manager).action_apply()

    def line_of(self, run, claim):
        return run.line_ids.filtered(lambda line: line.claim_id == claim)

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------
    def test_preview_shows_every_change_and_changes_nothing(self):
        before = self.trial_balance()
        run = self.preview()
        self.assertEqual((run.checked_count, run.line_count), (2, 2))
        line = self.line_of(run, self.posted)
        self.assertEqual(
            (line.old_expected, line.new_expected, line.difference, line.effect),
            (400, 500, 100, "ledger"),
        )
        self.assertEqual(self.line_of(run, self.cleared).effect, "claim")
        self.assertEqual(run.selected_difference, 150)
        self.assertIn("50 % of 1000.00 = 500.00", line.detail_html)
        self.assertIn("40 % of 1000.00 = 400.00", line.detail_html)
        self.assertNotIn("do not give", line.detail_html)
        self.assertEqual(self.posted.expected_amount, 400)
        self.assertEqual(self.trial_balance(), before)

    def test_draft_version_is_only_looked_at(self):
        draft = self.new_version(activate=False)
        run = self.preview(draft)
        self.assertEqual(run.line_count, 2)
        with self.assertRaisesRegex(UserError, "draft"):
            self.apply(run)
        draft.action_activate()
        self.apply(self.preview(draft))
        self.assertEqual(self.posted.expected_amount, 500)

    def test_same_prices_make_no_lines(self):
        run = self.preview(self.old)
        self.assertEqual((run.checked_count, run.line_count), (2, 0))

    def test_what_is_decided_waiting_or_unpriced_is_not_allowed(self):
        self.posted._rcm_write({"paid_amount": 10.0})
        self.cleared.line_ids[:1]._rcm_write({"charge_id": False})
        third = self.claim("50")
        version = self.new_version(activate=False)
        version.write({"default_method": "none", "default_percent": 0})
        version.action_activate()
        run = (self.posted | third).with_user(self.biller).action_reprice()
        run = self.env["rcm.claim.repricing"].browse(run["res_id"])
        reasons = {line.claim_id: line.blocked_reason for line in run.line_ids}
        self.assertIn("variances", reasons[self.posted])
        self.assertIn("no price", reasons[third])
        self.assertFalse(any(run.line_ids.mapped("selected")))
        with self.assertRaises(UserError):
            self.apply(run)
        self.assertIn("no charges", self.cleared._rcm_reprice_blocked())

    # ------------------------------------------------------------------
    # Apply
    # ------------------------------------------------------------------
    def test_invoiced_claim_gets_an_entry_and_the_ledger_agrees(self):
        before = self.trial_balance()
        run = self.preview()
        self.apply(run)
        self.assertEqual(run.state, "done")
        self.assertEqual(set(run.line_ids.mapped("state")), {"applied"})
        # Contractual 600 → 500; sequestration 2 % of 320 → of 400; concession 8 → 10.
        self.assertEqual(
            difference(self.trial_balance(), before),
            {
                "contractual": Decimal("-100.00"),
                "sequestration": Decimal("1.60"),
                "reserve": Decimal("98.40"),
                "concession": Decimal("2.00"),
                "concession_reserve": Decimal("-2.00"),
            },
        )
        claim = self.posted
        self.assertEqual(
            (claim.expected_amount, claim.expected_contractual, claim.open_balance),
            (500, 500, 1000),
        )
        self.assertEqual(claim.invoice_id.amount_total, 1000)
        balances = claim._rcm_balances()[claim.id]
        self.assertEqual(
            -balances["reserve"],
            Decimal(str(claim.expected_contractual + claim.expected_sequestration)),
        )
        line = claim.line_ids
        self.assertTrue(explains(line.pricing_trace, Decimal("500.00")))
        self.assertEqual(line.charge_id.expected_amount, 500)
        events = audit_rows(self.env, claim).mapped("event")
        self.assertIn("rcm.claim.repriced", events)
        self.assertEqual(self.cleared.expected_amount, 250)
        self.assertEqual(self.cleared.contract_id, run.contract_id)

    def test_a_later_version_starts_from_the_new_amounts(self):
        self.apply(self.preview())
        amounts = self.posted._rcm_invoiced_amounts(False)
        self.assertEqual(amounts, self.posted._rcm_expected_amounts())

    def test_only_the_selected_are_applied_and_only_once(self):
        run = self.preview()
        run.with_user(self.biller).action_select_none()
        with self.assertRaises(UserError):
            self.apply(run)
        self.line_of(run, self.cleared).with_user(self.biller).selected = True
        self.apply(run, self.biller)
        self.assertEqual(self.cleared.expected_amount, 250)
        self.assertEqual(self.posted.expected_amount, 400)
        with self.assertRaises(UserError):
            self.apply(run)
        again = self.preview(run.contract_id)
        self.assertEqual(again.line_ids.claim_id, self.posted)

    def test_what_changed_since_the_preview_is_left_alone(self):
        run = self.preview()
        self.posted._rcm_write({"expected_amount": 401.0})
        self.cleared._rcm_hold()
        self.cleared._rcm_release()
        self.apply(run)
        line = self.line_of(run, self.posted)
        self.assertEqual((line.state, self.posted.expected_amount), ("stale", 401))
        self.assertIn("preview", line.message)
        self.assertEqual(self.line_of(run, self.cleared).state, "applied")

    def test_a_claim_that_fails_stops_no_other(self):
        run = self.preview()
        with patch.object(
            type(self.posted), "_rcm_local_entries", autospec=True
        ) as mock:
            mock.side_effect = EntryError("period is closed")
            self.apply(run)
        line = self.line_of(run, self.posted)
        self.assertEqual((line.state, line.message), ("failed", "period is closed"))
        self.assertEqual(self.posted.expected_amount, 400)
        self.assertEqual(self.cleared.expected_amount, 250)

    def test_many_are_left_to_the_scheduled_action(self):
        run = self.preview()
        with patch(
            "odoo.addons.healthcare_rcm_base.models.rcm_claim_repricing.AT_ONCE", 1
        ):
            self.apply(run)
        self.assertEqual((run.state, self.cleared.expected_amount), ("applying", 200))
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_base.cron_reprice_claims"
            ).method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual((run.state, self.cleared.expected_amount), ("done", 250))

    def test_queries_do_not_grow_with_claims(self):
        def queries(claims):
            plans = claims._rcm_reprice_plans()
            self.env.flush_all()
            count = self.cr.sql_log_count
            claims._rcm_reprice(plans, "x")
            self.env.flush_all()
            return self.cr.sql_log_count - count

        self.new_version()
        one, many = (
            self.claim(),
            self.env["rcm.claim"].union(*(self.claim() for _number in range(6))),
        )
        for claims in (one, many):
            claims.line_ids.mapped("expected_amount")
        self.assertLessEqual(queries(many), queries(one) + 4)

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------
    def test_ledger_effect_is_for_finance_managers(self):
        run = self.preview()
        with self.assertRaises(AccessError):
            self.apply(run, self.biller)
        self.assertEqual(run.state, "preview")

    def test_other_roles_and_companies_are_refused(self):
        version = self.new_version()
        run = self.preview(version)
        for role in ("front_desk", "coder", "cash_poster", "auditor"):
            user = self.user(role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                version.with_user(user).action_reprice_claims()
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.apply(run, user)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = role_user(self.env, "finance_manager", login="reprice_stranger")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            self.apply(run, stranger)
        with self.assertRaises(AccessError):
            self.posted.with_user(stranger).action_reprice()

    def test_amounts_and_state_of_a_run_are_not_written(self):
        run = self.preview()
        for record, vals in (
            (run, {"state": "done"}),
            (run.line_ids[:1], {"new_expected": 1}),
            (run.line_ids[:1], {"blocked_reason": False}),
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                record.with_user(self.manager).write(vals)
