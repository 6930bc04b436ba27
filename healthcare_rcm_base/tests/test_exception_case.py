"""Cases: raising them, and who sees them."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestRaise(ExceptionCase):
    def test_a_case_holds_the_facts(self):
        case = self.document._rcm_raise_case(
            "price_missing", "No rate", expected=92, actual=0, amount=150.0
        )
        self.assertEqual(case.state, "open")
        self.assertEqual((case.kind, case.severity), ("business", "3"))
        self.assertEqual((case.expected, case.actual), ("92", "0"))
        self.assertEqual(case.amount, 150.0)
        self.assertEqual(case.record_name, "DOC")
        self.assertEqual(case.correlation_id, self.document.correlation_id)
        self.assertRegex(case.name, r"^EX\d{6}$")
        self.assertTrue(ground.audit_rows(self.env, case, "rcm.exception.case.opened"))

    def test_a_repeat_is_an_occurrence(self):
        first = self.document._rcm_raise_case("price_missing", "one", amount=5)
        again = self.document._rcm_raise_case("price_missing", "two")
        self.assertEqual(first, again)
        self.assertEqual(first.occurrence_count, 2)
        messages = first.occurrence_ids.sorted("id").mapped("message")
        self.assertEqual(messages, ["one", "two"])
        self.assertEqual((first.message, first.amount), ("two", 5.0))

    def test_another_type_or_a_closed_one_is_a_new_case(self):
        first = self.document._rcm_raise_case("price_missing", "one")
        coding = self.document._rcm_raise_case("coding_missing", "two")
        first._rcm_close("resolved", "corrected", "")
        third = self.document._rcm_raise_case("price_missing", "three")
        self.assertEqual(len(first | coding | third), 3)

    def test_many_records_at_once_keep_their_order(self):
        known = self.other._rcm_raise_case("price_missing", "one")
        both = (self.document | self.other)._rcm_raise_case(
            "price_missing",
            "two",
            amount={self.document.id: 10, self.other.id: 20},
        )
        self.assertEqual(both[1], known)
        self.assertEqual(both.mapped("amount"), [10.0, 20.0])
        self.assertEqual(both.mapped("occurrence_count"), [1, 2])

    def test_the_database_allows_one_open_case(self):
        ground.make_case(self.env, "U1", res_id=50)
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            with self.env.cr.savepoint():
                ground.make_case(self.env, "U2", res_id=50)

    def test_a_case_opened_meanwhile_makes_the_transaction_run_again(self):
        self.document._rcm_raise_case("price_missing", "theirs")
        self.env.flush_all()
        # what a snapshot taken before their commit sees
        with patch.object(
            type(self.Case), "search", lambda self, *a, **k: self.browse()
        ):
            with self.assertRaises(ConcurrencyError):
                self.Case._rcm_open_cases(
                    ground.exception_type(self.env, "price_missing"),
                    self.document,
                    {"message": "ours"},
                    None,
                )

    def test_an_unknown_type_is_a_programming_error(self):
        with self.assertRaises(ValueError):
            self.document._rcm_raise_case("no_such_type", "x")

    def test_every_contract_type_is_shipped_with_instructions(self):
        types = self.env["rcm.exception.type"].with_context(active_test=False)
        types = types.search([])
        self.assertGreaterEqual(len(types), 41)
        categories = (
            "coding_missing",
            "authorization_mismatch",
            "price_missing",
            "duplicate_charge",
            "payment_unmatched",
            "remittance_refused",
            "invoice_failed",
            "statement_delayed",
            "reconciliation_backlog",
            "posting_delayed",
        )
        self.assertLessEqual(set(categories), set(types.mapped("code")))
        off = types.filtered(lambda item: not item.active)
        self.assertEqual(off.mapped("code"), ["statement_delayed"])
        self.assertIn("Switched off", off.instructions)
        for case_type in types:
            with self.subTest(code=case_type.code):
                self.assertTrue(case_type.instructions)
                self.assertTrue(case_type.default_queue_id)
                self.assertEqual(
                    case_type.default_queue_id.kind == "technical",
                    case_type.kind == "technical"
                    and case_type.default_queue_id.code == "integration",
                )


@tagged("post_install", "-at_install")
class TestExceptionAccess(ExceptionCase):
    WORKERS = (
        "biller",
        "coder",
        "cash_poster",
        "denial_analyst",
        "collector",
        "payables",
        "approver",
        "finance_manager",
        "integration_support",
    )

    def test_role_table(self):
        for role in ground.ROLES:
            Case = self.Case.with_user(ground.role_user(self.env, role))
            reads = role in (*self.WORKERS, "auditor", "administrator")
            with self.subTest(role=role):
                self.assertEqual(Case.has_access("read"), reads)
                self.assertEqual(Case.has_access("write"), role in self.WORKERS)
                self.assertFalse(Case.has_access("create"))
                self.assertFalse(Case.has_access("unlink"))
                for model in ("rcm.exception.type", "rcm.exception.queue"):
                    configured = Case.env[model]
                    self.assertEqual(
                        configured.has_access("read"), reads or role == "executive"
                    )
                    for mode in ("write", "create", "unlink"):
                        self.assertEqual(
                            configured.has_access(mode), role == "administrator"
                        )

    def test_integration_support_sees_technical_cases_only(self):
        business = self.document._rcm_raise_case("price_missing", "x")
        technical = self.document._rcm_raise_case("event_failed", "y")
        support = ground.role_user(self.env, "integration_support")
        seen = self.Case.with_user(support).search([])
        self.assertIn(technical, seen)
        self.assertNotIn(business, seen)
        with self.assertRaises(AccessError):
            business.with_user(support).message  # noqa: B018
        with self.assertRaises(AccessError):
            business.with_user(support).action_take()
        self.assertIn(business, self.Case.with_user(self.biller).search([]))

    def test_cases_of_other_companies_are_hidden(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        case = ground.make_case(self.env, "FAR", res_id=5, company_id=other.id)
        Case = self.Case.with_user(self.biller)
        self.assertFalse(Case.search([("id", "=", case.id)]))
        self.assertFalse(Case.search_count([("id", "=", case.id)]))
        self.assertFalse(Case.name_search("FAR"))
        Report = self.env["rcm.exception.report"].with_user(self.biller)
        self.assertFalse(Report.search([("case_id", "=", case.id)]))
        with self.assertRaises(AccessError):
            case.with_user(self.biller).message  # noqa: B018

    def test_cases_of_other_facilities_are_hidden(self):
        Facility = self.env["rcm.facility"]
        near = Facility.create({"name": "Near", "code": "GNEAR"})
        far = Facility.create({"name": "Far", "code": "GFAR"})
        here = ground.make_case(self.env, "NEAR", res_id=6, facility_id=near.id)
        there = ground.make_case(self.env, "FAR", res_id=7, facility_id=far.id)
        self.biller.rcm_facility_ids = near
        seen = self.Case.with_user(self.biller).search([])
        self.assertIn(here, seen)
        self.assertNotIn(there, seen)
        self.assertIn(self.document, seen, "cases without a facility stay visible")

    def test_a_hidden_case_still_shows_that_the_document_waits(self):
        document = ground.make_case(self.env, "TECH", code="event_failed", res_id=97)
        document._rcm_raise_case("price_missing", "x")
        support = ground.role_user(self.env, "integration_support")
        seen = document.with_user(support)
        self.assertEqual(seen.rcm_open_case_count, 1)
        self.assertFalse(seen.rcm_case_ids)

    def test_age_in_the_analysis(self):
        case = self.document._rcm_raise_case("price_missing", "x", amount=10)
        case._rcm_write({"first_seen_at": fields.Datetime.now() - timedelta(days=5)})
        self.env.flush_all()
        row = self.env["rcm.exception.report"].search([("case_id", "=", case.id)])
        self.assertEqual(row.age_bucket, "c")
        self.assertAlmostEqual(row.age_days, 5, places=1)
        self.assertTrue(row.is_open)
