"""What a payer decided, told to the payer after it and to the tax of the patient."""

from decimal import Decimal as D

from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.core.claim_export import (
    Answer,
    adjudication,
)
from odoo.addons.healthcare_rcm_base.tests import builders

from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestClaimAdjudication(RemittanceCase):
    """Coordination of benefits as claims to second payers carry it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.contract(cls.second)

    def decided(self, *codes, paid=320, **values):
        claim = self.claim(payers=(self.payer, self.second))
        codes = codes or (("CO-45", 600), ("PR-2", 80))
        self.assertPosted(self.post(paid, self.answer(claim, paid, *codes, **values)))
        return claim

    def said(self, claim, payer):
        """What the claim tells ``payer`` about the other."""
        leg = claim.leg_ids.filtered(lambda one: one.payer_id == payer)
        [other] = claim._rcm_export_dict(leg)["other_payers"]
        return other

    def test_second_payer_is_told_what_the_first_decided(self):
        claim = self.decided()
        other = self.said(claim, self.second)
        self.assertEqual(other["payer"]["identifier"], "1512345678")
        self.assertEqual(other["state"], "adjudicated")
        answer = other["adjudication"]
        self.assertEqual(str(answer["date"]), "2026-11-20")
        self.assertEqual(answer["payer_claim_number"], f"ICN{claim.name}")
        self.assertEqual(answer["paid"], "320.00")
        self.assertEqual(answer["patient_responsibility"], "80.00")
        [line] = answer["lines"]
        self.assertEqual(line["control_number"], claim.line_ids.line_control_number)
        self.assertEqual((line["code"], line["paid"]), ("99213", "320.00"))
        self.assertEqual(
            [
                (one["group"], one["reason"], one["amount"])
                for one in line["adjustments"]
            ],
            [("CO", "45", "600.00"), ("PR", "2", "80.00")],
        )

    def test_first_payer_is_told_nothing_about_the_second(self):
        claim = self.decided()
        self.assertNotIn("adjudication", self.said(claim, self.payer))

    def test_nothing_is_told_before_anything_was_decided(self):
        claim = self.claim(payers=(self.payer, self.second))
        self.assertNotIn("adjudication", self.said(claim, self.second))

    def test_decision_taken_back_is_not_told(self):
        claim = self.decided()
        self.assertPosted(
            self.post(
                0,
                self.reversal(claim, 320, ("CO-45", 600), ("PR-2", 80)),
                self.answer(claim, 320, ("CO-45", 600), ("PR-1", 80)),
            )
        )
        answer = self.said(claim, self.second)["adjudication"]
        self.assertEqual(answer["paid"], "320.00")
        [line] = answer["lines"]
        self.assertIn("1", {one["reason"] for one in line["adjustments"]})
        self.assertNotIn("2", {one["reason"] for one in line["adjustments"]})

    def test_decisions_in_parts_add_up(self):
        parts = [
            Answer(builders.SERVICE_DATE, "A", D("10.10"), D("1"), (), ()),
            Answer(builders.SERVICE_DATE, "B", D("0.20"), D("2"), (), ()),
        ]
        found = adjudication(parts)
        self.assertEqual(found["paid"], "10.30")
        self.assertEqual(found["patient_responsibility"], "3.00")
        self.assertEqual(found["payer_claim_number"], "B")
        self.assertIsNone(adjudication([]))

    # -- taxes of what is not covered ----------------------------------------------

    def taxed(self, *codes):
        """The patient invoice of a claim whose service is taxed at 10 percent."""
        self.env["rcm.posting.rule"].create(
            {
                "name": "No benefit: the patient pays",
                "kind": "claim",
                "payer_id": self.payer.id,
                "group_code": "PR",
                "reason_code": "96",
                "action": "patient",
            }
        )
        claim = self.claim(charge="100")
        claim.line_ids.service_code_id.tax_ids = builders.tax(self.company, 10)
        self.assertPosted(self.post(0, self.answer(claim, 0, *codes)))
        claim._rcm_create_patient_invoices()
        return self.env["account.move"].search(
            [("rcm_claim_id", "=", claim.id), ("rcm_kind", "=", "patient_invoice")]
        )

    def test_service_that_is_not_covered_is_taxed(self):
        move = self.taxed(("PR-96", 100))
        self.assertEqual((move.amount_tax, move.amount_total), (10, 110))

    def test_deductible_is_not_taxed(self):
        move = self.taxed(("PR-1", 100))
        self.assertEqual((move.amount_tax, move.amount_total), (0, 100))
