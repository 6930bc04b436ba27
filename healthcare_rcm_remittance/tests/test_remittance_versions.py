from odoo import fields
from odoo.tests import tagged

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceVersions(RemittanceCase):
    """What a payer says about a control number lands on the version it means."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def replaced(self, extra=200):
        """A paid claim of 1000 and the replacement over 1200 that was sent."""
        claim = self.claim()
        first = self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        self.assertPosted(first)
        self.assertEqual(claim.payer_claim_number, "PCN1")
        encounter = claim.encounter_id
        encounter._rcm_set_state("reopened")
        late = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": "L1"}
        )
        late.write({"amount": extra, "modifiers": "76"})
        version = claim._rcm_correct("Late charge")
        version._rcm_validate()
        version._rcm_clear()
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual((claim.state, version.state), ("superseded", "submitted"))
        return claim, version

    def correction(self, version):
        """The payer's decision about both lines of the replacement."""
        services = [
            era.svc(
                line.charge_amount,
                line.charge_amount * 0.4,
                ("CO-45", line.charge_amount * 0.6),
                number=line.line_control_number,
            )
            for line in version.line_ids
        ]
        return era.clp(version.name, 1200, 480, services=services, icn="PCN2")

    def test_reversal_goes_to_the_replaced_version_and_correction_to_the_new(self):
        claim, version = self.replaced()
        self.assertEqual((version.carried_amount, version.open_balance), (1000, 200))
        remittance = self.post(
            80,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            self.correction(version),
        )
        self.assertPosted(remittance)
        self.assertEqual(remittance.claim_ids.mapped("claim_id"), claim | version)
        self.assertEqual((claim.paid_amount, claim.contractual_amount), (0, 0))
        self.assertEqual((version.paid_amount, version.contractual_amount), (480, 720))
        self.assertEqual((claim.state, version.state), ("superseded", "adjudicated"))
        self.assertEqual(version.payer_claim_number, "PCN2")
        self.assertEqual(version.open_balance, 0)
        self.assertEqual(
            self.trial_balance(),
            {"clearing": 480, "contractual": 720, "revenue": -1200},
        )
        self.assertFalse(self.open_receivable(claim) + self.open_receivable(version))

    def test_reversal_and_correction_come_apart(self):
        claim, version = self.replaced()
        correction = self.post(480, self.correction(version))
        self.assertPosted(correction, parked=1)  # more than is open until the 22
        self.post(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            plb=[("FB", -400, "PCN1")],
        )
        self.assertEqual(claim.state, "superseded")
        self.assertEqual(correction.claim_ids.state, "posted")  # released by the 22
        self.assertEqual((version.paid_amount, version.open_balance), (480, 0))

    def test_decision_that_crossed_the_replacement_is_the_first_versions(self):
        claim = self.claim()
        claim._rcm_apply_status("accepted", payer_claim_number="PCN1")
        encounter = claim.encounter_id
        encounter._rcm_set_state("reopened")
        late = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": "L1"}
        )
        late.write({"amount": 200, "modifiers": "76"})
        version = claim._rcm_correct("Late charge")
        version._rcm_validate()
        version._rcm_clear()
        version._rcm_mark_submitted(fields.Datetime.now())
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        self.assertPosted(remittance)
        self.assertEqual(remittance.claim_ids.claim_id, claim)
        self.assertEqual((claim.paid_amount, claim.state), (400, "superseded"))
        self.assertEqual((version.open_balance, version.state), (200, "submitted"))

    def test_void_is_done_when_its_reversal_posts(self):
        claim = self.claim()
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        void = claim._rcm_new_version("8", "Billed by mistake")
        void._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(
            self.trial_balance(), {"clearing": 400, "payer_overpayment": -400}
        )
        other = self.claim()
        remittance = self.post(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            self.answer(other, 400, ("CO-45", 600)),
        )
        self.assertPosted(remittance)
        self.assertEqual((claim.state, void.state), ("void", "closed"))
        self.assertEqual((claim.paid_amount, claim.open_balance), (0, 0))
        balance = self.trial_balance()
        self.assertEqual(balance.get("payer_overpayment", 0), 0)
        self.assertEqual(balance["revenue"], -1000)

    def test_money_for_a_voided_claim_is_parked(self):
        claim = self.claim()
        claim._rcm_apply_status("accepted", payer_claim_number="PCN1")
        void = claim._rcm_new_version("8", "Billed by mistake")
        void._rcm_mark_submitted(fields.Datetime.now())
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertPosted(remittance, parked=1)
        self.assertIn("claim_void", self.case_types(remittance.claim_ids))

    def test_repricing_stands_when_the_payer_takes_back(self):
        claim = self.claim()
        D = type(claim._rcm_expected_amounts().charge)
        claim._rcm_local_entry(
            "repricing", {"contractual": D(50), "reserve": D(-50)}, "New contract"
        )
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        other = self.claim()
        self.post(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            self.answer(other, 400, ("CO-45", 600)),
        )
        self.assertEqual(self.trial_balance()["reserve"], -650)
