from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..core.errors import PredecessorMissing, RcmPermanent
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestRcmChargeIntake(BillingCase):
    """Charges, corrections, discharges and sign-offs that come one by one."""

    def charge(self, ref="C2", code="36415", amount="25.00", **values):
        return {"id": ref, "code": code, "units": "1", "amount": amount, **values}

    def captured(self, charge=None, encounter="E1"):
        return self.env["rcm.encounter"]._rcm_take_charge(
            {
                "facility": "MAIN",
                "encounter": encounter,
                "charge": charge or self.charge(),
            },
            "cor-2",
            "test",
        )

    def corrected(self, old="C1", charge=None, action="replace", reason="units"):
        return self.env["rcm.encounter"]._rcm_take_correction(
            {
                "facility": "MAIN",
                "encounter": "E1",
                "charge_id": old,
                "action": action,
                "reason": reason,
                "charge": charge,
            },
            "cor-3",
            "test",
        )

    def registered(self, **keywords):
        return self.intake(coding_signed_off=False, **keywords)

    # ------------------------------------------------------------------
    # charge.captured
    # ------------------------------------------------------------------
    def test_charge_joins_its_encounter_once(self):
        encounter = self.registered()
        charge = self.captured()
        self.assertEqual(charge.encounter_id, encounter)
        self.assertEqual((charge.origin, charge.amount), ("event", 25.0))
        self.assertEqual(self.captured(), charge)
        self.assertEqual(len(encounter.charge_ids), 2)
        self.assertEqual(encounter.total_charge, 175.0)

    def test_charge_of_an_unknown_encounter_waits(self):
        with self.assertRaises(PredecessorMissing):
            self.captured(encounter="E404")

    def test_other_values_under_a_known_id_are_refused(self):
        self.registered()
        charge = self.captured()
        with self.assertRaises(RcmPermanent) as caught:
            self.captured(self.charge(amount="30.00"))
        self.assertEqual(caught.exception.code, "charge_differs")
        self.assertEqual(charge.amount, 25.0)

    def test_charge_without_amount_takes_the_charge_master(self):
        self.registered()
        charge = self.captured(self.charge(amount=None, units="3"))
        self.assertEqual(charge.amount, 75.0)
        self.clinic["services"].write({"standard_charge": 99.0})
        self.assertEqual(
            self.captured(self.charge(amount=None, units="3")).amount, 75.0
        )

    def test_charge_without_any_price_is_refused(self):
        self.registered()
        with self.assertRaises(RcmPermanent) as caught:
            self.captured(self.charge(code="00000", amount=None))
        self.assertEqual(caught.exception.code, "price_missing")

    def test_charge_of_a_cancelled_encounter_is_refused(self):
        self.registered()._rcm_cancel()
        with self.assertRaises(RcmPermanent):
            self.captured()

    def test_encounter_sent_again_leaves_event_charges_alone(self):
        encounter = self.registered()
        charge = self.captured()
        self.registered()
        self.assertEqual(charge.state, "captured")
        self.assertEqual(encounter.total_charge, 175.0)

    def test_late_charge_reopens_and_is_billed(self):
        encounter = self.intake()
        encounter._rcm_make_ready()
        encounter._rcm_bill()
        self.assertEqual(encounter.state, "billed")
        charge = self.captured()
        self.assertEqual((encounter.state, encounter.billing_due), ("ready", True))
        encounter._rcm_bill()
        self.assertEqual((encounter.state, charge.state), ("billed", "billed"))
        self.captured()
        self.assertEqual(encounter.state, "billed")
        self.assertEqual(len(encounter.charge_ids), 2)

    # ------------------------------------------------------------------
    # charge.corrected
    # ------------------------------------------------------------------
    def test_correction_before_billing_replaces_the_charge(self):
        encounter = self.registered()
        old = encounter.charge_ids
        new = self.corrected(charge=self.charge("C1-1", "99213", "300.00", units="2"))
        self.assertEqual((old.state, old.amount), ("void", 150.0))
        self.assertEqual((old.replaced_by_id, new.replaces_id), (new, old))
        self.assertEqual((old.is_current, new.is_current), (False, True))
        self.assertEqual(encounter.total_charge, 300.0)
        again = self.corrected(charge=self.charge("C1-1", "99213", "300.00", units="2"))
        self.assertEqual(again, new)
        self.assertEqual(len(encounter.charge_ids), 2)

    def test_correction_needs_an_id_of_its_own(self):
        self.registered()
        with self.assertRaises(RcmPermanent) as caught:
            self.corrected(charge=self.charge("C1", "99213", "300.00"))
        self.assertEqual(caught.exception.code, "charge_same_id")

    def test_correction_of_a_corrected_charge_is_refused(self):
        self.registered()
        self.corrected(charge=self.charge("C1-1", "99213", "300.00"))
        with self.assertRaises(RcmPermanent) as caught:
            self.corrected(charge=self.charge("C1-2", "99213", "400.00"))
        self.assertEqual(caught.exception.code, "not_allowed")

    def test_correction_of_an_unknown_charge_waits(self):
        self.registered()
        with self.assertRaises(PredecessorMissing):
            self.corrected(old="C9", charge=self.charge("C9-1"))

    def test_withdrawn_charge_counts_no_more_and_may_come_twice(self):
        encounter = self.registered(charges=(("99213", "150.00"), ("36415", "25.00")))
        for _again in range(2):
            charge = self.corrected(old="C2", action="withdraw", reason="not_rendered")
        self.assertEqual((charge.state, charge.withdrawn), ("void", True))
        self.assertEqual(encounter.total_charge, 150.0)

    def test_correction_before_the_invoice_builds_the_claim_anew(self):
        encounter = self.intake()
        encounter._rcm_make_ready()
        claim = encounter._rcm_bill()
        self.assertEqual(claim.state, "cleared")
        self.corrected(charge=self.charge("C1-1", "99213", "300.00", units="2"))
        self.assertEqual((claim.state, encounter.state), ("draft", "ready"))
        encounter._rcm_bill()
        self.assertEqual((claim.state, claim.total_charge), ("cleared", 300.0))
        self.assertEqual(len(encounter.claim_ids), 1)
        self.assertEqual(encounter.state, "billed")

    # ------------------------------------------------------------------
    # Encounters
    # ------------------------------------------------------------------
    def discharge(self, moment="2026-03-04 11:00:00"):
        return self.env["rcm.encounter"]._rcm_take_discharge(
            {
                "facility": "MAIN",
                "encounter": "E1",
                "discharged_at": self.env["rcm.encounter"]
                ._fields["service_end"]
                .to_datetime(moment),
            },
            "test",
        )

    def test_discharge_sets_the_end_once_and_tells_after_billing(self):
        encounter = self.intake()
        self.discharge()
        self.assertEqual(str(encounter.service_end), "2026-03-04 11:00:00")
        encounter._rcm_make_ready()
        encounter._rcm_bill()
        self.discharge()
        self.assertFalse(self.open_cases(encounter, "charge_changed"))
        self.discharge("2026-03-05 09:00:00")
        self.assertEqual(str(encounter.service_end), "2026-03-04 11:00:00")
        self.assertTrue(self.open_cases(encounter, "charge_changed"))

    def cancel(self):
        return self.env["rcm.encounter"]._rcm_take_cancellation(
            {"facility": "MAIN", "encounter": "E1"}, "test"
        )

    def test_cancelled_encounter_is_not_billed(self):
        encounter = self.registered()
        for _again in range(2):
            self.cancel()
        self.assertEqual(encounter.state, "cancelled")
        self.assertEqual(encounter.charge_ids.mapped("state"), ["void"])

    def test_cancelling_a_billed_encounter_is_a_case(self):
        encounter = self.intake()
        encounter._rcm_make_ready()
        encounter._rcm_bill()
        self.cancel()
        self.assertEqual(encounter.state, "billed")
        self.assertTrue(self.open_cases(encounter, "encounter_cancelled"))

    def sign_off(self, **data):
        return self.env["rcm.encounter"]._rcm_take_sign_off(
            {"facility": "MAIN", "encounter": "E1", **data}, "test"
        )

    def test_sign_off_brings_codes_as_corrections(self):
        encounter = self.registered()
        old = encounter.charge_ids
        for _again in range(2):
            self.sign_off(
                diagnoses=["E119", "I10"],
                charges=[{"id": "C1", "code": "80053", "diagnosis_pointers": [1, 2]}],
            )
        self.assertTrue(encounter.coding_signed_off)
        self.assertEqual(encounter.diagnosis_codes, "E119,I10")
        new = old.replaced_by_id
        self.assertEqual((new.code, new.diagnosis_pointers), ("80053", "1,2"))
        self.assertEqual(new.service_code_id.code, "80053")
        self.assertEqual((old.code, old.state), ("99213", "void"))
        self.assertEqual(len(encounter.charge_ids), 2)

    # ------------------------------------------------------------------
    # People
    # ------------------------------------------------------------------
    def wizard(self, charge, *roles, **values):
        Wizard = self.as_user(self.env["rcm.charge.correct"], *roles)
        return Wizard.create({"charge_id": charge.id, **values})

    def test_biller_corrects_a_charge(self):
        encounter = self.registered()
        old = encounter.charge_ids
        self.wizard(old, "biller", amount=120.0, reason="price").action_apply()
        new = old.replaced_by_id
        self.assertEqual((new.amount, new.origin), (120.0, "manual"))
        self.assertEqual(new.external_ref, "C1/2")

    def test_correction_that_changes_nothing_is_refused(self):
        charge = self.registered().charge_ids
        with self.assertRaises(UserError):
            self.wizard(charge, "biller").action_apply()

    def test_others_do_not_correct_charges(self):
        charge = self.registered().charge_ids
        for role in ("front_desk", "cash_poster", "finance_manager"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.wizard(charge, role, amount=1.0).action_apply()
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(charge, role).action_correct()

    def test_links_of_a_correction_are_protected(self):
        encounter = self.registered(charges=(("99213", "150.00"), ("36415", "25.00")))
        first, second = encounter.charge_ids
        for vals in ({"replaced_by_id": second.id}, {"withdrawn": True}):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.as_user(first, "biller").write(vals)
