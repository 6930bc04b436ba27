from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from . import builders
from . import common_ground as ground
from .test_audit_seal import SealCase


class RetentionCase(SealCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Payload = cls.env["rcm.audit.payload"]
        cls.rules = cls.env["rcm.audit.retention"].search([])
        cls.claims = cls.env.ref("healthcare_rcm_base.audit_retention_claims")
        cls.later = fields.Datetime.now() + timedelta(days=11)

    def append(self, *rows):
        """Append and seal rows with a detail; return their ids."""
        self.env["rcm.audit.log"]._rcm_append(
            [{"event": "test.kept", "changes": {"n": [1, 2]}, **row} for row in rows]
        )
        ids = self.env["rcm.audit.log"].search([], limit=len(rows)).ids[::-1]
        while self.Seal._rcm_seal_block():
            pass
        return ids

    def drop(self, rule=None):
        """Ten days later the rule runs; return its run."""
        rule = rule or self.claims
        rule.keep_days = 10
        rule._rcm_drop_expired(self.later)
        return rule.run_ids[:1]

    def kept(self, ids):
        payloads = self.Payload.search([("log_id", "in", ids)])
        return sorted(payloads.mapped("log_id"))

    def hold(self, **vals):
        return self.env["rcm.audit.hold"].create(
            {"name": "Matter 1", "reason": "Subpoena", **vals}
        )


@tagged("post_install", "-at_install")
class TestRetention(RetentionCase):
    def test_only_expired_details_of_the_category_are_dropped(self):
        claim, line, other, bare = self.append(
            {"model": "rcm.claim", "res_id": 1},
            {"model": "rcm.claim.line", "res_id": 1},
            {"model": "rcm.remittance", "res_id": 1},
            {"event": "rcm.claim.imported"},
        )
        run = self.drop()
        self.assertEqual(self.kept([claim, line, other, bare]), [other])
        self.assertGreaterEqual(run.dropped, 3)
        self.assertTrue(run.complete)
        self.assertEqual(self.found(), set(), "the chain still verifies")

    def test_young_details_stay(self):
        ids = self.append({"model": "rcm.claim", "res_id": 1})
        self.claims.keep_days = 10
        self.claims._rcm_drop_expired(fields.Datetime.now())
        self.assertEqual(self.kept(ids), ids)

    def test_nothing_is_dropped_unless_days_are_set(self):
        ids = self.append({"model": "rcm.claim", "res_id": 1})
        self.assertFalse(any(self.rules.mapped("keep_days")), "shipped: for ever")
        self.env["rcm.audit.retention"]._cron_drop_expired()
        self.assertEqual(self.kept(ids), ids)

    def test_everything_else_leaves_what_other_rules_name(self):
        claim, master = self.append(
            {"model": "rcm.claim", "res_id": 1}, {"model": "rcm.payer", "res_id": 1}
        )
        self.drop(self.env.ref("healthcare_rcm_base.audit_retention_other"))
        self.assertEqual(self.kept([claim, master]), [claim])

    def test_dropping_is_logged_and_its_own_log_never_expires(self):
        self.append({"model": "rcm.claim", "res_id": 1})
        self.drop()
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "rcm.audit.retention.dropped")], limit=1
        )
        while self.Seal._rcm_seal_block():
            pass
        self.drop(self.env.ref("healthcare_rcm_base.audit_retention_other"))
        self.assertEqual(self.kept(row.ids), row.ids)
        self.assertEqual(self.found(), set())

    def test_a_detail_taken_away_by_hand_is_still_found(self):
        old, mine = self.append(
            {"model": "rcm.claim", "res_id": 1}, {"model": "rcm.remittance"}
        )
        self.drop()
        self.assertEqual(self.kept([old, mine]), [mine])
        self.tamper("DELETE FROM rcm_audit_payload WHERE log_id = %s", mine)
        self.assertEqual(self.found(), {("detail_missing", f"row {mine}")})

    def test_a_list_of_dropped_ranges_that_was_changed_excuses_nothing(self):
        [old] = self.append({"model": "rcm.claim", "res_id": 1})
        self.drop()
        self.tamper(
            """UPDATE rcm_audit_payload p SET body = body || ' ' FROM rcm_audit_log l
                WHERE l.id = p.log_id AND l.event = %s""",
            "rcm.audit.retention.dropped",
        )
        self.assertIn(("detail_missing", f"row {old}"), self.found())

    def test_rows_that_wait_for_their_seal_keep_their_detail(self):
        self.env["rcm.audit.log"]._rcm_append(
            [{"event": "x", "model": "rcm.claim", "changes": {"n": [1, 2]}}]
        )
        waiting = self.env["rcm.audit.log"].search([], limit=1).ids
        self.drop()
        self.assertEqual(self.kept(waiting), waiting)

    def test_batches_are_committed_in_the_scheduled_action(self):
        self.append(*[{"model": "rcm.claim", "res_id": n + 1} for n in range(5)])
        self.claims.keep_days = 1
        self.patch(self.registry["rcm.audit.retention"], "_rcm_condition", _only_claims)
        cron = self.env.ref("healthcare_rcm_base.cron_drop_audit_detail")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertTrue(self.claims.run_ids[:1].complete)


