from odoo.tests import tagged

from ..core import control_number
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestClaimBuild(BillingCase):
    """Claims follow their encounter and carry what the contract lets us expect."""

    def test_claim_is_priced_from_the_contract(self):
        claim = self.intake(
            charges=[("99213", "150.00"), ("80053", "60.00")]
        )._rcm_build_claims()
        self.assertEqual(claim.total_charge, 210.0)
        self.assertEqual(claim.expected_amount, 114.0)
        self.assertEqual(claim.expected_contractual, 96.0)
        self.assertEqual(claim.expected_patient, 22.8)
        self.assertEqual(claim.expected_concession, 2.28)
        self.assertEqual(claim.contract_id, self.clinic["contract"])
        self.assertEqual(claim.line_ids.mapped("expected_amount"), [92.0, 22.0])
        self.assertIn("Acme 2020", claim.line_ids[0].pricing_trace[0]["text"])
        charge = claim.line_ids[0].charge_id
        self.assertEqual(charge.expected_amount, 92.0)
        self.assertEqual(charge.rate_id.contract_id, claim.contract_id)

    def test_contract_above_the_charge_shows_a_negative_contractual(self):
        claim = self.intake(charges=[("36415", "25.00")])._rcm_build_claims()
        self.assertEqual(claim.expected_contractual, -5.0)

    def test_medicare_sequestration(self):
        contract = self.clinic["contract"]
        version = contract.copy({"date_from": "2026-03-01", "sequestration_percent": 2})
        contract.date_to = "2026-02-28"
        version.state = "active"
        claim = self.intake()._rcm_build_claims()
        self.assertEqual(claim.contract_id, version)
        self.assertEqual(claim.expected_sequestration, 1.47)  # 2 % of 92.00 − 18.40
        self.assertEqual(claim.expected_payer, 72.13)

    def test_self_pay_claim_has_no_payer_and_a_concession(self):
        claim = self.intake(
            self_pay=True, charges=[("99213", "500.00")]
        )._rcm_build_claims()
        self.assertFalse(claim.payer_id)
        self.assertTrue(claim.self_pay)
        self.assertEqual(claim.expected_contractual, 0.0)
        self.assertEqual(claim.expected_concession, 200.0)

    def test_one_leg_per_coverage_in_order(self):
        claim = self.intake(
            coverages=[self.coverage(2, "AID"), self.coverage(1, "ACME")]
        )._rcm_build_claims()
        self.assertEqual(claim.leg_ids.mapped("payer_id.code"), ["ACME", "AID"])
        self.assertEqual(claim.leg_ids.mapped("sequence"), [1, 2])
        self.assertEqual(claim.payer_id.code, "ACME")

    def test_building_again_refreshes_the_draft(self):
        encounter = self.intake(charges=[("99213", "150.00"), ("XYZ", "10.00")])
        claim = encounter._rcm_build_claims()
        numbers = claim.line_ids.mapped("line_control_number")
        self.intake(
            self.data(
                charges=[("99213", "160.00"), ("XYZ", "10.00"), ("80053", "60.00")]
            )
        )
        again = encounter._rcm_build_claims()
        self.assertEqual(again, claim)
        self.assertEqual(claim.total_charge, 230.0)
        self.assertEqual(claim.line_ids.mapped("line_control_number")[:2], numbers)
        self.assertEqual(len(set(claim.line_ids.mapped("line_control_number"))), 3)

    def test_void_charge_leaves_the_draft_and_its_number_is_not_reused(self):
        encounter = self.intake(charges=[("99213", "150.00"), ("80053", "60.00")])
        claim = encounter._rcm_build_claims()
        gone = claim.line_ids[1].line_control_number
        encounter.charge_ids[1]._rcm_void()
        claim._rcm_refresh()
        self.assertEqual(claim.total_charge, 150.0)
        self.assertNotIn(gone, claim.line_ids.mapped("line_control_number"))

    def test_control_numbers_are_valid_and_differ_between_companies(self):
        other = self.make_company("Other clinic")
        Claim = self.env["rcm.claim"]
        numbers = Claim._rcm_next_numbers(self.company, 50)
        numbers += Claim._rcm_next_numbers(other, 50)
        self.assertEqual(len(set(numbers)), 100)
        for number in numbers:
            self.assertTrue(control_number.is_valid(number))
            self.assertLessEqual(len(number), 20)

    def test_latest_version_is_found_by_control_number(self):
        claim = self.intake()._rcm_build_claims()
        found = self.env["rcm.claim"]._rcm_find_by_control_number(
            [claim.name, "NOPE"], self.company
        )
        self.assertEqual(found, {claim.name: claim})
        other = self.make_company("Other clinic")
        self.assertFalse(
            self.env["rcm.claim"]._rcm_find_by_control_number([claim.name], other)
        )

    def test_queries_do_not_grow_with_the_number_of_encounters(self):
        def cost(count, start):
            encounters = self.env["rcm.encounter"]
            for number in range(start, start + count):
                encounters |= self.intake(
                    number=f"Q{number}",
                    charges=[("99213", "150.00"), ("80053", "60.00")],
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            encounters._rcm_bill()
            self.env.flush_all()
            self.assertEqual(set(encounters.mapped("state")), {"billed"})
            return self.env.cr.sql_log_count - before

        cost(1, 0)  # makes the sequence, fills caches
        few, many = cost(5, 100), cost(45, 200)
        self.assertLess((many - few) / 40, 2.0, (few, many))
