from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core.errors import RcmPermanent
from .claim_flow_common import SENT, ClaimFlowCase


@tagged("post_install", "-at_install")
class TestClaimFlow(ClaimFlowCase):
    """The way of a claim: each step from the right state, by the right person."""

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
