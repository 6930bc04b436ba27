"""The four layers of defence against posting the same twice."""

from odoo.tests import tagged

from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceDuplicates(RemittanceCase):
    """File, interchange, payment, claim."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def test_file_again_whatever_its_line_breaks(self):
        claim = self.claim()
        content = self.era(400, self.answer(claim, 400, ("CO-45", 600)))
        first = self.receive(content)
        again = self.receive(content.replace(b"\n", b""))
        self.assertEqual(again, first)
        self.assertEqual(len(first.remittance_ids), 1)

    def test_interchange_number_again_with_other_content_warns_and_goes_on(self):
        one, other = self.claim(), self.claim()
        first = self.post(400, self.answer(one, 400, ("CO-45", 600)), control=77)
        second = self.post(300, self.answer(other, 300, ("CO-45", 700)), control=77)
        self.assertPosted(first)
        self.assertPosted(second)
        self.assertFalse(first.same_interchange_id)
        self.assertEqual(second.same_interchange_id, first)
        self.assertEqual(self.case_types(second), ["interchange_repeated"])

    def test_next_interchange_of_the_sender_is_no_repeat(self):
        for control in (78, 79):
            claim = self.claim()
            remittance = self.post(
                400, self.answer(claim, 400, ("CO-45", 600)), control=control
            )
            self.assertFalse(remittance.same_interchange_id)
            self.assertFalse(self.case_types(remittance))

    def test_payment_again_in_another_file_is_recorded_and_not_posted(self):
        claim = self.claim()
        answer = self.answer(claim, 400, ("CO-45", 600))
        first = self.post(400, answer, trace="SAME")
        before = self.trial_balance()
        second = self.post(400, answer, trace="SAME")
        self.assertEqual((second.state, second.duplicate_of_id), ("duplicate", first))
        self.assertFalse(self.case_types(second))
        self.assertEqual(self.trial_balance(), before)

    def test_decision_again_in_another_payment_warns_and_does_not_pay_twice(self):
        claim = self.claim()
        self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        again = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertPosted(again, parked=1)
        codes = [item["code"] for item in again.claim_ids.warnings]
        self.assertIn("claim_seen_before", codes)
        self.assertEqual(self.case_types(again.claim_ids), ["overpaid"])
        self.assertEqual(claim.paid_amount, 400)

    def test_claim_twice_in_one_payment(self):
        """RFI 1076: only a split claim (MA15) stands twice."""
        claim = self.claim()
        twice = [self.answer(claim, 400, ("CO-45", 600)) for _ in range(2)]
        remittance = self.post(800, *twice)
        self.assertPosted(remittance, parked=2)
        self.assertFalse(claim.paid_amount)

    def test_reversal_again_is_told_apart_from_an_unknown_one(self):
        """RFI 1604: what was taken back may not be taken back again."""
        claim, other = self.claim(), self.claim()
        self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        back = self.reversal(claim, 300, ("CO-45", 700))
        self.post(0, back, plb=[("WO", -300, "R")])
        again = self.post(100, back, self.answer(other, 400, ("CO-45", 600)))
        self.assertPosted(again, parked=1)
        parked = again.claim_ids.filtered(lambda item: item.state == "parked")
        self.assertEqual(parked.reasons[0]["code"], "reversal_repeated")
        unknown = self.reversal(self.claim(), 9, ("CO-45", 991))
        stranger = self.post(0, unknown, plb=[("WO", -9, "S")])
        self.assertEqual(stranger.claim_ids.reasons[0]["code"], "reversal_unmatched")

    # -- provider adjustments ---------------------------------------------------

    def test_provider_adjustment_for_someone_else_holds(self):
        claim = self.claim()
        remittance = self.post(
            380,
            self.answer(claim, 400, ("CO-45", 600)),
            plb=[("WO", 20, "X")],
            provider="1999999992",
        )
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["remittance_plb_unmapped"])
        self.assertIn("provider_not_ours", str(remittance.plan["stops"]))

    def test_provider_adjustment_stands_for_the_facility_it_names(self):
        facility = self.claim().facility_id
        facility.npi = "1245319599"
        remittance = self.post(50, plb=[("CT", -50, "X")], provider="1245319599")
        self.assertPosted(remittance)
        line = remittance.move_id.sudo().line_ids.filtered(
            lambda item: item.rcm_purpose == "capitation_income"
        )
        self.assertEqual(line.rcm_facility_id, facility)
