"""What came too early waits, with a deadline, and goes on by itself."""

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceSequence(RemittanceCase):
    """Held, why, until when; and what wakes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def early(self, **values):
        """A remittance for a claim that is not submitted yet, and the claim."""
        claim = self.claim(submitted=False)
        answer = self.answer(claim, 400, ("CO-45", 600))
        return self.post(400, answer, **values), claim

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_remittance.cron_remittance_post"
            ).method_direct_trigger()

    def test_hold_has_a_deadline_of_the_company(self):
        self.company.rcm_hold_days = 3
        remittance, claim = self.early()
        today = fields.Date.context_today(remittance)
        self.assertEqual(remittance.hold_deadline, today + timedelta(days=3))
        since = remittance.hold_since
        remittance._rcm_process()
        self.assertEqual(remittance.hold_since, since)
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.run_cron()
        self.assertPosted(remittance)
        self.assertFalse(remittance.hold_deadline)

    def test_hold_past_its_deadline_is_a_case_until_it_ends(self):
        remittance, claim = self.early()
        Remittance = self.env["rcm.remittance"]
        Remittance._cron_watch_holds()
        self.assertEqual(self.case_types(remittance), ["claim_not_submitted"])
        remittance._rcm_write(
            {"hold_deadline": fields.Date.today() - timedelta(days=1)}
        )
        Remittance._cron_watch_holds()
        Remittance._cron_watch_holds()
        self.assertEqual(
            self.case_types(remittance),
            ["claim_not_submitted", "remittance_hold_overdue"],
        )
        claim._rcm_mark_submitted(fields.Datetime.now())
        remittance._rcm_process()
        self.assertPosted(remittance)
        self.assertFalse(self.case_types(remittance))

    def test_hold_without_a_deadline(self):
        self.company.rcm_hold_days = 0
        remittance, _claim = self.early()
        self.assertFalse(remittance.hold_deadline)
        self.env["rcm.remittance"]._cron_watch_holds()
        self.assertEqual(self.case_types(remittance), ["claim_not_submitted"])

    def test_payer_that_was_unknown_comes(self):
        remittance = self.post(100, era.clp("X", 100, 100), payer_trace="1599999999")
        self.assertEqual(self.case_types(remittance), ["remittance_payer_unknown"])
        builders.payer(self.env, payer_identifier="1599999999")
        self.assertTrue(remittance.retry)
        self.run_cron()
        self.assertPosted(remittance, parked=1)

    def test_payee_that_was_unknown_comes(self):
        remittance = self.post(100, era.clp("X", 100, 100), payee="987654321")
        self.assertEqual(self.case_types(remittance), ["remittance_payee_unknown"])
        builders.provider_group(self.env, tax_id="987654321")
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance, parked=1)

    def test_rule_that_was_missing_comes(self):
        claim = self.claim()
        held = self.post(
            380, self.answer(claim, 400, ("CO-45", 600)), plb=[("J1", 20, "X")]
        )
        other = self.claim()
        parked = self.post(400, self.answer(other, 400, ("CO-45", 590), ("CO-999", 10)))
        self.assertEqual(self.case_types(held), ["remittance_plb_unmapped"])
        self.assertPosted(parked, parked=1)
        Rule = self.env["rcm.posting.rule"]
        Rule.create(
            {
                "name": "Not reimbursable",
                "kind": "provider",
                "reason_code": "J1",
                "treatment": "account",
                "purpose": "interest_expense",
            }
        )
        rule = Rule.create(
            {
                "name": "Ours",
                "reason_code": "999",
                "group_code": "CO",
                "action": "review",
            }
        )
        self.run_cron()
        self.assertPosted(held)
        self.assertPosted(parked, parked=1)
        rule.action = "contractual"
        self.run_cron()
        self.assertPosted(parked)
        self.assertEqual(other.open_balance, 0)

    def test_locked_period_holds_until_it_is_open(self):
        claim = self.claim()
        company = self.company.sudo()
        company.fiscalyear_lock_date = fields.Date.today()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["remittance_held"])
        self.assertIn("period_locked", str(remittance.plan["stops"]))
        self.assertFalse(claim.paid_amount)
        company.fiscalyear_lock_date = False
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance)

    def test_account_that_was_missing_comes(self):
        claim = self.claim()
        content = self.era(400, self.answer(claim, 400, ("CO-45", 600)))
        remittance = self.receive(content).remittance_ids
        mapping = self.env["rcm.account.mapping"].search(
            [
                ("company_id", "=", self.company.id),
                ("purpose", "=", "capitation_income"),
            ]
        )
        account = mapping.account_id
        mapping.unlink()
        remittance._rcm_process()
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["accounting_setup"])
        self.env["rcm.account.mapping"].create(
            {
                "company_id": self.company.id,
                "purpose": "capitation_income",
                "account_id": account.id,
            }
        )
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance)

    def test_parked_claim_goes_on_when_its_claim_is_submitted(self):
        remittance, claim = self.early()
        remittance.action_post_parking()
        self.assertPosted(remittance, parked=1)
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.run_cron()
        self.assertPosted(remittance)
        self.assertEqual(claim.paid_amount, 400)

    def test_claim_set_aside_by_a_person_stays_there(self):
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-999", 600)))
        parked = remittance.claim_ids
        parked._rcm_release({"park": True})
        remittance._rcm_wake_again()
        self.run_cron()
        self.assertEqual(parked.state, "parked")
        self.assertFalse(remittance.retry)

    def test_reversal_without_correction_is_watched(self):
        claim = self.claim()
        self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        back = self.post(
            0, self.reversal(claim, 300, ("CO-45", 700)), plb=[("WO", -300, "R")]
        )
        self.assertEqual(self.case_types(back.claim_ids), ["correction_awaited"])
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="ICN2"))
        self.assertFalse(self.case_types(back.claim_ids))

    def test_reversal_with_its_correction_waits_for_nothing(self):
        claim = self.claim()
        self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        both = self.post(
            100,
            self.reversal(claim, 300, ("CO-45", 700)),
            self.answer(claim, 400, ("CO-45", 600), icn="ICN2"),
        )
        self.assertPosted(both)
        self.assertFalse(self.case_types(both.claim_ids))

    # -- payments without a date ----------------------------------------------

    def test_payment_without_a_date_is_held_until_a_person_dates_it(self):
        claim = self.claim()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)), day="")
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.case_types(remittance), ["remittance_held"])
        biller = new_test_user(
            self.env,
            "remit_undated_biller",
            groups="healthcare_rcm_base.group_biller",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            remittance.with_user(biller).action_date_by_receipt()
        remittance.action_date_by_receipt()
        self.assertPosted(remittance)
        self.assertIn("payment_date_assumed", str(remittance.plan["findings"]))

    def test_company_may_date_payments_by_their_receipt(self):
        self.company.rcm_undated_payment = "receipt"
        claim = self.claim()
        remittance = self.post(200, self.answer(claim, 200, ("CO-50", 800)), day="")
        self.assertPosted(remittance)
        self.assertEqual(claim.denial_ids.denied_date, remittance._rcm_receipt_day())

    def test_receipt_is_on_the_companys_day_whoever_looks(self):
        remittance = self.post(10, era.clp("X", 10, 10))
        days = set()
        for company_zone, zone in (
            ("Pacific/Kiritimati", "Pacific/Midway"),
            ("Pacific/Midway", "Pacific/Kiritimati"),
        ):
            self.company.partner_id.tz = company_zone
            came = remittance.file_id.create_date.replace(tzinfo=timezone.utc)
            day = came.astimezone(ZoneInfo(company_zone)).date()
            seen = remittance.with_context(tz=zone)
            self.assertEqual(seen._rcm_receipt_day(), day)
            days.add(day)
        self.assertEqual(len(days), 2, "the two zones never share a day")

    def test_posted_in_an_evening_it_is_of_the_companys_day(self):
        self.company.partner_id.tz = "America/New_York"
        remittance = self.env["rcm.remittance"].new({"company_id": self.company.id})
        with freeze_time("2026-04-01 01:00:00"):
            self.assertEqual(str(remittance._rcm_posting_date()), "2026-03-31")

    def test_parked_claim_goes_on_when_its_claim_is_invoiced(self):
        """The claim is with the payer, its invoice could not be posted at first."""
        claim = builders.claim(self.env, charge="1000", payers=(self.payer,))
        other = self.claim()
        answers = [self.answer(item, 400, ("CO-45", 600)) for item in (claim, other)]
        claim._rcm_set_state("submitted")
        remittance = self.post(800, *answers)
        self.assertEqual(self.case_types(remittance), ["claim_not_submitted"])
        remittance.action_post_parking()
        self.assertPosted(remittance, parked=1)
        self.assertFalse(remittance.retry)
        claim._rcm_create_invoices()
        self.assertTrue(remittance.retry)
        self.run_cron()
        self.assertPosted(remittance)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))

    def test_held_remittance_goes_on_when_its_claim_is_invoiced(self):
        claim = builders.claim(self.env, charge="1000", payers=(self.payer,))
        claim._rcm_set_state("submitted")
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertEqual(remittance.state, "held")
        claim._rcm_create_invoices()
        self.run_cron()
        self.assertPosted(remittance)

    def test_decision_on_a_corrected_version_waits_for_its_invoice(self):
        """What the correction adds is not on the receivable before it is invoiced."""
        claim = self.claim()
        claim._rcm_apply_status("accepted", payer_claim_number="PCN1")
        encounter = claim.encounter_id
        encounter._rcm_set_state("reopened")
        late = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": "LATE"}
        )
        late.write({"amount": 200, "modifiers": "76"})
        version = claim._rcm_correct("Late charge")
        version._rcm_validate()
        version._rcm_clear()
        services = [
            era.svc(
                line.charge_amount,
                line.charge_amount,
                number=line.line_control_number,
            )
            for line in version.line_ids
        ]
        answer = era.clp(claim.name, 1200, 1200, services=services)
        remittance = self.post(1200, answer)
        self.assertPosted(remittance, parked=1)  # the first version charged 1000
        version._rcm_mark_submitted(fields.Datetime.now())
        self.run_cron()
        self.assertPosted(remittance)
        self.assertEqual((version.paid_amount, version.open_balance), (1200, 0))

    def test_step_on_a_claim_at_the_same_moment_begins_anew(self):
        """Its row changes, so a step that could not see the hold starts over."""
        claim = self.claim(submitted=False)
        self.env.flush_all()

        def place():
            self.env.cr.execute("SELECT ctid FROM rcm_claim WHERE id = %s", [claim.id])
            return self.env.cr.fetchone()

        before = place()
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertEqual(remittance.state, "held")
        self.assertNotEqual(place(), before)

    def test_retry_tells_another_reason(self):
        """What stood in the way is gone, something else is not: the case says that."""
        claim, other = self.claim(submitted=False), self.claim()
        remittance = self.post(
            890,
            self.answer(claim, 490, ("CO-45", 600), charge=1090),
            self.answer(other, 400, ("CO-45", 600)),
        )
        remittance.action_post_parking()
        parked = remittance.claim_ids.filtered(lambda item: item.state == "parked")
        self.assertEqual(self.case_types(parked), ["claim_not_submitted"])
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.run_cron()
        self.assertPosted(remittance, parked=1)
        self.assertEqual(self.case_types(parked), ["claim_charge_mismatch"])

    def test_parked_claims_are_tried_again_every_night(self):
        remittance = self.post(100, era.clp("NOBODY", 100, 100))
        self.assertPosted(remittance, parked=1)
        self.env["rcm.remittance"]._cron_watch_holds()
        self.assertTrue(remittance.retry)
        self.run_cron()
        self.assertPosted(remittance, parked=1)
        self.assertFalse(remittance.retry)
