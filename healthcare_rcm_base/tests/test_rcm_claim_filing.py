from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .billing_common import BillingCase

TODAY = "2026-03-20 12:00:00"


@tagged("post_install", "-at_install")
class TestClaimFiling(BillingCase):
    """The clock on the claim, and the case before it runs out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = cls.clinic["payer"]
        cls.payer.write(
            {
                "timely_filing_days": 90,
                "timely_filing_corrected_days": 180,
                "appeal_days": 120,
            }
        )
        cls.clinic["second"].timely_filing_secondary_days = 30

    def built(self, **keywords):
        return self.intake(**keywords)._rcm_build_claims()

    @freeze_time(TODAY)
    def test_original_clock_runs_from_the_service_until_it_is_sent(self):
        claim = self.built()
        self.assertEqual(claim.filing_kind, "original")
        self.assertEqual(str(claim.filing_deadline), "2026-05-31")
        self.assertEqual((claim.filing_days_left, claim.filing_status), (72, "open"))
        self.payer.timely_filing_days = 30
        self.assertEqual(str(claim.filing_deadline), "2026-04-01")
        self.assertEqual(claim.filing_status, "near")
        claim._rcm_validate()._rcm_clear()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertFalse(claim.filing_deadline)
        self.assertFalse(claim.filing_status)
        claim._rcm_apply_status("rejected")
        self.assertEqual(claim.filing_kind, "original")

    @freeze_time(TODAY)
    def test_service_of_an_evening_ends_on_the_clinics_own_day(self):
        self.company.partner_id.tz = "America/New_York"
        for end, deadline in (
            ("2026-03-03 01:30:00", "2026-05-31"),  # half past eight, the day before
            ("2026-03-03 05:30:00", "2026-06-01"),
        ):
            encounter = self.intake(number=end)
            encounter._rcm_write({"service_end": end})
            claim = encounter._rcm_build_claims()
            with self.subTest(end=end):
                self.assertEqual(str(claim.filing_deadline), deadline)

    @freeze_time(TODAY)
    def test_next_payer_and_appeal_count_from_the_decision(self):
        claim = self.built(
            coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        claim._rcm_validate()._rcm_clear()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated()
        self.assertEqual(str(claim.leg_ids[0].adjudicated_date), "2026-03-20")
        self.assertFalse(claim.filing_kind)
        claim._rcm_open_next_leg()
        self.assertEqual(claim.filing_kind, "secondary")
        self.assertEqual(str(claim.filing_deadline), "2026-04-19")
        claim.leg_ids[1]._rcm_set_state("submitted")
        claim.line_ids._rcm_set_state("denied")
        self.assertEqual(claim.payment_status, "denied")
        self.assertEqual(claim.filing_kind, "appeal")
        self.assertEqual(str(claim.filing_deadline), "2026-07-18")

    @freeze_time("2026-03-21 01:00:00")
    def test_decision_of_an_evening_is_of_the_clinics_own_day(self):
        self.company.partner_id.tz = "America/New_York"
        claim = self.built()
        claim._rcm_validate()._rcm_clear()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated()
        self.assertEqual(str(claim.leg_ids.adjudicated_date), "2026-03-20")

    @freeze_time(TODAY)
    def test_correction_counts_from_the_decision_about_what_it_replaces(self):
        claim = self.built()
        claim._rcm_validate()._rcm_clear()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_apply_status("accepted", payer_claim_number="PCN1")
        claim._rcm_mark_adjudicated()
        later = claim._rcm_new_version("7", "A late charge.")
        self.assertEqual(later.filing_kind, "corrected")
        self.assertEqual(str(later.filing_deadline), "2026-09-16")

    @freeze_time(TODAY)
    def test_filters_find_what_is_near_and_passed(self):
        claim = self.built()
        for days, status in ((90, "open"), (25, "near"), (5, "passed")):
            self.payer.timely_filing_days = days
            with self.subTest(status):
                Claim = self.env["rcm.claim"]
                own = [("id", "=", claim.id)]
                for other in ("open", "near", "passed"):
                    found = Claim.search([*own, ("filing_status", "=", other)])
                    self.assertEqual(bool(found), other == status)
        self.payer.timely_filing_days = 0
        self.assertTrue(
            self.env["rcm.claim"].search([*own, ("filing_status", "=", False)])
        )

    @freeze_time(TODAY)
    def test_sweep_opens_a_case_once_and_closes_it_when_filed(self):
        self.payer.timely_filing_days = 25
        claim = self.built()
        Claim = self.env["rcm.claim"]
        Claim._cron_filing_deadlines()
        Claim._cron_filing_deadlines()
        case = self.open_cases(claim, "timely_filing")
        self.assertEqual((len(case), case.occurrence_count), (1, 1))
        self.assertIn("2026-03-27", case.message)
        self.payer.timely_filing_days = 365
        Claim._cron_filing_deadlines()
        self.assertEqual(case.state, "resolved")

    @freeze_time(TODAY)
    def test_self_pay_has_no_clock(self):
        self.assertFalse(self.built(self_pay=True).filing_deadline)

    @freeze_time(TODAY)
    def test_validation_warns_with_the_deadline(self):
        self.payer.timely_filing_days = 25
        claim = self.built()
        claim._rcm_validate()
        self.assertEqual(claim.state, "validated")
        self.assertFalse(claim.clean_claim)
        self.assertIn("2026-03-27", claim.warning_text)
        self.assertIn("7 days left", claim.warning_text)
