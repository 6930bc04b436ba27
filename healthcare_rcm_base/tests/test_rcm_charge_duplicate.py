from odoo.tests import BaseCase, tagged

from ..core.charge_key import is_deliberate, modifier_key
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestChargeKey(BaseCase):
    def test_modifiers_are_a_set(self):
        self.assertEqual(modifier_key(" rt,25 "), modifier_key("25,RT"))
        self.assertEqual(modifier_key(None), "")

    def test_deliberate_repetition(self):
        for modifiers in ("76", "25,77", "59", "XE", "xp", "XS", "XU", "50", "LT,26"):
            with self.subTest(modifiers):
                self.assertTrue(is_deliberate(modifiers))
        for modifiers in ("", None, "25", "26,TC"):
            with self.subTest(modifiers):
                self.assertFalse(is_deliberate(modifiers))


@tagged("post_install", "-at_install")
class TestRcmChargeDuplicate(BillingCase):
    """The same service, patient, provider and modifiers within the window."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.intake(number="D1")

    def again(self, number="D2", **values):
        """The same service for the same patient in another encounter."""
        encounter = self.intake(number=number)
        charge = encounter.charge_ids
        encounter.write({"patient_id": self.first.patient_id.id})
        charge.write(values)
        return charge

    def found(self, charge):
        return charge._rcm_find_duplicates().get(charge, charge.browse())

    def test_same_service_twice(self):
        self.assertEqual(self.found(self.again()), self.first.charge_ids)
        self.assertFalse(self.found(self.first.charge_ids))

    def test_what_makes_it_another_service(self):
        for values in (
            {"code": "80053"},
            {"modifiers": "25"},
            {"modifiers": "76"},
            {"rendering_npi": "1245319599"},
            {"service_date": "2026-03-03"},
        ):
            with self.subTest(values):
                number = f"D{len(self.env['rcm.encounter'].search([])) + 10}"
                self.assertFalse(self.found(self.again(number, **values)))

    def test_window_of_days(self):
        self.company.rcm_duplicate_window_days = 2
        near = self.again(service_date="2026-03-04")
        self.assertEqual(self.found(near), self.first.charge_ids)
        far = self.again("D3", service_date="2026-03-07")
        self.assertFalse(self.found(far))

    def test_order_of_modifiers_does_not_matter(self):
        self.first.charge_ids.modifiers = "25,26"
        self.assertTrue(self.found(self.again(modifiers="26,25")))

    def test_void_replaced_and_cancelled_ones_do_not_count(self):
        charge = self.again()
        old = self.first.charge_ids
        new = old._rcm_replace({"external_ref": "C1/2", "code": "36415"}, "coding")
        self.assertFalse(self.found(charge))
        new._rcm_replace({"external_ref": "C1/3", "code": "99213"}, "coding")
        self.assertFalse(self.found(charge), "the correction came later")
        self.assertEqual(self.found(self.first.charge_ids[-1]), charge)
        charge.encounter_id._rcm_cancel()
        self.assertFalse(self.found(self.first.charge_ids[-1]))

    def test_one_query_for_any_number(self):
        charges = self.first.charge_ids
        for number in range(3):
            charges |= self.again(f"Q{number}")
        self.env.flush_all()
        with self.assertQueryCount(1):
            found = charges._rcm_find_duplicates()
        self.assertEqual(len(found), 3)
