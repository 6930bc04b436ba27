from odoo import fields
from odoo.tests import tagged

from .billing_common import BillingCase

SENT = fields.Datetime.from_string("2026-03-10 08:00:00")


@tagged("post_install", "-at_install")
class TestClaimTurn(BillingCase):
    """The worklist, the batch and every sentence name the payer whose turn it is."""

    def cleared(self, number="E1", **values):
        claim = self.intake(number=number, **values)._rcm_bill()
        claim._rcm_write({"invoice_state": "posted"})
        return claim

    def with_next(self, number="E1"):
        """A claim of two payers that the first one has decided."""
        claim = self.cleared(
            number, coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        claim._rcm_mark_submitted(SENT)
        claim._rcm_mark_adjudicated()
        return claim

    def test_the_first_payer_until_it_has_decided(self):
        claim = self.cleared(
            coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        for step in (
            lambda: None,
            lambda: claim._rcm_mark_submitted(SENT),
            lambda: claim._rcm_apply_status("accepted"),
            lambda: claim._rcm_mark_adjudicated(),
        ):
            step()
            with self.subTest(state=claim.state):
                self.assertEqual(claim.goes_to_id, self.clinic["payer"])

    def test_the_next_payer_from_its_turn_on(self):
        claim = self.with_next()
        claim._rcm_open_next_leg()
        second = self.clinic["second"]
        self.assertEqual((claim.goes_to_id, claim.billed_to), (second, "Aid"))
        claim._rcm_mark_submitted(SENT, payer="AID")
        self.assertEqual(claim.goes_to_id, second)
        self.assertIn("Aid", claim.next_step)
        claim._rcm_mark_adjudicated(payer="AID")
        self.assertEqual(claim.goes_to_id, second, "who decided last")

    def test_a_payer_that_takes_its_decision_back_has_its_turn_again(self):
        claim = self.with_next()
        claim._rcm_open_next_leg()
        claim._rcm_mark_submitted(SENT, payer="AID")
        claim._rcm_mark_adjudicated(payer="AID")
        claim._rcm_reopen(self.clinic["payer"])
        self.assertEqual(claim.goes_to_id, self.clinic["payer"])

    def test_worklist_groups_by_who_it_goes_to_now(self):
        first, later = self.cleared("E2"), self.with_next("E3")
        later._rcm_open_next_leg()
        action = self.env.ref("healthcare_rcm_base.rcm_claim_action_submit")
        self.assertIn("search_default_group_goes_to", action.context)
        groups = self.env["rcm.claim"]._read_group(
            [("is_submittable", "=", True), ("id", "in", (first | later).ids)],
            ["goes_to_id"],
            ["id:recordset"],
        )
        self.assertEqual(
            dict(groups), {self.clinic["payer"]: first, self.clinic["second"]: later}
        )

    def test_batch_goes_the_way_of_the_payer_whose_turn_it_is(self):
        self.clinic["second"].submission_route = "direct"
        claim = self.with_next()
        claim._rcm_open_next_leg()
        batches, refused = self.env["rcm.submission.batch"]._rcm_gather(claim)
        self.assertFalse(refused)
        self.assertEqual(
            (batches.route, batches.payer_id), ("direct", self.clinic["second"])
        )
        line = batches.line_ids
        self.assertEqual((line.payer_id, line.turn), (self.clinic["second"], 2))
        context = batches.action_open_claims()["context"]
        self.assertIn("search_default_group_goes_to", context)

    def test_self_pay_goes_to_no_payer(self):
        claim = self.intake(number="E4", self_pay=True)._rcm_bill()
        self.assertFalse(claim.goes_to_id)
        self.assertEqual(claim.billed_to, "Self-pay")
