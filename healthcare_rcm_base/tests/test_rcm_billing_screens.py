from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .billing_common import NPI, SERVICE_DATE, BillingCase


@tagged("post_install", "-at_install")
class TestBillingScreens(BillingCase):
    """A biller works through the forms alone; others see what is theirs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._rcm_ensure_chart("generic_coa", "USD")
        cls.company._rcm_ensure_accounting()
        cls.known = cls.intake(number="OLD")

    def registered(self, user):
        """An encounter entered by hand, as its form lets the user do it."""
        Encounter = self.env["rcm.encounter"].with_user(user).with_company(self.company)
        form = Form(Encounter)
        form.number = "HAND1"
        form.facility_id = self.clinic["facility"]
        form.provider_group_id = self.clinic["group"]
        form.patient_id = self.known.patient_id
        form.service_date = "2026-03-09"
        form.rendering_npi = NPI
        form.diagnosis_codes = "E119"
        return form

    def test_biller_enters_completes_and_bills_an_encounter(self):
        user = self.make_user("biller")
        form = self.registered(user)
        with form.charge_ids.new() as charge:
            charge.external_ref = "H1"
            charge.service_code_id = self.clinic["services"][0]
            charge.diagnosis_pointers = "1"
        encounter = form.save()
        self.assertEqual(encounter.guarantor_id, self.known.patient_id.guarantor_id)
        self.assertEqual(encounter.coverage_ids, self.known.coverage_ids)
        charge = encounter.charge_ids
        self.assertEqual((charge.code, charge.amount), ("99213", 150.0))
        self.assertEqual(str(charge.service_date), "2026-03-09")
        encounter.action_complete()
        encounter.action_sign_off_coding()
        self.assertEqual(encounter.state, "ready")
        encounter.action_bill_now()
        self.assertEqual(encounter.state, "billed")
        self.assertEqual(encounter.claim_ids.invoice_state, "posted")
        with Form(encounter) as form, self.assertRaises(AssertionError):
            form.service_date = SERVICE_DATE

    def test_encounter_without_charge_is_not_ready(self):
        user = self.make_user("biller")
        encounter = self.registered(user).save()
        encounter.action_complete()
        encounter.action_sign_off_coding()
        self.assertEqual(encounter.state, "coded")
        with self.assertRaises(UserError):
            encounter.action_ready()

    def test_blocked_encounter_says_why(self):
        encounter = self.intake(number="E2", diagnoses=[])
        claim = encounter._rcm_bill()
        seen = self.as_user(encounter, "biller")
        self.assertEqual(seen.blocked, 1)
        self.assertIn("no diagnosis", seen.billing_block)
        self.assertIn("no diagnosis", claim.with_user(seen.env.user).rcm_block_reason)
        found = seen.search([("claim_ids.rcm_open_case_count", ">", 0)])
        self.assertEqual(found, seen)

    def test_every_screen_opens_for_every_reader(self):
        encounter = self.intake(number="E2")
        claim = encounter._rcm_bill()
        claim._rcm_invoice()
        for role in ("biller", "approver", "auditor", "finance_manager", "coder"):
            user = self.make_user(role)
            for record in (encounter, claim, encounter.charge_ids):
                mine = record.with_user(user).with_company(self.company)
                for kind in ("list", "form", "kanban", "search", "pivot", "graph"):
                    mine.get_view(view_type=kind)
                with self.subTest(f"{role} {record._name}"):
                    Form(mine)
                    self.assertTrue(mine.search([("id", "=", record.id)]))

    def test_every_empty_list_says_what_to_do_first(self):
        ours = self.env["ir.model.data"].search(
            [
                ("model", "=", "ir.actions.act_window"),
                ("module", "=like", "healthcare_rcm%"),
            ]
        )
        actions = self.env["ir.actions.act_window"].browse(ours.mapped("res_id"))
        lists = actions.exists().filtered(
            lambda item: item.target != "new"
            and not self.env[item.res_model]._transient
        )
        self.assertGreater(len(lists), 50)
        silent = lists.filtered(lambda item: not item.help)
        self.assertFalse(silent.mapped("name"))

    def test_timeline_tells_the_story_without_patient_data(self):
        self.intake(number="E2", coverages=[])
        encounter = self.intake(number="E2")
        claim = encounter._rcm_bill()
        claim._rcm_invoice()
        claim._rcm_mark_submitted("2026-03-05 12:00:00")
        claim._rcm_apply_posting(
            [(claim.id, claim.line_ids.id, "paid", Decimal("92.00"))]
        )
        log = self.as_user(self.env["rcm.audit.log"], "biller")
        story = log.get_timeline(claim.correlation_id)
        titles = {row["title"] for row in story}
        self.assertTrue({"Claim: built", "Claim: posted"} <= titles, titles)
        self.assertTrue({"Encounter: corrected", "Encounter: registered"} <= titles)
        for text in ("Sample", "Pat ", "W1", "E119", "1980"):
            self.assertNotIn(text, str(story))

    def test_ready_to_submit_is_the_worklist(self):
        claim = self.intake(number="E2")._rcm_bill()
        Claim = self.env["rcm.claim"]
        self.assertNotIn(claim, Claim.search([("is_submittable", "=", True)]))
        claim._rcm_invoice()
        self.assertIn(claim, Claim.search([("is_submittable", "=", True)]))
        self.assertNotIn(claim, Claim.search([("is_submittable", "=", False)]))
        self.as_user(claim, "biller").action_mark_submitted()
        self.assertNotIn(claim, Claim.search([("is_submittable", "=", True)]))

    def test_marking_a_draft_as_submitted_says_what_to_do(self):
        claim = self.intake(number="E2")._rcm_build_claims()
        with self.assertRaises(UserError) as caught:
            self.as_user(claim, "biller").action_mark_submitted()
        self.assertIn("Ready to submit", str(caught.exception))
        self.assertEqual(claim.state, "draft")

    def test_bulk_actions_are_bound_and_closed_to_others(self):
        action = self.env.ref("healthcare_rcm_base.action_encounter_bill")
        encounter = self.intake(number="E2")
        self.assertEqual(action.binding_model_id.model, "rcm.encounter")
        context = {
            "active_model": "rcm.encounter",
            "active_id": encounter.id,
            "active_ids": encounter.ids,
        }
        with self.assertRaises(AccessError):
            self.as_user(action, "auditor").with_context(**context).run()
        self.as_user(action, "biller").with_context(**context).run()
        self.assertEqual(encounter.state, "billed")
