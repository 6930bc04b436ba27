"""A claim goes out, and its payer says what became of it."""

from odoo.tests import tagged

from ..core.errors import PredecessorMissing, RcmPermanent
from .claim_flow_common import SENT, ClaimFlowCase


@tagged("post_install", "-at_install")
class TestClaimSubmission(ClaimFlowCase):
    """Sent, accepted, rejected; news that come early, twice or make no sense."""

    def test_submission(self):
        claim = self.submitted()
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(claim.submitted_date, SENT)
        self.assertEqual(claim.leg_ids.state, "submitted")
        claim._rcm_mark_submitted(SENT)
        self.assertEqual(claim.state, "submitted")

    def test_submission_before_its_time_waits(self):
        claim = self.intake()._rcm_build_claims()
        for _step in range(2):
            with self.assertRaises(PredecessorMissing):
                claim._rcm_mark_submitted(SENT)
            claim._rcm_validate()._rcm_clear()  # cleared, but not invoiced yet
        self.assertEqual(claim.state, "cleared")

    def test_self_pay_and_void_claims_are_never_submitted(self):
        for claim in (
            self.invoiced(self_pay=True),
            self.intake(number="E2")._rcm_build_claims(),
        ):
            if not claim.self_pay:
                claim._rcm_void()
            with self.assertRaises(RcmPermanent):
                claim._rcm_mark_submitted(SENT)

    def test_status_news(self):
        claim = self.submitted()
        claim._rcm_apply_status("accepted", payer_claim_number="ICN1")
        self.assertEqual((claim.state, claim.payer_claim_number), ("accepted", "ICN1"))
        claim._rcm_apply_status("pended")
        self.assertEqual((claim.state, claim.leg_ids.state), ("accepted", "pended"))
        claim._rcm_apply_status("adjudicated")
        self.assertEqual(
            (claim.state, claim.leg_ids.state), ("adjudicated", "adjudicated")
        )
        claim._rcm_apply_status("accepted")
        self.assertEqual(claim.state, "adjudicated")

    def test_rejection_is_a_case_until_the_claim_goes_again(self):
        claim = self.submitted()
        claim._rcm_apply_status("rejected", reason="A7:562")
        self.assertEqual(claim.state, "rejected")
        self.assertIn("A7:562", self.open_cases(claim, "claim_rejected").message)
        claim._rcm_mark_submitted(SENT)
        self.assertEqual((claim.state, claim.leg_ids.state), ("submitted", "submitted"))
        self.assertFalse(self.open_cases(claim))

    def test_free_text_reasons_are_not_kept(self):
        claim = self.submitted()
        claim._rcm_apply_status("rejected", reason="Pat Sample is no member")
        self.assertNotIn("Sample", self.open_cases(claim).message)

    def test_status_of_a_claim_never_sent_waits_and_nonsense_is_refused(self):
        claim = self.invoiced()
        with self.assertRaises(PredecessorMissing):
            claim._rcm_apply_status("accepted")
        with self.assertRaises(RcmPermanent):
            claim._rcm_apply_status("eaten")
