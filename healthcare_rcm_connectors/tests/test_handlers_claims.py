from odoo.tests import tagged

from .handler_common import HandlerCase


@tagged("post_install", "-at_install")
class TestHandlersClaims(HandlerCase):
    """Submissions, statuses and acknowledgements of claims."""

    def test_news_of_an_unknown_claim_waits(self):
        status = self.envelope(
            "claim.status_changed",
            {"control_number": "RTEST0000009", "status": "accepted"},
        )
        events = self.receive(self.submitted("RTEST0000009"), status)
        self.process()
        self.assertEqual(set(events.mapped("state")), {"waiting_predecessor"})

    def sent_batch(self, number):
        """A batch with the claim of an encounter that was taken in and sent."""
        self.done(self.completed(number))
        encounter = self.encounter(number)
        claim = encounter._rcm_build_claims()
        claim._rcm_set_state("validated")
        claim._rcm_set_state("cleared")
        claim._rcm_write({"invoice_state": "posted"})
        batches, _refused = self.env["rcm.submission.batch"]._rcm_gather(claim)
        batches._rcm_export()
        batches._rcm_mark_submitted(batches.create_date)
        return batches, claim

    def test_acknowledgement_of_a_batch_and_of_a_claim(self):
        batch, claim = self.sent_batch("E-85")
        event = self.done(
            self.envelope(
                "claim.acknowledged", {"batch": batch.name, "status": "accepted"}
            )
        )
        self.assertEqual(event.document_refs[0]["id"], batch.id)
        self.assertEqual((batch.state, claim.state), ("acknowledged", "submitted"))
        other, rejected = self.sent_batch("E-86")
        self.done(
            self.envelope(
                "claim.acknowledged",
                {
                    "control_number": rejected.name,
                    "status": "rejected",
                    "reasons": ["A7:33"],
                },
            )
        )
        self.assertEqual((other.state, rejected.state), ("acknowledged", "rejected"))
        self.assertEqual(other.line_ids.reason_codes, "A7:33")
        self.assertEqual(self.case_types(rejected), {"claim_rejected"})

    def test_acknowledgement_of_nothing_sent_waits_and_needs_a_name(self):
        early = self.receive(
            self.envelope(
                "claim.acknowledged", {"batch": "SB999999", "status": "accepted"}
            )
        )
        self.process()
        self.assertEqual(early.state, "waiting_predecessor")
        nameless = self.envelope("claim.acknowledged", {"status": "accepted"})
        [answer] = self.env["rcm.event"]._rcm_submit(self.connector, [nameless])
        self.assertIsInstance(answer, Exception)

    def test_acknowledgement_from_another_facility_is_refused(self):
        batch, claim = self.sent_batch("E-87")
        self.connector.facility_ids = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE"}
        )
        event = self.receive(
            self.envelope(
                "claim.acknowledged", {"batch": batch.name, "status": "rejected"}
            )
        )
        self.process()
        self.assertEqual(event.state, "dead")
        self.assertEqual((batch.state, claim.state), ("submitted", "submitted"))

    def test_submission_and_status_move_the_claim(self):
        self.done(self.completed("E-80"))
        encounter = self.encounter("E-80")
        claim = encounter._rcm_build_claims()
        submitted = self.receive(self.submitted(claim.name))
        accepted = self.receive(
            self.envelope(
                "claim.status_changed",
                {
                    "control_number": claim.name,
                    "status": "accepted",
                    "payer_claim_number": "P-1",
                },
            )
        )
        self.process()
        # The claim is not cleared yet: both are early, not wrong.
        states = submitted.state, accepted.state
        self.assertEqual(states, ("waiting_predecessor",) * 2)
        claim._rcm_set_state("validated")
        claim._rcm_set_state("cleared")
        claim._rcm_write({"invoice_state": "posted"})
        (submitted | accepted).write({"next_attempt_at": submitted.received_at})
        self.process()
        self.assertEqual((submitted.state, accepted.state), ("done", "done"))
        self.assertEqual(claim.state, "accepted")
        self.assertEqual(claim.payer_claim_number, "P-1")
        rows = self.env["rcm.audit.log"].search(
            [
                ("correlation_id", "=", claim.correlation_id),
                ("event", "=", "event.applied"),
            ]
        )
        self.assertEqual(len(rows), 2)

    def test_claim_of_a_facility_the_connector_does_not_serve(self):
        self.done(self.completed("E-81"))
        claim = self.encounter("E-81")._rcm_build_claims()
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        self.connector.facility_ids = elsewhere
        event = self.receive(self.submitted(claim.name))
        self.process()
        self.assertEqual(
            (event.state, event.error_code), ("dead", "facility_not_allowed")
        )
