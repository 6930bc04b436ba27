"""Posting: waiting, parking, releasing, taking back, and what is left behind."""

from decimal import Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittancePost(RemittanceCase):
    """One ST, one entry, or none at all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def test_early_remittance_waits_for_the_submission(self):
        claim = self.claim(submitted=False)
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["claim_not_submitted"])
        self.assertFalse(remittance.move_id)
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertTrue(remittance.retry)
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_remittance.cron_remittance_post"
            ).method_direct_trigger()
        self.assertPosted(remittance)
        self.assertFalse(self.case_types(remittance))

    def test_early_remittance_may_park_the_claim_instead(self):
        claim, ready = self.claim(submitted=False), self.claim()
        remittance = self.post(
            800,
            self.answer(claim, 400, ("CO-45", 600)),
            self.answer(ready, 400, ("CO-45", 600)),
        )
        self.assertEqual(remittance.state, "held")
        remittance.action_post_parking()
        self.assertPosted(remittance, parked=1)
        self.assertEqual(ready.paid_amount, 400)
        parked = remittance.claim_ids.filtered(lambda item: item.state == "parked")
        claim._rcm_mark_submitted(fields.Datetime.now())
        parked.action_release()
        self.assertPosted(remittance)
        self.assertEqual(claim.paid_amount, 400)

    def test_status_first_payer_waits_for_the_final_status(self):
        self.payer.status_first = True
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertEqual(remittance.state, "held")
        claim._rcm_apply_status("adjudicated")
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance)

    def test_all_or_nothing_payer_posts_whole(self):
        self.payer.posting_policy = "all_or_nothing"
        claim = self.claim()
        remittance = self.post(
            500,
            self.answer(claim, 400, ("CO-45", 600)),
            era.clp("NOT-OURS", 100, 100),
        )
        self.assertEqual(remittance.state, "held")
        self.assertFalse(claim.paid_amount)

    def test_posting_twice_changes_nothing(self):
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        move = remittance.move_id
        before = self.trial_balance()
        remittance._rcm_process()
        with self.assertRaises(UserError):
            remittance.action_post()
        self.assertEqual(remittance.move_id, move)
        self.assertEqual(self.trial_balance(), before)

    def test_entry_says_nothing_clinical_and_everything_else(self):
        claim = self.claim()
        remittance = self.post(
            320, self.answer(claim, 320, ("CO-45", 600), ("PR-2", 80))
        )
        move = remittance.move_id.sudo()
        self.assertEqual(move.rcm_kind, "remittance")
        self.assertTrue(move.inalterable_hash)
        self.assertEqual(move.rcm_correlation_id, remittance.correlation_id)
        mine = move.line_ids.filtered("rcm_claim_id")
        self.assertEqual(
            set(mine.mapped("rcm_purpose")),
            {"receivable_payer", "reserve", "patient_unbilled"},
        )
        self.assertEqual(mine.rcm_claim_id, claim)
        self.assertEqual(mine.rcm_encounter_id, claim.encounter_id)
        self.assertEqual(mine.rcm_facility_id, claim.facility_id)
        for line in move.line_ids:
            self.assertNotIn("99213", line.name)
            self.assertNotIn("Patient", line.name)

    def test_audit_has_the_remittance_and_each_claim(self):
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.env.flush_all()
        Log = self.env["rcm.audit.log"].sudo()
        events = Log.search([("correlation_id", "=", claim.correlation_id)]).mapped(
            "event"
        )
        self.assertIn("claim.remittance_posted", events)
        events = Log.search(
            [("correlation_id", "=", remittance.correlation_id)]
        ).mapped("event")
        for event in (
            "remittance.file_received",
            "remittance.planned",
            "rcm.remittance.state_changed",
        ):
            self.assertIn(event, events)

    def test_each_claim_settles_its_own_invoice(self):
        """One reconciliation over mixed claims would pay some and leave others."""
        claims = [self.claim() for _ in range(3)]
        remittance = self.post(
            600, *(self.answer(claim, 200, ("CO-50", 800)) for claim in claims)
        )
        self.assertPosted(remittance)
        for claim in claims:
            self.assertEqual(claim.invoice_id.amount_residual, 800)
            self.assertEqual(self.open_receivable(claim), 800)
            self.assertEqual(claim.payment_status, "partially_denied")

    def test_reversal_waits_for_its_original_then_releases_itself(self):
        """The correction came first: it is parked until the reversal is there."""
        claim = self.claim()
        self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        early = self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="ICN2"))
        self.assertPosted(early, parked=1)
        self.assertEqual(self.case_types(early.claim_ids), ["overpaid"])
        late = self.post(
            0, self.reversal(claim, 300, ("CO-45", 700)), plb=[("WO", -300, "R")]
        )
        self.assertPosted(late)
        self.assertPosted(early)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))
        self.assertFalse(self.case_types(early.claim_ids))

    def test_reversal_of_nothing_is_parked(self):
        claim = self.claim()
        remittance = self.post(
            0, self.reversal(claim, 300, ("CO-45", 700)), plb=[("WO", -300, "R")]
        )
        self.assertPosted(remittance, parked=1)
        self.assertEqual(self.case_types(remittance.claim_ids), ["reversal_unmatched"])
        balance = self.trial_balance()
        self.assertEqual(balance["unapplied_payer_cash"], 300)
        self.assertEqual(balance["payer_overpayment"], -300)

    def test_overpaid_claim_can_be_capped_by_hand(self):
        claim = self.claim(payers=(self.payer, self.second))
        self.post(300, self.answer(claim, 300, ("CO-45", 600), ("PR-1", 100)))
        remittance = self.post(
            60,
            self.answer(claim, 60, ("CO-45", 940), status="2"),
            payer_trace="1523456789",
        )
        self.assertPosted(remittance, parked=1)
        self.assertEqual(self.case_types(remittance.claim_ids), ["secondary_guard"])
        wizard = self.env["rcm.remittance.resolve"].create(
            {"remittance_claim_id": remittance.claim_ids.id, "resolution": "cap"}
        )
        wizard.action_resolve()
        self.assertPosted(remittance)
        self.assertEqual(self.open_receivable(claim, self.second), 0)
        self.assertEqual(claim.open_balance, 0)

    def test_not_ours_becomes_an_overpayment(self):
        remittance = self.post(100, era.clp("NOT-OURS", 100, 100))
        wizard = self.env["rcm.remittance.resolve"].create(
            {"remittance_claim_id": remittance.claim_ids.id, "resolution": "not_ours"}
        )
        with self.assertRaises(UserError):
            wizard.action_resolve()
        wizard.reason = "Sent for another clinic"
        wizard.action_resolve()
        self.assertPosted(remittance)
        balance = self.trial_balance()
        self.assertEqual(balance["payer_overpayment"], -100)
        self.assertNotIn("unapplied_payer_cash", balance)
        later = self.post(0, era.clp("N2", 100, 100), plb=[("WO", 100, "ICNNOT-OURS")])
        self.assertEqual(later.parked_count, 1)
        self.assertNotIn("payer_overpayment", self.trial_balance())

    def test_unpost_takes_everything_back_and_may_be_posted_again(self):
        claim = self.claim()
        start = self.trial_balance()
        remittance = self.post(
            320, self.answer(claim, 320, ("CO-45", 580), ("PR-2", 80), ("CO-50", 20))
        )
        posted = self.trial_balance()
        self.assertTrue(claim.denial_ids)
        remittance._rcm_unpost("Wrong clinic")
        self.assertEqual(remittance.state, "unposted")
        self.assertEqual(self.trial_balance(), start)
        self.assertEqual((claim.paid_amount, claim.open_balance), (0, 1000))
        self.assertEqual(claim.invoice_id.amount_residual, 1000)
        self.assertEqual(claim.denial_ids.state, "reversed")
        self.assertEqual(claim.state, "reopened")
        remittance.action_plan()
        self.assertEqual(remittance.state, "matched")
        remittance._rcm_process()
        self.assertPosted(remittance)
        self.assertEqual(self.trial_balance(), posted)

    def approver(self, name="remit_unpost_approver"):
        return new_test_user(
            self.env,
            name,
            groups="healthcare_rcm_base.group_approver",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

    def ask_unpost(self, remittance, reason="Wrong clinic"):
        manager = new_test_user(
            self.env,
            f"remit_unpost_{next(self.numbers)}",
            groups="healthcare_rcm_base.group_finance_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        wizard = self.env["rcm.remittance.unpost"].with_user(manager)
        wizard = wizard.create({"remittance_id": remittance.id, "reason": reason})
        wizard.action_unpost()
        return self.env["rcm.approval.request"].search(
            [
                ("res_model", "=", "rcm.remittance"),
                ("res_id", "=", remittance.id),
                ("effect", "=", "unpost"),
            ],
            order="id desc",
            limit=1,
        )

    def test_unpost_waits_for_its_approval(self):
        claim = self.claim()
        start = self.trial_balance()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        request = self.ask_unpost(remittance)
        self.assertEqual((remittance.state, request.state), ("posted", "pending"))
        self.assertEqual(remittance.unpost_reason, "Wrong clinic")
        remittance._rcm_wake_again()
        remittance._rcm_process()
        self.assertEqual(remittance.state, "posted")
        request.with_user(self.approver()).action_approve()
        self.assertTrue(remittance.retry)
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_remittance.cron_remittance_post"
            ).method_direct_trigger()
        self.assertEqual(remittance.state, "unposted")
        self.assertEqual(self.trial_balance(), start)

    def test_unpost_approved_for_one_posting_is_not_for_the_next(self):
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        first = self.ask_unpost(remittance)
        first.with_user(self.approver()).action_approve()
        remittance._rcm_process()
        self.assertEqual(remittance.state, "unposted")
        remittance.action_plan()
        remittance._rcm_process()
        self.assertPosted(remittance)
        again = self.ask_unpost(remittance)
        self.assertNotEqual(again, first)
        self.assertEqual((again.state, remittance.state), ("pending", "posted"))

    def test_unpost_is_refused_when_something_builds_on_it(self):
        claim = self.claim()
        first = self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        self.post(0, self.reversal(claim, 300, ("CO-45", 700)), plb=[("WO", -300, "R")])
        with self.assertRaises(UserError):
            first._rcm_unpost("Too late")

    def test_changed_plan_needs_another_approval(self):
        claim = self.claim()
        content = self.era(400, self.answer(claim, 400, ("CO-45", 600)))
        remittance = self.receive(content).remittance_ids
        first = remittance._rcm_match()
        facts = remittance._rcm_approval_facts("post")["approved"]
        claim._rcm_local_entry(
            "small_balance",
            {
                "receivable_payer": Decimal("-700.00"),
                "small_balance_writeoff": Decimal("700.00"),
            },
            "Test",
        )
        second = remittance._rcm_match()
        self.assertNotEqual(first.digest, second.digest)
        self.assertNotEqual(facts, remittance._rcm_approval_facts("post")["approved"])
        with self.assertRaises(UserError):
            remittance._rcm_post(first)

    def test_unmapped_provider_adjustment_holds_until_there_is_a_rule(self):
        claim = self.claim()
        remittance = self.post(
            380, self.answer(claim, 400, ("CO-45", 600)), plb=[("J1", 20, "X")]
        )
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["remittance_plb_unmapped"])
        self.env["rcm.posting.rule"].create(
            {
                "name": "Not reimbursable",
                "kind": "provider",
                "reason_code": "J1",
                "treatment": "account",
                "purpose": "interest_expense",
                "payer_id": self.payer.id,
            }
        )
        remittance.rcm_case_ids.action_reprocess()
        self.assertPosted(remittance)
        self.assertEqual(self.trial_balance()["interest_expense"], 20)

    def test_claim_invoiced_when_adjudicated(self):
        builders.invoice_rule(self.env, "adjudicated", payer_id=self.payer.id)
        claim = builders.claim(self.env, payers=(self.payer,))
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(claim.invoice_state, "none")
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertPosted(remittance)
        self.assertEqual(claim.invoice_state, "posted")
        self.assertEqual(self.open_receivable(claim), 0)
