from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestClaimQuality(BillingCase):
    """Clean means untouched; first-pass acceptance is what the payer said first."""

    def claim(self, number="E1", **keywords):
        claim = self.intake(number=number, **keywords)._rcm_build_claims()
        claim._rcm_validate()
        return claim

    def submit(self, claim):
        claim._rcm_clear()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        return claim

    def test_untouched_claim_is_clean(self):
        claim = self.claim()
        self.assertTrue(claim.clean_claim)
        self.assertFalse(claim.touched)

    def test_what_a_person_did_before_submission_makes_it_unclean_for_good(self):
        steps = {
            "back to draft": lambda claim: (
                claim._rcm_back_to_draft(),
                claim._rcm_refresh()._rcm_validate(),
            ),
            "hold": lambda claim: (claim._rcm_hold(), claim._rcm_release()),
            "case": lambda claim: claim._rcm_raise_case("draft_ageing", "Old."),
        }
        for number, (name, step) in enumerate(steps.items()):
            with self.subTest(name):
                claim = self.claim(f"T{number}")
                step(claim)
                self.assertEqual(claim.state, "validated")
                self.assertFalse(claim.clean_claim)
                self.assertTrue(claim.touched)

    def test_corrected_after_a_stop_is_not_clean(self):
        claim = self.claim(diagnoses=[])
        self.assertTrue(claim.touched)
        claim.encounter_id.diagnosis_codes = "E119"
        claim._rcm_refresh()._rcm_validate()
        self.assertEqual(claim.state, "validated")
        self.assertFalse(claim.clean_claim)

    def test_what_happens_at_the_payer_does_not_change_the_flag(self):
        claim = self.submit(self.claim())
        claim._rcm_apply_status("rejected")
        self.assertTrue(claim.clean_claim)
        self.assertFalse(claim.touched)

    def test_first_answer_is_kept(self):
        for number, answers, first in (
            ("A1", ["accepted", "adjudicated"], "accepted"),
            ("A2", ["adjudicated"], "accepted"),
            ("A3", ["rejected"], "rejected"),
        ):
            with self.subTest(number):
                claim = self.submit(self.claim(number))
                self.assertFalse(claim.first_answer)
                for answer in answers:
                    claim._rcm_apply_status(answer)
                self.assertEqual(claim.first_answer, first)
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_apply_status("accepted")
        self.assertEqual(claim.first_answer, "rejected")

    def test_nobody_writes_the_flags(self):
        claim = self.claim()
        for name, value in (("touched", True), ("first_answer", "accepted")):
            with self.subTest(name), self.assertRaises(AccessError):
                claim.write({name: value})

    def test_rates_by_payer(self):
        self.submit(self.claim("R1"))._rcm_apply_status("accepted")
        self.submit(self.claim("R2"))._rcm_apply_status("rejected")
        self.claim("R3", diagnoses=[])
        stopped = self.claim("R4")
        stopped._rcm_back_to_draft()
        stopped._rcm_validate()
        self.env.flush_all()
        [(payer, clean, accepted, count)] = self.env[
            "rcm.claim.quality.report"
        ]._read_group(
            [("company_id", "=", self.company.id)],
            ["payer_id"],
            ["clean_rate:avg", "acceptance_rate:avg", "__count"],
        )
        self.assertEqual((payer, count), (self.clinic["payer"], 4))
        self.assertAlmostEqual(clean, 200 / 3)
        self.assertAlmostEqual(accepted, 50)

    def test_report_shows_own_companies_only(self):
        self.claim("R1")
        self.env.flush_all()
        Report = self.env["rcm.claim.quality.report"]
        other = self.make_company("Other clinic")
        for company, seen in ((self.company, 1), (other, 0)):
            user = self.make_user("biller", company=company)
            own = Report.with_user(user).with_context(allowed_company_ids=company.ids)
            found = own.search([])
            self.assertEqual(len(found), seen)
        with self.assertRaises(AccessError):
            own.create({})
