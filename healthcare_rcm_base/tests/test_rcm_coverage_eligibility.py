from datetime import date, datetime

from odoo.tests import tagged

from ..core.errors import PredecessorMissing, RcmPermanent, ReferenceMissing
from .billing_common import BillingCase
from .common_ground import audit_rows


@tagged("post_install", "-at_install")
class TestEligibility(BillingCase):
    """A payer's answer: what it changes, and what is checked again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.encounter = cls.intake()
        cls.coverage_record = cls.encounter.coverage_ids
        cls.Coverage = cls.env["rcm.coverage"]

    def facts(self, **changes):
        answered_at = changes.pop("answered_at", "2026-03-01")
        return {
            "patient_account": "PAE1",
            "payer": "ACME",
            "status": "active",
            "answered_at": datetime.fromisoformat(f"{answered_at} 10:00:00"),
            **changes,
        }

    def answer(self, **changes):
        return self.Coverage._rcm_apply_eligibility(self.facts(**changes), self.company)

    def test_answer_is_taken_over_and_audited(self):
        coverage = self.answer(
            date_from="2026-01-01",
            date_to=None,
            plan_name="Silver",
            copay="30.00",
            deductible_left="450.5",
            coinsurance_percent="20",
            out_of_pocket_left="0",
        )
        self.assertEqual(coverage, self.coverage_record)
        self.assertEqual(
            (
                coverage.eligibility_state,
                str(coverage.eligibility_date),
                str(coverage.date_from),
                coverage.copay_amount,
                coverage.deductible_left,
                coverage.coinsurance_percent,
                coverage.out_of_pocket_known,
                coverage.out_of_pocket_left,
            ),
            ("active", "2026-03-01", "2026-01-01", 30, 450.5, 20, True, 0),
        )
        rows = audit_rows(self.env, coverage, "rcm.coverage.eligibility_updated")
        self.assertEqual(len(rows), 1)
        # What an answer does not say stays as it is.
        self.answer(answered_at="2026-03-02")
        self.assertEqual((coverage.copay_amount, coverage.plan_name), (30, "Silver"))

    def test_answer_of_an_evening_is_of_the_clinics_own_day(self):
        self.company.partner_id.tz = "America/New_York"
        facts = self.facts() | {"answered_at": datetime(2026, 3, 2, 1)}
        self.Coverage._rcm_apply_eligibility(facts, self.company)
        self.assertEqual(str(self.coverage_record.eligibility_date), "2026-03-01")

    def test_older_answer_changes_nothing(self):
        self.answer(copay="30")
        self.answer(copay="10", answered_at="2026-02-28", status="inactive")
        self.assertEqual(self.coverage_record.copay_amount, 30)
        self.assertEqual(self.coverage_record.eligibility_state, "active")

    def test_not_eligible_since_leaves_earlier_days(self):
        for end, day, covered in (
            (None, "2026-03-02", False),
            ("2026-03-02", "2026-03-02", True),
            ("2026-03-01", "2026-03-02", False),
            ("2026-03-01", "2026-03-01", True),
        ):
            with self.subTest(end=end, day=day):
                coverage = self.answer(status="inactive", date_to=end)
                self.assertEqual(
                    coverage._rcm_is_covered(date.fromisoformat(day)), covered
                )

    def test_stopped_claim_goes_on_when_confirmed(self):
        self.answer(status="inactive")
        claim = self.encounter._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "draft")
        self.assertTrue(self.open_cases(claim, "coverage_inactive"))
        self.answer(status="active", answered_at="2026-03-02")
        self.assertEqual(claim.state, "cleared")
        self.assertFalse(self.open_cases(claim))

    def test_checked_claim_is_stopped_by_a_case_until_confirmed(self):
        claim = self.encounter._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "validated")
        self.answer(status="inactive")
        self.assertTrue(self.open_cases(claim, "coverage_inactive"))
        self.answer(status="active", answered_at="2026-03-02")
        self.assertFalse(self.open_cases(claim, "coverage_inactive"))

    def test_what_cannot_be_matched(self):
        for error, changes in (
            (ReferenceMissing, {"payer": "NOBODY"}),
            (PredecessorMissing, {"patient_account": "PA-LATER"}),
            (PredecessorMissing, {"payer": "AID"}),
            (PredecessorMissing, {"member_id": "OTHER"}),
            (RcmPermanent, {"date_from": "2026-03-02", "date_to": "2026-03-01"}),
        ):
            with self.subTest(changes=changes), self.assertRaises(error):
                self.answer(**changes)
        self.coverage_record.copy({"member_id": "W2"})
        with self.assertRaisesRegex(RcmPermanent, "member id"):
            self.answer()
        self.assertEqual(self.answer(member_id="W1"), self.coverage_record)

    def test_patients_of_another_company_are_not_found(self):
        other = self.make_company("Elsewhere")
        with self.assertRaises(ReferenceMissing):
            self.Coverage._rcm_apply_eligibility(self.facts(), other)
