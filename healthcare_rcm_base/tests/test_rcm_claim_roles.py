"""Who may do and see what with claims and their charges."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .claim_flow_common import ClaimFlowCase


@tagged("post_install", "-at_install")
class TestClaimRoles(ClaimFlowCase):
    """What each role is refused; companies and facilities are walls."""

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

    def test_nothing_is_moved_into_an_encounter_that_was_billed(self):
        billed = self.invoiced().encounter_id
        other = self.intake(number="E2")
        code = self.env["rcm.encounter.code"].create(
            {"encounter_id": other.id, "kind": "condition", "code": "44"}
        )
        for record, vals in ((other.charge_ids, {"external_ref": "C9"}), (code, {})):
            with (
                self.subTest(moved=record._name),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                record.write({"encounter_id": billed.id, **vals})

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