def _only_claims(rule):
    from odoo.tools import SQL

    return SQL("l.model = 'rcm.claim'")


@tagged("post_install", "-at_install")
class TestLegalHold(RetentionCase):
    def test_held_detail_is_never_dropped(self):
        thread = {"model": "rcm.claim", "correlation_id": "hold-thread"}
        held, same_thread, free = self.append(
            {**thread, "res_id": 7, "record_name": "R-7"},
            {**thread, "res_id": 8, "record_name": "R-8"},
            {"model": "rcm.claim", "res_id": 9, "record_name": "R-9"},
        )
        ids = [held, same_thread, free]
        today = fields.Date.today()
        for scope, stays in (
            ({"document": "R-7"}, [held, same_thread]),
            ({"document": "R-9"}, [free]),
            ({"thread": "hold-thread"}, [held, same_thread]),
            ({"retention_id": self.claims.id}, ids),
            ({"date_from": today, "date_to": today}, ids),
            ({"date_to": today - timedelta(days=1)}, []),
            ({"document": "R-7", "date_to": today - timedelta(days=1)}, []),
        ):
            with self.subTest(scope=scope), self.env.cr.savepoint() as point:
                self.hold(**scope)
                run = self.drop()
                self.assertEqual(self.kept(ids), stays)
                self.assertGreaterEqual(run.held, len(stays))
                self.assertEqual(self.found(), set())
                point.rollback()
                self.env.invalidate_all()

    def test_a_patient_s_documents_and_threads_are_held(self):
        encounter = builders.encounter(self.env, [])
        patient = encounter.patient_id
        account, claim_thread, other = self.append(
            {"model": "rcm.patient.account", "res_id": patient.id},
            {"model": "rcm.claim", "correlation_id": encounter.correlation_id},
            {"model": "rcm.claim", "res_id": 999_999},
        )
        self.hold(patient_id=patient.id)
        self.drop()
        self.assertEqual(
            self.kept([account, claim_thread, other]), [account, claim_thread]
        )

    def test_a_released_hold_keeps_nothing(self):
        ids = self.append({"model": "rcm.claim", "record_name": "R-1"})
        hold = self.hold(document="R-1")
        with self.assertRaises(UserError):
            hold.action_release()
        hold.release_reason = "Counsel released it"
        hold.action_release()
        self.assertEqual((hold.state, hold.released_by_id), ("released", self.env.user))
        self.drop()
        self.assertEqual(self.kept(ids), [])
        with self.assertRaises(UserError):
            hold._rcm_set_state("active")

    def test_another_company_s_hold_leaves_our_rows(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        ours, theirs = self.append(
            {"model": "rcm.claim", "company_id": self.env.company.id},
            {"model": "rcm.claim", "company_id": other.id},
        )
        self.hold(retention_id=self.claims.id, company_id=other.id)
        self.drop()
        self.assertEqual(self.kept([ours, theirs]), [theirs])

    def test_a_hold_has_a_scope_that_does_not_change_and_is_not_deleted(self):
        with self.assertRaises(ValidationError):
            self.hold()
        hold = self.hold(document="R-1")
        self.assertEqual(hold.placed_by_id, self.env.user)
        hold.document = "R-1"
        with self.assertRaises(UserError):
            hold.document = "R-2"
        with self.assertRaises(UserError):
            hold.unlink()
        with self.assertRaises(AccessError):
            hold.write({"state": "released"})
        with self.assertRaises(AccessError):
            hold.write({"placed_by_id": False})

    def test_who_holds_and_who_sets_retention(self):
        for role in ground.ROLES:
            user = ground.role_user(self.env, role)
            Hold = self.env["rcm.audit.hold"].with_user(user)
            Rule = self.env["rcm.audit.retention"].with_user(user)
            reads = role in ("auditor", "finance_manager", "administrator")
            places = role in ("finance_manager", "administrator")
            with self.subTest(role=role):
                self.assertEqual(Hold.has_access("read"), reads)
                self.assertEqual(Hold.has_access("create"), places)
                self.assertFalse(Hold.has_access("unlink"))
                self.assertEqual(Rule.has_access("write"), role == "administrator")
                self.assertEqual(
                    Hold.env["rcm.audit.retention.run"].has_access("read"), reads
                )
        hold = self.hold(document="R-1", release_reason="x")
        with self.assertRaises(AccessError):
            hold.with_user(ground.role_user(self.env, "auditor")).action_release()

    def test_placing_and_releasing_are_logged(self):
        hold = self.hold(document="R-1", release_reason="x")
        hold.action_release()
        events = ground.audit_rows(self.env, hold).mapped("event")
        self.assertIn("rcm.audit.hold.created", events)
        self.assertIn("rcm.audit.hold.state_changed", events)
