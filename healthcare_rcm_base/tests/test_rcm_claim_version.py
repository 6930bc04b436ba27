from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from . import builders
from .common_ground import audit_rows, role_user
from .ledger_common import LedgerCase

NUMBER = "PCN1"


@tagged("post_install", "-at_install")
class TestClaimVersion(LedgerCase):
    """Replacements and voids keep their number and count once."""

    def submitted(self, number=NUMBER, **values):
        claim = builders.invoiced_claim(self.env, **{"charge": "1000", **values})
        claim._rcm_mark_submitted(fields.Datetime.now())
        if number:
            claim._rcm_apply_status("accepted", payer_claim_number=number)
        return claim

    def send(self, version):
        """Bring a drafted version through the gate and to its payer."""
        version._rcm_refresh()._rcm_validate()
        version._rcm_clear()
        self.assertEqual(version.state, "cleared", version.rcm_case_ids)
        version._rcm_mark_submitted(fields.Datetime.now())
        return version

    def late_charge(self, claim, amount):
        encounter = claim.encounter_id
        if encounter.state in ("billed", "closed"):
            encounter._rcm_set_state("reopened")
        charge = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": f"L{amount}"}
        )
        charge.write({"amount": amount, "modifiers": "76"})
        return charge

    def decide(self, claim, paid, contractual):
        """What a payer's decision does to the claim, in ledger and sub-ledger."""
        self.post_remittance(
            claim,
            {
                "clearing": builders.Decimal(paid),
                "reserve": builders.Decimal(contractual),
                "receivable_payer": -builders.Decimal(paid + contractual),
            },
        )
        claim._rcm_apply_posting(
            [
                (claim.id, False, "paid", paid),
                (claim.id, False, "contractual", contractual),
            ]
        )

    # -- the number -----------------------------------------------------------------

    def test_replacement_keeps_the_number_and_names_the_payers(self):
        claim = self.submitted()
        version = claim._rcm_new_version("7", "Wrong units")
        self.assertEqual(version.name, claim.name)
        self.assertEqual((version.version, version.frequency_code), (2, "7"))
        self.assertEqual(version.original_reference, NUMBER)
        self.assertEqual(version.state, "draft")
        self.assertEqual(claim.state, "accepted")
        self.assertTrue(audit_rows(self.env, version, "rcm.claim.version_made"))
        self.assertEqual(
            version.line_ids.line_control_number, claim.line_ids.line_control_number
        )

    def test_without_the_payers_number_it_is_refused_and_says_what_to_do(self):
        claim = self.submitted(number=None)
        for frequency in ("7", "8"):
            with self.subTest(frequency=frequency), self.assertRaises(UserError) as bad:
                claim._rcm_new_version(frequency, "Wrong units")
            self.assertIn("REF*F8", str(bad.exception))
            self.assertIn("portal", str(bad.exception))
        self.assertFalse(claim.replaced_by_ids)

    @mute_logger("odoo.sql_db")
    def test_the_database_gives_a_number_to_one_claim_only(self):
        claim = self.submitted()
        other_company = builders.company(self.env, "Second Clinic")
        stranger = builders.claim(self.env, charge="10", expected="4")
        for values in (
            {"name": claim.name},
            {"name": claim.name, "company_id": other_company.id},
            {"name": claim.name, "version": 2, "frequency_code": "7"},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                stranger._rcm_write(values)
                self.env.flush_all()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            stranger._rcm_write(
                {"name": claim.name, "version": 2, "replaces_id": claim.id}
            )

    @mute_logger("odoo.sql_db")
    def test_one_further_version_at_a_time(self):
        claim = self.submitted()
        version = claim._rcm_new_version("7", "Wrong units")
        with self.assertRaises(UserError):
            claim._rcm_new_version("7", "Once more")
        version._rcm_void()
        again = claim._rcm_new_version("7", "Once more")
        self.assertEqual(again.version, 3)
        self.assertEqual(claim.line_ids.charge_id.state, "billed")

    def test_rejected_before_adjudication_goes_again_as_an_original(self):
        claim = self.submitted(number=None)
        claim._rcm_apply_status("rejected", reason="A7:33")
        version = claim._rcm_correct("Subscriber corrected")
        self.assertEqual((version.version, version.frequency_code), (2, "1"))
        self.assertFalse(version.original_reference)
        before = self.trial_balance()
        self.send(version)
        self.assertEqual(claim.state, "superseded")
        self.assertFalse(claim.rcm_case_ids)
        self.assertEqual(self.trial_balance(), before)
        self.assertEqual(version.invoice_id, claim.invoice_id)

    def test_rejected_claim_is_withdrawn_with_its_invoice(self):
        claim = self.submitted(number=None)
        with self.assertRaises(UserError):
            claim._rcm_withdraw()
        claim._rcm_apply_status("rejected")
        claim._rcm_withdraw()
        self.assertEqual(claim.state, "void")
        self.assertEqual(claim.line_ids.charge_id.state, "captured")
        self.assertEqual(self.trial_balance(), {})

    # -- taking over ----------------------------------------------------------------

    def test_successor_takes_over_when_it_is_submitted_and_not_before(self):
        claim = self.submitted()
        self.late_charge(claim, 200)
        version = claim._rcm_correct("Late charge")
        self.assertEqual((version.total_charge, version.open_balance), (1200, 0))
        self.assertEqual(claim.open_balance, 1000)
        version._rcm_refresh()._rcm_validate()
        version._rcm_clear()
        self.assertEqual(version.invoice_state, "none")
        self.assertTrue(version.is_submittable)
        self.assertEqual(self.trial_balance()["revenue"], -1000)
        self.assertEqual(claim.state, "accepted")
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual((claim.state, claim.open_balance), ("superseded", 0))
        self.assertEqual((version.state, version.open_balance), ("submitted", 1200))
        balance = self.trial_balance()
        self.assertEqual(balance["revenue"], -1200)
        self.assertEqual(balance["receivable_payer"], 1200)
        self.assertEqual(balance["reserve"], -720)

    def test_what_was_settled_before_is_carried_and_counted_once(self):
        claim = self.submitted()
        self.decide(claim, 400, 600)
        claim._rcm_mark_adjudicated()
        claim._rcm_close()
        self.assertEqual(claim.encounter_id.state, "closed")
        self.late_charge(claim, 200)
        version = self.send(claim._rcm_correct("Late charge"))
        self.assertEqual(version.carried_amount, 1000)
        self.assertEqual(version.open_balance, 200)
        self.assertEqual(claim.open_balance, 0)
        self.assertEqual(self.trial_balance()["receivable_payer"], 200)
        self.assertEqual(version.payment_status, "partial")

    def test_replacement_scenario_of_the_reference(self):
        claim = builders.invoiced_claim(self.env, charge="10", expected="4")
        made = {}

        def first():
            made["claim"] = self.submitted()

        def replace():
            self.late_charge(made["claim"], 200)
            made["version"] = self.send(made["claim"]._rcm_correct("Late charge"))

        self.check_scenario(
            "r",
            [
                first,
                lambda: self.decide(made["claim"], 400, 600),
                replace,
                lambda: self.decide(made["claim"], -400, -600),
                lambda: self.decide(made["version"], 480, 720),
            ],
        )
        version = made["version"]
        self.assertEqual(version.open_balance, 0)
        self.assertEqual(version.carried_amount, 0)
        version._rcm_mark_adjudicated()
        before = self.trial_balance()
        version._rcm_close()
        self.assertEqual(self.trial_balance(), before, "nothing to true up")
        self.assertEqual(claim.state, "cleared")

    def test_void_scenario_of_the_reference(self):
        claim = self.submitted()
        start = self.trial_balance()
        self.decide(claim, 400, 600)
        claim._rcm_mark_adjudicated()
        version = claim._rcm_new_version("8", "Billed by mistake")
        self.assertEqual((version.state, version.frequency_code), ("cleared", "8"))
        self.assertEqual(version.line_ids.charge_amount, claim.line_ids.charge_amount)
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(claim.state, "void")
        self.assertEqual(claim.invoice_state, "credited")
        self.assertEqual((claim.open_balance, version.open_balance), (0, 0))
        self.assertEqual(
            self.trial_balance(), {"clearing": 400, "payer_overpayment": -400}
        )
        claim._rcm_reverse_local_entries("22 arrived")
        self.decide(claim, -400, -600)
        self.assertEqual(self.trial_balance(), {})
        self.assertTrue(start)
        version._rcm_close_voids()
        self.assertEqual(version.state, "closed")
        self.assertEqual(claim.line_ids.charge_id.state, "void")

    def test_void_after_the_patient_was_invoiced_credits_the_guarantor(self):
        claim = self.submitted(patient_percent=20)
        D = builders.Decimal
        self.post_remittance(
            claim,
            {
                "clearing": D(320),
                "reserve": D(600),
                "patient_unbilled": D(80),
                "receivable_payer": D(-1000),
            },
        )
        claim._rcm_apply_posting(
            [
                (claim.id, False, "paid", 320),
                (claim.id, False, "contractual", 600),
                (claim.id, False, "patient", 80),
            ]
        )
        claim._rcm_create_patient_invoices()
        self.assertEqual(self.trial_balance()["receivable_patient"], 80)
        claim._rcm_mark_adjudicated()
        self.send_void(claim)
        self.assertEqual(
            self.trial_balance(), {"clearing": 320, "payer_overpayment": -320}
        )

    def send_void(self, claim, **values):
        version = claim._rcm_new_version("8", "Billed by mistake", **values)
        version._rcm_mark_submitted(fields.Datetime.now())
        return version

    def test_void_nobody_paid_closes_when_it_is_accepted(self):
        claim = self.submitted()
        version = self.send_void(claim)
        version._rcm_apply_status("accepted")
        self.assertEqual(version.state, "closed")
        self.assertEqual(self.trial_balance(), {})

    def test_charges_of_a_void_can_be_billed_again_after_a_look(self):
        claim = self.submitted()
        self.send_void(claim, bill_again=True)
        encounter = claim.encounter_id
        self.assertEqual(claim.line_ids.charge_id.state, "captured")
        self.assertEqual(
            (encounter.state, encounter.hold_state), ("on_hold", "reopened")
        )
        encounter._rcm_release()
        self.assertTrue(encounter.is_editable)

    def test_repricing_is_part_of_what_was_invoiced(self):
        claim = self.submitted()
        D = builders.Decimal
        claim._rcm_local_entry(
            "repricing", {"contractual": D(50), "reserve": D(-50)}, "New contract"
        )
        claim._rcm_write({"expected_contractual": 650.0})
        amounts = claim._rcm_invoiced_amounts(False)
        self.assertEqual((amounts.charge, amounts.contractual), (D(1000), D(650)))

    # -- corrections as payers take them ----------------------------------------------

    def test_correction_waits_for_the_payers_number_with_a_case(self):
        claim = self.submitted(number=None)
        self.late_charge(claim, 200)
        self.assertFalse(claim._rcm_correct("Late charge"))
        case = claim.rcm_case_ids
        self.assertEqual(case.type_code, "correction_waiting")
        self.assertIn("REF*F8", case.message)
        claim._rcm_apply_status("accepted", payer_claim_number=NUMBER)
        self.assertEqual(case.state, "resolved")
        self.assertEqual(claim.replaced_by_ids.total_charge, 1200)

    def test_correction_drafted_already_takes_in_what_came_since(self):
        claim = self.submitted()
        self.late_charge(claim, 200)
        version = claim._rcm_correct("Late charge")
        self.late_charge(claim, 50)
        self.assertEqual(claim._rcm_correct("Another"), version)
        self.assertEqual(version.total_charge, 1250)
        self.assertEqual(version.line_ids.mapped("is_changed"), [False, True, True])

    def test_payer_says_how_it_takes_corrections(self):
        for mode, frequency in (("line", "7"), ("reopening", "7"), ("new", "1")):
            with self.subTest(mode=mode):
                claim = self.submitted()
                claim.payer_id.correction_mode = mode
                version = claim._rcm_correct("Wrong units")
                self.assertEqual(
                    (version.correction_mode, version.frequency_code), (mode, frequency)
                )

    def test_invoiced_but_unsent_claim_is_held_until_its_successor_goes(self):
        claim = builders.invoiced_claim(self.env, charge="1000", expected="400")
        self.late_charge(claim, 200)
        version = claim._rcm_correct("Late charge")
        self.assertEqual((version.frequency_code, claim.state), ("1", "on_hold"))
        self.send(version)
        self.assertEqual(claim.state, "superseded")
        self.assertEqual(self.trial_balance()["revenue"], -1200)

    def test_replaced_services_do_not_use_their_authorization_twice(self):
        claim = self.submitted()
        authorization = self.env["rcm.authorization"].create(
            {
                "number": "AU1",
                "patient_id": claim.patient_id.id,
                "payer_id": claim.payer_id.id,
                "units_authorized": 5,
                "date_from": "2026-01-01",
                "state": "active",
            }
        )
        claim.line_ids.service_code_id.authorization_required = True
        self.env.cr.execute(
            "UPDATE rcm_charge SET authorization_id = %s WHERE encounter_id = %s",
            (authorization.id, claim.encounter_id.id),
        )
        self.env.invalidate_all()
        authorization._rcm_use(1)
        version = self.send(claim._rcm_correct("Wrong diagnosis"))
        self.assertEqual(version.state, "submitted")
        self.assertEqual(authorization.units_left, 4)

    # -- who is meant -----------------------------------------------------------------

    def test_others_mean_the_version_they_were_sent(self):
        claim = self.submitted()
        find = self.env["rcm.claim"]._rcm_find_by_control_number
        version = claim._rcm_new_version("7", "Wrong units")
        self.assertEqual(find([claim.name], self.company)[claim.name], claim)
        meant = find([claim.name], self.company, sending=True)
        self.assertEqual(meant[claim.name], version)
        self.send(version)
        self.assertEqual(find([claim.name], self.company)[claim.name], version)

    # -- people ------------------------------------------------------------------------

    def test_wizard_asks_for_what_is_missing_and_opens_the_version(self):
        claim = self.submitted(number=None)
        biller = role_user(self.env, "biller", login="version_biller")
        biller.write(
            {
                "company_ids": [(4, self.company.id)],
                "company_id": self.company.id,
            }
        )
        claim = claim.with_user(biller)
        action = claim.action_replace()
        form = Form(
            self.env["rcm.claim.correction"]
            .with_user(biller)
            .with_context(**action["context"])
        )
        self.assertTrue(form.needs_number)
        form.payer_claim_number = "PCN9"
        form.reason = "Wrong units"
        opened = form.save().action_confirm()
        version = self.env["rcm.claim"].browse(opened["res_id"])
        self.assertEqual(version.original_reference, "PCN9")
        self.assertEqual(version.correction_reason, "Wrong units")

    def test_only_billers_correct_or_void(self):
        claim = self.submitted()
        for role in ("coder", "cash_poster", "front_desk", "auditor", "administrator"):
            user = role_user(self.env, role, login=f"version_{role}")
            user.write({"company_ids": [(4, self.company.id)]})
            with self.subTest(role=role):
                for method in ("action_replace", "action_void_at_payer"):
                    with self.assertRaises(AccessError):
                        getattr(claim.with_user(user), method)()
                with self.assertRaises(AccessError):
                    self.env["rcm.claim.correction"].with_user(user).create(
                        {"claim_id": claim.id, "frequency": "7", "reason": "x"}
                    )

    def test_claims_of_another_company_are_not_corrected(self):
        claim = self.submitted()
        stranger = role_user(self.env, "biller", login="version_stranger")
        elsewhere = self.env.ref("base.main_company")
        stranger.write(
            {"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id}
        )
        with self.assertRaises(AccessError):
            claim.with_user(stranger).with_context(
                allowed_company_ids=stranger.company_ids.ids
            ).action_replace()
