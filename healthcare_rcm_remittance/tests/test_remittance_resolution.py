"""Decisions about unpostables are kept, and each can be undone."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .resolution_common import ResolutionCase


@tagged("post_install", "-at_install")
class TestRemittanceResolution(ResolutionCase):
    """Undone before posting by taking back, after it by reversing entries."""

    def test_match_by_hand_is_kept_and_undone_by_reversal(self):
        parked, claim = self.parked()
        remittance = parked.remittance_id
        cash = self.unapplied(remittance)
        resolution = self.resolve(parked, "match", claim_id=claim.id)
        self.assertEqual(parked.state, "posted")
        self.assertEqual((resolution.kind, resolution.outcome), ("match", "posted"))
        self.assertEqual(resolution.user_id, self.poster)
        self.assertEqual(self.open_receivable(claim), 0)
        release = parked.move_id
        self.undo(resolution)
        self.assertEqual(parked.state, "parked")
        self.assertEqual(remittance.state, "posted_with_parked")
        self.assertEqual(remittance.parked_total, 400)
        self.assertEqual(self.open_receivable(claim), 1000)
        self.assertEqual(claim.paid_amount, 0)
        self.assertEqual(self.unapplied(remittance), cash)
        self.assertEqual(release.state, "posted", "entries are never edited")
        self.assertTrue(resolution.undone_at)
        self.assertEqual(self.case_types(parked), ["claim_unmatched"])
        self.assertBooksHold()

    def test_what_was_posted_is_not_taken_back_before_it_is_approved(self):
        parked, claim = self.parked()
        resolution = self.resolve(parked, "match", claim_id=claim.id)
        self.env["rcm.remittance.undo"].with_user(self.manager).create(
            {"resolution_id": resolution.id, "reason": "Wrong claim"}
        ).action_undo()
        self.assertEqual(parked.state, "posted")
        self.assertFalse(resolution.undone_at)
        self.approve(resolution)
        self.assertEqual(parked.state, "parked")
        self.assertTrue(resolution.undone_at)

    def test_claim_is_repointed_after_the_undo(self):
        parked, wrong = self.parked()
        right = self.claim()
        self.undo(self.resolve(parked, "match", claim_id=wrong.id))
        service = parked.service_ids
        again = self.resolve(
            parked,
            "lines",
            claim_id=right.id,
            line_ids=[
                (0, 0, {"service_id": service.id, "claim_line_id": right.line_ids.id})
            ],
        )
        self.assertEqual(again.outcome, "posted")
        self.assertEqual(self.open_receivable(right), 0)
        self.assertEqual(self.open_receivable(wrong), 1000)
        self.assertBooksHold()

    def test_not_ours_is_undone_while_the_payer_has_not_its_money(self):
        parked, _claim = self.parked()
        resolution = self.resolve(parked, "not_ours", reason="Other clinic")
        self.assertEqual(resolution.display_name, "Not ours")
        record = self.env["rcm.payer.overpayment"].search(
            [("remittance_claim_id", "=", parked.id)]
        )
        self.assertEqual(record.state, "open")
        self.undo(resolution)
        self.assertEqual(parked.state, "parked")
        self.assertEqual(record.state, "cancelled")
        self.assertEqual(self.unapplied(parked.remittance_id), -400)
        self.assertBooksHold()

    def test_not_ours_is_not_undone_when_the_payer_took_it_back(self):
        parked, _claim = self.parked()
        resolution = self.resolve(parked, "not_ours", reason="Other clinic")
        record = self.env["rcm.payer.overpayment"].search(
            [("remittance_claim_id", "=", parked.id)]
        )
        record._rcm_use(to_decimal(record.amount), parked.remittance_id)
        with self.assertRaisesRegex(UserError, "has its money back"):
            self.undo(resolution)

    def test_decision_that_posted_nothing_is_taken_back_by_the_poster(self):
        parked, _claim = self.parked()
        resolution = self.resolve(parked, "cash")
        self.assertEqual(resolution.outcome, "parked")
        self.undo(resolution, self.poster)
        self.assertFalse((parked.override or {}).get("cash_only"))
        self.assertTrue(resolution.undone_at)

    def test_only_the_latest_decision_is_undone_and_only_once(self):
        parked, claim = self.parked()
        first = self.resolve(parked, "cash")
        second = self.resolve(parked, "match", claim_id=claim.id)
        with self.assertRaisesRegex(UserError, "later decision first"):
            self.undo(first)
        self.undo(second)
        with self.assertRaisesRegex(UserError, "undone already"):
            self.undo(second)

    def test_undone_claim_waits_for_a_person(self):
        parked, claim = self.parked()
        self.undo(self.resolve(parked, "match", claim_id=claim.id))
        parked.remittance_id._rcm_retry_parked()
        self.assertEqual(parked.state, "parked")

    def test_reversal_is_for_finance_managers_and_rows_are_kept_as_they_are(self):
        parked, claim = self.parked()
        resolution = self.resolve(parked, "match", claim_id=claim.id)
        with self.assertRaises(AccessError):
            self.undo(resolution, self.poster)
        with self.assertRaises(AccessError):
            self.undo(resolution, self.person("biller"))
        with self.assertRaises(AccessError):
            resolution.with_user(self.manager).write({"kind": "cash"})
        other = self.env["res.company"].create({"name": "Other Clinic"})
        stranger = self.person("finance_manager", other)
        with self.assertRaises(AccessError):
            resolution.with_user(stranger).read(["kind"])
