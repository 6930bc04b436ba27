"""One thread, from the source event to the journal entry of the payment."""

from odoo.tests import tagged

from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceTimeline(RemittanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract(patient_percent=20)

    def thread(self, document):
        """(model, event) of the rows of the document's thread, in order."""
        rows = self.env["rcm.audit.log"].search(
            [("correlation_id", "=", document._rcm_correlation_id())], order="id"
        )
        return [(row.model, row.event) for row in rows]

    def assertInOrder(self, thread, *steps):
        places = []
        for step in steps:
            self.assertIn(step, thread)
            places.append(thread.index(step))
        self.assertEqual(places, sorted(places), thread)

    def test_a_claim_s_thread_runs_to_the_entry_of_its_payment(self):
        claim = self.claim(charge="100")
        remittance = self.post(30, self.answer(claim, 30, ("CO-45", 60), ("PR-2", 10)))
        self.assertPosted(remittance)
        thread = self.thread(claim)
        self.assertInOrder(
            thread,
            ("rcm.claim", "rcm.claim.built"),
            ("rcm.claim", "rcm.claim.state_changed"),
            ("account.move", "account.move.posted"),
        )
        entries = [event for event in thread if event[0] == "account.move"]
        self.assertGreaterEqual(len(entries), 2, "invoice and payment")
        self.assertEqual(self.thread(claim.encounter_id), thread)

    def test_a_remittance_s_thread_ends_in_its_entry(self):
        claim = self.claim(charge="100")
        remittance = self.post(30, self.answer(claim, 30, ("CO-45", 60), ("PR-2", 10)))
        self.assertInOrder(
            self.thread(remittance),
            ("rcm.remittance", "rcm.remittance.state_changed"),
            ("account.move", "account.move.posted"),
            ("rcm.remittance.claim", "rcm.remittance.claim.state_changed"),
        )

    def test_a_patient_s_hold_reaches_payments_and_denials(self):
        claim = self.claim(charge="100")
        remittance = self.post(30, self.answer(claim, 30, ("CO-45", 60), ("PR-2", 10)))
        documents = claim.encounter_id.patient_id._rcm_audit_documents()
        for expected in (claim, remittance, remittance.claim_ids):
            held = [found for found in documents if found._name == expected._name]
            self.assertTrue(expected <= held[0], expected._name)
