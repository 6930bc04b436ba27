from datetime import datetime
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..core.errors import PredecessorMissing, RcmPermanent
from .billing_common import BillingCase

SENT = datetime(2026, 3, 5, 12)


@tagged("post_install", "-at_install")
class TestClaimFlow(BillingCase):
    """The way of a claim: each step from the right state, by the right person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._rcm_ensure_chart("generic_coa", "USD")
        cls.company._rcm_ensure_accounting()

    def cleared(self, **keywords):
        claim = self.intake(**keywords)._rcm_bill()
        self.assertEqual(
            claim.state, "cleared", self.open_cases(claim).mapped("message")
        )
        return claim

    def invoiced(self, **keywords):
        claim = self.cleared(**keywords)
        claim._rcm_invoice()
        self.assertEqual(claim.invoice_state, "posted")
        return claim

    def submitted(self, **keywords):
        claim = self.invoiced(**keywords)
        claim._rcm_mark_submitted(SENT, reference="B1")
        return claim

    # ------------------------------------------------------------------
    # Clear and invoice
    # ------------------------------------------------------------------
    def test_cleared_claim_is_due_for_its_invoice(self):
        claim = self.cleared()
        self.assertEqual(claim.work, "invoice")
        self.assertEqual(claim.encounter_id.state, "billed")
        self.assertEqual(claim.leg_ids.mapped("state"), ["ready"])
        claim._rcm_invoice()
        self.assertFalse(claim.work)
        self.assertEqual(claim.invoice_id.amount_total, 150.0)

    def test_payer_that_invoices_when_adjudicated_waits(self):
        self.env["rcm.invoice.rule"].create(
            {"payer_id": self.clinic["payer"].id, "rule": "adjudicated"}
        )
        claim = self.cleared()
        self.assertFalse(claim.work)
        claim._rcm_invoice()
        self.assertEqual(claim.invoice_state, "none")
        claim._rcm_mark_submitted(SENT)
        self.assertEqual(claim.state, "submitted")

    def test_self_pay_is_invoiced_to_the_guarantor(self):
        claim = self.invoiced(self_pay=True, charges=[("99213", "500.00")])
        self.assertEqual(claim.invoice_id.partner_id, claim.guarantor_id)

    def test_without_accounts_there_is_a_case_and_later_a_resume(self):
        bare = self.make_company("Bare clinic")
        self.make_clinic(bare)
        encounter = (
            self.env["rcm.encounter"]
            .with_company(bare)
            ._rcm_intake_completed(self.data(), "cor-9", "test")
        )
        claim = encounter._rcm_bill()
        claim._rcm_invoice()
        self.assertEqual(claim.invoice_state, "none")
        self.assertFalse(claim.work)
        self.assertTrue(self.open_cases(claim, "accounting_setup"))
        bare._rcm_ensure_chart("generic_coa", "USD")
        bare._rcm_ensure_accounting()
        self.env["rcm.claim"]._rcm_resume_invoicing()
        self.assertEqual(claim.work, "invoice")
        claim._rcm_invoice()
        self.assertEqual(claim.invoice_state, "posted")
        self.assertFalse(self.open_cases(claim))

    def test_gate_that_holds_back_leaves_the_claim_validated(self):
        claim = self.intake()._rcm_build_claims()
        claim._rcm_validate()
        self.patch(type(claim), "_rcm_gate", lambda self, effect: self.browse())
        claim._rcm_clear()
        self.assertEqual((claim.state, claim.work), ("validated", False))
        self.assertEqual(claim.encounter_id.state, "ready")
        self.patch(type(claim), "_rcm_gate", lambda self, effect: self)
        claim._rcm_gate_approved("clear")
        self.assertEqual((claim.state, claim.work), ("cleared", "invoice"))
        self.assertEqual(claim.encounter_id.state, "billed")

    # ------------------------------------------------------------------
    # Submission and status
    # ------------------------------------------------------------------
    def test_submission(self):
        claim = self.submitted()
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(claim.submitted_date, SENT)
        self.assertEqual(claim.leg_ids.state, "submitted")
        claim._rcm_mark_submitted(SENT)
        self.assertEqual(claim.state, "submitted")

    def test_submission_before_its_time_waits(self):
        claim = self.intake()._rcm_build_claims()
        for _step in range(2):
            with self.assertRaises(PredecessorMissing):
                claim._rcm_mark_submitted(SENT)
            claim._rcm_validate()._rcm_clear()  # cleared, but not invoiced yet
        self.assertEqual(claim.state, "cleared")

    def test_self_pay_and_void_claims_are_never_submitted(self):
        for claim in (
            self.invoiced(self_pay=True),
            self.intake(number="E2")._rcm_build_claims(),
        ):
            if not claim.self_pay:
                claim._rcm_void()
            with self.assertRaises(RcmPermanent):
                claim._rcm_mark_submitted(SENT)

    def test_status_news(self):
        claim = self.submitted()
        claim._rcm_apply_status("accepted", payer_claim_number="ICN1")
        self.assertEqual((claim.state, claim.payer_claim_number), ("accepted", "ICN1"))
        claim._rcm_apply_status("pended")
        self.assertEqual((claim.state, claim.leg_ids.state), ("accepted", "pended"))
        claim._rcm_apply_status("adjudicated")
        self.assertEqual(
            (claim.state, claim.leg_ids.state), ("adjudicated", "adjudicated")
        )
        claim._rcm_apply_status("accepted")
        self.assertEqual(claim.state, "adjudicated")

    def test_rejection_is_a_case_until_the_claim_goes_again(self):
        claim = self.submitted()
        claim._rcm_apply_status("rejected", reason="A7:562")
        self.assertEqual(claim.state, "rejected")
        self.assertIn("A7:562", self.open_cases(claim, "claim_rejected").message)
        claim._rcm_mark_submitted(SENT)
        self.assertEqual((claim.state, claim.leg_ids.state), ("submitted", "submitted"))
        self.assertFalse(self.open_cases(claim))

    def test_free_text_reasons_are_not_kept(self):
        claim = self.submitted()
        claim._rcm_apply_status("rejected", reason="Pat Sample is no member")
        self.assertNotIn("Sample", self.open_cases(claim).message)

    def test_status_of_a_claim_never_sent_waits_and_nonsense_is_refused(self):
        claim = self.invoiced()
        with self.assertRaises(PredecessorMissing):
            claim._rcm_apply_status("accepted")
        with self.assertRaises(RcmPermanent):
            claim._rcm_apply_status("eaten")

    # ------------------------------------------------------------------
    # Legs, reopen, close
    # ------------------------------------------------------------------
    def test_next_payer_gets_its_turn(self):
        claim = self.submitted(
            coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        claim._rcm_mark_adjudicated()
        leg = claim._rcm_open_next_leg()
        self.assertEqual((leg.payer_id.code, leg.state), ("AID", "ready"))
        self.assertTrue(claim.is_submittable)
        self.assertFalse(claim._rcm_open_next_leg())
        claim._rcm_mark_submitted(SENT, payer="AID")
        self.assertEqual((claim.state, leg.state), ("submitted", "submitted"))
        claim._rcm_mark_adjudicated(payer="AID")
        self.assertEqual(claim.leg_ids.mapped("state"), ["adjudicated"] * 2)
        self.assertFalse(claim._rcm_open_next_leg())

    def test_ended_coverage_has_no_turn(self):
        claim = self.submitted(
            coverages=[
                self.coverage(1, "ACME"),
                self.coverage(2, "AID", effective_to="2025-12-31"),
            ]
        )
        claim._rcm_mark_adjudicated()
        self.assertFalse(claim._rcm_open_next_leg())

    def test_close_wants_a_balance_of_zero_and_reopens_by_reversal(self):
        claim = self.submitted()
        claim._rcm_mark_adjudicated()
        with self.assertRaises(UserError):
            claim._rcm_close()
        line = claim.line_ids
        claim._rcm_apply_posting(
            [
                (claim.id, line.id, "paid", Decimal("92.00")),
                (claim.id, line.id, "contractual", Decimal("58.00")),
            ]
        )
        claim._rcm_close()
        self.assertEqual((claim.state, claim.encounter_id.state), ("closed", "closed"))
        claim._rcm_reopen()
        self.assertEqual((claim.state, claim.leg_ids.state), ("reopened", "reversed"))
        claim._rcm_mark_adjudicated()
        self.assertEqual(
            (claim.state, claim.leg_ids.state), ("adjudicated", "adjudicated")
        )

    def test_reversal_while_the_next_payer_has_the_claim(self):
        claim = self.submitted(
            coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        claim._rcm_mark_adjudicated()
        claim._rcm_open_next_leg()
        claim._rcm_mark_submitted(SENT, payer="AID")
        claim._rcm_reopen()
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(claim.leg_ids.mapped("state"), ["reversed", "submitted"])

    # ------------------------------------------------------------------
    # Hold, back, void, reprocess
    # ------------------------------------------------------------------
    def test_hold_and_release_come_back_to_the_same_state(self):
        claim = self.cleared()
        claim._rcm_hold()
        self.assertEqual(claim.state, "on_hold")
        self.env["rcm.encounter"]._cron_bill_ready()
        self.assertEqual(claim.invoice_state, "none")
        claim._rcm_release()
        self.assertEqual(claim.state, "cleared")

    def test_back_to_draft_frees_the_charges_unless_invoiced(self):
        claim = self.cleared()
        claim._rcm_back_to_draft()
        self.assertEqual(claim.state, "draft")
        self.assertEqual(claim.encounter_id.charge_ids.state, "captured")
        with self.assertRaises(UserError):
            self.invoiced(number="E2")._rcm_back_to_draft()

    def test_void_frees_the_charges_for_a_new_claim(self):
        encounter = self.intake(diagnoses=[])
        claim = encounter._rcm_bill()
        claim._rcm_void()
        encounter.diagnosis_codes = "E119"
        second = encounter._rcm_bill()
        self.assertNotEqual(second.name, claim.name)
        self.assertEqual(second.state, "cleared")
        with self.assertRaises(UserError):
            self.invoiced(number="E2")._rcm_void()

    def test_reprocess_goes_on_from_where_it_stopped(self):
        encounter = self.intake(diagnoses=[])
        claim = encounter._rcm_bill()
        case = self.open_cases(claim)
        encounter.diagnosis_codes = "E119"
        case._rcm_reprocess_each()
        self.assertEqual((claim.state, claim.invoice_state), ("cleared", "posted"))
        self.assertEqual(case.state, "resolved")
        self.assertFalse(claim.clean_claim)

    def test_reprocess_without_correction_stays_blocked(self):
        claim = self.intake(diagnoses=[])._rcm_bill()
        case = self.open_cases(claim)
        [result] = case._rcm_reprocess_each()
        self.assertFalse(result["ok"])
        self.assertEqual((claim.state, case.occurrence_count), ("draft", 2))

    # ------------------------------------------------------------------
    # Scheduled action and automation
    # ------------------------------------------------------------------
    def test_scheduled_action_bills_and_leaves_nothing_due(self):
        good = self.intake()
        bad = self.intake(number="E2", diagnoses=[])
        self.env["rcm.encounter"]._cron_bill_ready()
        self.assertEqual(good.claim_ids.invoice_state, "posted")
        self.assertEqual(good.state, "billed")
        self.assertEqual(bad.claim_ids.state, "draft")
        self.assertEqual(bad.state, "ready")
        self.assertFalse((good | bad).filtered("billing_due"))
        self.env["rcm.encounter"]._cron_bill_ready()
        self.assertEqual(self.open_cases(bad.claim_ids).occurrence_count, 1)

    def test_one_broken_encounter_does_not_stop_the_others(self):
        good, broken = self.intake(), self.intake(number="E2")
        original = type(good.claim_ids)._rcm_build_from

        def fail(self, encounters):
            if broken in encounters:
                raise RcmPermanent("boom")
            return original(self, encounters)

        self.patch(type(good.claim_ids), "_rcm_build_from", fail)
        with mute_logger("odoo.addons.healthcare_rcm_base.models.rcm_batch_mixin"):
            self.env["rcm.encounter"]._cron_bill_ready()
        self.assertEqual(good.state, "billed")
        self.assertEqual(broken.state, "ready")
        self.assertTrue(self.open_cases(broken, "claim_invalid"))

    def test_correction_by_a_person_bills_again(self):
        encounter = self.intake(diagnoses=[])
        self.env["rcm.encounter"]._cron_bill_ready()
        self.assertFalse(encounter.billing_due)
        self.as_user(encounter, "coder").diagnosis_codes = "E119"
        self.assertTrue(encounter.billing_due)
        self.env["rcm.encounter"]._cron_bill_ready()
        self.assertEqual(encounter.state, "billed")

    def test_ageing_drafts_get_a_case_that_goes_with_the_claim(self):
        claim = self.intake()._rcm_build_claims()
        self.env.cr.execute(
            "UPDATE rcm_claim SET create_date = create_date - interval '9 days'"
        )
        claim.invalidate_recordset()
        self.env["rcm.claim"]._cron_draft_ageing()
        self.assertTrue(self.open_cases(claim, "draft_ageing"))
        claim._rcm_validate()._rcm_clear()
        self.env["rcm.claim"]._cron_draft_ageing()
        self.assertFalse(self.open_cases(claim))

    # ------------------------------------------------------------------
    # Roles, companies
    # ------------------------------------------------------------------
    def test_buttons_are_for_their_roles(self):
        claim = self.invoiced()
        encounter = claim.encounter_id
        for role in (
            "front_desk",
            "coder",
            "auditor",
            "executive",
            "cash_poster",
            "administrator",
            "integration",
        ):
            user_claim = self.as_user(claim, role)
            for action in (
                "action_validate",
                "action_mark_submitted",
                "action_hold",
                "action_void",
                "action_back_to_draft",
            ):
                with self.subTest(f"{role} {action}"), self.assertRaises(AccessError):
                    getattr(user_claim, action)()
            with self.subTest(role), self.assertRaises(AccessError):
                encounter.with_user(user_claim.env.user).action_bill_now()
        self.as_user(claim, "biller").action_mark_submitted()
        self.assertEqual(claim.state, "submitted")

    def test_nobody_writes_claims_and_the_state_of_encounters(self):
        claim = self.cleared()
        biller = self.make_user("biller")
        for vals in ({"state": "closed"}, {"payer_id": False}, {"work": False}):
            with self.subTest(vals), self.assertRaises(AccessError):
                claim.with_user(biller).write(vals)
            with self.subTest(vals), self.assertRaises(AccessError):
                claim.sudo().write(vals)
        with self.assertRaises(AccessError):
            claim.encounter_id.with_user(biller).write({"state": "registered"})
        with self.assertRaises(AccessError):
            self.env["rcm.claim"].with_user(biller).create({"name": "X"})
        with self.assertRaises(AccessError):
            self.env["rcm.encounter"].with_user(biller).with_context(
                default_state="billed"
            ).create({"number": "X"})

    def test_billed_charges_are_not_changed_by_anyone(self):
        charge = self.cleared().encounter_id.charge_ids
        for record in (charge.sudo(), self.as_user(charge, "biller")):
            with self.assertRaises(UserError):
                record.write({"amount": 1.0})
            with self.assertRaises(UserError):
                record._rcm_void()
        with self.assertRaises(UserError):
            charge.encounter_id.write({"diagnosis_codes": "I10"})

    def test_hold_and_late_charge_do_not_thaw_what_is_billed(self):
        encounter = self.cleared().encounter_id
        biller = self.as_user(encounter, "biller")
        biller.action_hold()
        with self.assertRaises(UserError):
            biller.diagnosis_codes = "I10"
        self.intake(charges=[("99213", "150.00"), ("80053", "60.00")])
        self.assertEqual(encounter.state, "on_hold")
        biller.action_release()
        self.assertEqual(encounter.state, "reopened")
        with self.assertRaises(UserError):
            biller.diagnosis_codes = "I10"
        biller.action_bill_now()
        self.assertEqual(encounter.state, "billed")
        self.assertEqual(encounter.claim_ids.mapped("total_charge"), [60.0, 150.0])

    def test_biller_reopens_for_a_late_charge(self):
        encounter = self.cleared().encounter_id
        biller = self.as_user(encounter, "biller")
        values = {"external_ref": "LATE", "code": "80053", "amount": 60.0}
        with self.assertRaises(UserError):
            biller.charge_ids = [Command.create(values)]
        biller.action_reopen()
        biller.charge_ids = [Command.create(values)]
        self.assertEqual(encounter.total_charge, 210.0)

    def test_auditor_sees_but_does_not_change_charges(self):
        charge = self.as_user(self.intake().charge_ids, "auditor")
        self.assertEqual(charge.amount, 150.0)
        with self.assertRaises(AccessError):
            charge.write({"amount": 1.0})

    def test_the_desk_registers_the_visit_and_reads_no_charges(self):
        """Form and list open, with what comes next; amounts and codes stay away."""
        claim = self.invoiced()
        desk = self.as_user(claim.encounter_id, "front_desk")
        shown = Form(desk)
        self.assertEqual(shown.blocked, 0)
        self.assertNotIn("charge_ids", shown._view["fields"])
        self.assertNotIn("claim_ids", shown._view["fields"])
        with self.assertRaises(AccessError):
            desk.charge_ids.read(["amount"])
        fresh = self.intake(self.data("E2")).with_env(desk.env)
        fresh.place_of_service = "22"
        self.assertEqual(fresh.place_of_service, "22")
        patient = Form(claim.patient_id.with_env(desk.env))
        self.assertTrue(patient.encounter_count)
        self.assertTrue(patient.net_balance)
        for model in ("rcm.charge", "rcm.claim", "rcm.payer.contract"):
            self.assertFalse(desk.env[model].has_access("read"), model)

    def test_companies_and_facilities_are_walls(self):
        claim = self.cleared()
        other = self.make_company("Other clinic")
        self.make_clinic(other)
        stranger = self.make_user("biller", company=other)
        theirs = claim.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([("id", "=", claim.id)]))
        with self.assertRaises(AccessError):
            theirs.action_hold()
        north = self.env["rcm.facility"].create(
            {"name": "North", "code": "NORTH", "company_id": self.company.id}
        )
        local = self.make_user("biller")
        local.rcm_facility_ids = north
        for records in (claim, claim.line_ids, claim.leg_ids, claim.encounter_id):
            found = records.with_user(local).search([("id", "in", records.ids)])
            self.assertFalse(found, records._name)

    def test_people_without_patient_data_see_the_account_number_only(self):
        claim = self.cleared()
        approver = self.as_user(claim, "approver")
        self.assertEqual(approver.patient_id.display_name, "PAE1")
        [row] = approver.read(["guarantor_id"])
        self.assertEqual(row["guarantor_id"][1], "GE1")
        with self.assertRaises(AccessError):
            approver.encounter_id.read(["diagnosis_codes"])
        rows = approver.encounter_id.read()
        self.assertNotIn("Sample", str(rows))
