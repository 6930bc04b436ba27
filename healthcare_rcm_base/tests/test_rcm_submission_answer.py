"""What payers and platforms answer to a batch, or do not."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..core.errors import PredecessorMissing
from . import builders
from .common_ground import audit_rows
from .submission_common import SubmissionCase


@tagged("post_install", "-at_install")
class TestSubmissionAnswer(SubmissionCase):
    """Each answer finds its claims; silence is a case."""

    def test_acknowledged_batch_with_a_rejected_claim(self):
        claims = self.ready(3)
        batch = self.sent(claims)
        self.receive(
            "rejected", claims=[(claims[0].name, "rejected", ["A7:33", "Ada"])]
        )
        self.assertEqual(batch.state, "partly_acknowledged")
        self.assertEqual(claims[0].state, "rejected")
        line = batch.line_ids.filtered(lambda item: item.claim_id == claims[0])
        self.assertEqual(line.reason_codes, "A7:33")
        self.assertEqual(claims[0].rcm_case_ids.type_code, "claim_rejected")
        self.receive("accepted", number=batch.name)
        self.assertEqual(batch.state, "acknowledged")
        self.assertEqual(
            sorted(batch.line_ids.mapped("state")), ["accepted", "accepted", "rejected"]
        )
        before = audit_rows(self.env, batch)
        self.receive("accepted", number=batch.name)
        self.assertEqual(audit_rows(self.env, batch), before)

    def test_answer_to_what_was_never_sent_waits(self):
        claim = self.ready()
        batch = self.gathered(claim)
        for values in (
            {"number": batch.name},
            {"number": "SB999999"},
            {"claims": [("RNONE", "accepted", ())]},
        ):
            with self.subTest(values=values), self.assertRaises(PredecessorMissing):
                self.receive("accepted", **values)

    def test_batch_numbers_of_another_company_are_not_found(self):
        batch = self.sent(self.ready())
        with self.assertRaises(PredecessorMissing):
            self.Batch._rcm_receive_acknowledgement(
                self.env.ref("base.main_company"), "accepted", number=batch.name
            )
        self.assertEqual(batch.state, "submitted")

    def test_nobody_answered_in_time(self):
        batch = self.sent(self.ready())
        self.Batch._cron_watch_acknowledgements()
        self.assertFalse(batch.rcm_case_ids)
        batch._rcm_write(
            {"acknowledgement_due": fields.Datetime.now() - timedelta(hours=1)}
        )
        self.Batch._cron_watch_acknowledgements()
        self.Batch._cron_watch_acknowledgements()
        batch.invalidate_recordset(["rcm_case_ids"])
        case = batch.rcm_case_ids
        self.assertEqual(case.type_code, "acknowledgement_overdue")
        self.assertEqual(len(case), 1)
        batch._rcm_acknowledge("accepted")
        self.assertEqual(case.state, "resolved")

    def test_platform_takes_over_and_its_answer_is_tracked(self):
        self.payer.submission_route = "platform"
        good, bad = claims = self.ready(2)
        batch = self.sent(claims)
        self.assertEqual(set(claims.mapped("state")), {"pending_interface"})
        self.receive("accepted", claims=[(good.name, "accepted", ())])
        self.receive("rejected", claims=[(bad.name, "rejected", ["E1"])])
        self.assertEqual((good.state, bad.state), ("pending_interface", "cleared"))
        self.assertEqual(bad.rcm_case_ids.type_code, "claim_rejected")
        self.assertEqual(batch.state, "acknowledged")
        good._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(good.state, "submitted")
        self.gathered(bad)

    def test_platform_that_refuses_the_next_payers_claim_leaves_it_due_there(self):
        following = builders.payer(
            self.env, submission_route="platform", timely_filing_secondary_days=60
        )
        claim = builders.claims_of(
            builders.encounter(self.env, ["1000"], [self.payer, following])
        )
        claim._rcm_create_invoices()
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated()
        claim._rcm_open_next_leg()
        batch = self.sent(claim)
        self.assertEqual((batch.route, batch.line_ids.turn), ("platform", 2))
        self.assertEqual(claim.state, "pending_interface")
        self.assertEqual(claim.filing_kind, "secondary", "the clock goes on")
        self.receive("rejected", claims=[(claim.name, "rejected", ["E1"])])
        self.assertEqual((claim.state, claim.goes_to_id), ("adjudicated", following))
        self.assertTrue(claim.is_submittable)
        again = self.sent(claim)
        self.receive("accepted", claims=[(claim.name, "accepted", ())])
        self.assertEqual(again.state, "acknowledged")
        claim._rcm_mark_submitted(fields.Datetime.now(), payer=following)
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(claim.leg_ids.mapped("state"), ["adjudicated", "submitted"])
