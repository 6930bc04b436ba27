"""Deciding: bulk with results, evidence, append-only, after the effect failed."""

from unittest.mock import patch

from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestDeciding(RequestCase):
    def results(self, action):
        self.assertEqual(action["res_model"], "rcm.approval.decide")
        wizard = self.env["rcm.approval.decide"].browse(action["res_id"])
        return {line.request_id: (line.done, line.message) for line in wizard.line_ids}

    def test_bulk_decides_each_by_itself_and_shows_what_came_of_it(self):
        good, changed, own = self.ask(), self.ask(), self.ask(user=self.approver)
        self.claim_of(changed).line_ids._rcm_write({"charge_amount": 301})
        requests = good | changed | own
        action = requests.with_user(self.approver).action_approve()
        results = self.results(action)
        self.assertTrue(results[good][0])
        self.assertFalse(results[changed][0])
        self.assertIn("void", results[changed][1])
        self.assertFalse(results[own][0])
        self.assertIn("someone else", results[own][1])
        self.assertEqual(requests.mapped("state"), ["approved", "voided", "pending"])

    def test_bulk_refusal_has_one_reason_and_a_result_each(self):
        first, second = self.ask(), self.ask()
        action = self.dialog(first | second, self.approver, "refuse", reason="doubled")
        self.assertTrue(all(done for done, _text in self.results(action).values()))
        self.assertEqual((first | second).mapped("reason"), ["doubled", "doubled"])

    def test_a_fault_in_one_does_not_stop_the_others(self):
        first, second = self.ask(), self.ask()
        Request = type(first)
        decide = Request._rcm_decide

        def broken(request, decision, reason):
            if request.id == first.id:
                raise ZeroDivisionError("patient Qzx")
            return decide(request, decision, reason)

        with (
            patch.object(Request, "_rcm_decide", broken),
            mute_logger("odoo.addons.healthcare_rcm_approvals"),
            self.assertLogs("odoo.addons.healthcare_rcm_approvals", "WARNING") as log,
        ):
            action = (first | second).with_user(self.approver).action_approve()
        results = self.results(action)
        self.assertFalse(results[first][0])
        self.assertNotIn("Qzx", results[first][1])
        self.assertNotIn("Qzx", "".join(log.output))
        self.assertTrue(results[second][0])

    def test_refusing_needs_a_reason(self):
        request = self.ask()
        with self.assertRaises(UserError):
            self.dialog(request, self.approver, "refuse", reason="  ")
        with self.assertRaises(UserError):
            request.with_user(self.approver)._rcm_decide_many("refused", None)
        self.assertEqual(request.state, "pending")

    def test_deciding_again_is_refused(self):
        request = self.ask()
        request.with_user(self.approver).action_approve()
        with self.assertRaisesRegex(UserError, "no longer"):
            request.with_user(self.other_approver).action_approve()
        self.assertEqual(len(request.decision_ids), 1)

    def test_the_decision_keeps_the_facts_as_seen_and_the_log_its_hash(self):
        request = self.ask()
        request.with_user(self.approver).action_approve()
        decision = request.decision_ids
        self.assertEqual(decision.evidence["facts"], request.facts)
        self.assertEqual(decision.evidence["policy_version"], self.high.version)
        self.assertEqual(
            decision.evidence["policy_hash"], request.policy_version_id.snapshot_hash
        )
        self.assertEqual(digest(decision.evidence), decision.evidence_hash)
        row = self.env["rcm.audit.log"].search(
            [("event", "=", "approval.approved"), ("res_id", "=", request.id)]
        )
        self.assertEqual(row.actor_uid, self.approver.id)
        self.assertIn(decision.evidence_hash, row.changes_json)
        self.assertIn("99213", decision.evidence_table)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_changes_of_decisions_and_history(self):
        request = self.ask()
        request.with_user(self.approver).action_approve()
        self.env.flush_all()
        for table in ("rcm_approval_decision", "rcm_approval_log"):
            for statement in (
                f"UPDATE {table} SET id = id",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
            ):
                with (
                    self.subTest(statement),
                    self.assertRaises(RestrictViolation),
                    self.env.cr.savepoint(flush=False),
                ):
                    self.env.cr.execute(statement)

    def test_history_cannot_be_made_up(self):
        request = self.ask()
        with self.assertRaises(AccessError):
            self.env["rcm.approval.log"].sudo().create(
                {"request_id": request.id, "kind": "approved"}
            )
        with self.assertRaises(AccessError):
            request.log_ids.sudo().write({"text": "nothing happened"})

    def test_the_approval_stands_when_the_effect_fails(self):
        request = self.ask()
        claim = self.claim_of(request)

        def closed(_records, _effect):
            raise UserError(self.env._("the period is closed"))

        with patch.object(type(claim), "_rcm_approval_done", closed):
            request.with_user(self.approver).action_approve()
        self.assertEqual(request.state, "approved")
        self.assertEqual(len(request.decision_ids), 1)
        self.assertIn("approval_stalled", claim.rcm_case_ids.mapped("type_code"))
        self.assertIn("effect_failed", self.logged(request))

    def test_the_facts_read_as_a_table_with_names(self):
        request = self.ask().with_user(self.approver)
        table = request.facts_table
        self.assertIn(self.claim_of(request).payer_id.name, table)
        self.assertIn("300.00", table)
        self.assertNotIn("{", table)

    def test_the_document_says_what_it_waits_for(self):
        request = self.ask()
        claim = self.claim_of(request).with_user(self.biller)
        self.assertIn("Waits for approval", claim.rcm_approval_banner)
        self.assertIn("0 of 1", claim.rcm_approval_banner)
        self.assertIn(f"/odoo/rcm-approvals/{request.id}", claim.rcm_approval_banner)
        arch = claim.get_view(view_type="form")["arch"]
        self.assertIn("rcm_approval_banner", arch)
        coder = self.make_role_user("coder")
        hidden = self.claim_of(request).with_user(coder).rcm_approval_banner
        self.assertIn("Waits for approval", hidden)
        self.dialog(request, self.approver, "refuse", reason="doubled")
        claim.invalidate_recordset()
        self.assertIn("doubled", claim.rcm_approval_banner)

    def test_a_voided_request_says_so_to_who_asked(self):
        request = self.ask()
        self.biller.email = "biller@example.com"
        self.claim_of(request).line_ids._rcm_write({"charge_amount": 301})
        request.with_user(self.approver).action_approve()
        mail = self.env["mail.mail"].search(
            [("email_to", "like", "biller@example.com")]
        )
        self.assertIn("void", mail.body_html)
        self.assertIn("closed", self.logged(request))
