"""The way from a case to the document it blocks, and back: for those who may."""

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import common_ground as ground
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestExceptionDocument(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.intake(number="XD1")._rcm_build_claims()
        cls.claim_case = cls.claim._rcm_raise_case("claim_invalid", "x")
        vendor = cls.env["res.partner"].create({"name": "Vendor", "supplier_rank": 1})
        cls.vendor_case = cls.case("XD2", "res.partner", vendor.id)

    @classmethod
    def case(cls, number, model, res_id):
        return ground.make_case(
            cls.env,
            number,
            code="accounting_setup",
            res_id=res_id,
            res_model=model,
            company_id=cls.company.id,
        )

    def test_who_may_read_it_opens_it(self):
        seen = self.as_user(self.claim_case, "biller")
        self.assertTrue(seen.can_open_record)
        action = seen.action_open_record()
        self.assertEqual((action["res_model"], action["res_id"]), self.key(self.claim))

    @staticmethod
    def key(record):
        return record._name, record.id

    def test_who_may_not_has_no_button_and_is_told(self):
        """Billing people work on a case of an interface they cannot look into."""
        locked = self.case("XD3", "ir.config_parameter", 1)
        seen = self.as_user(locked, "biller")
        self.assertFalse(seen.can_open_record)
        with self.assertRaisesRegex(AccessError, "You may not open this document."):
            seen.action_open_record()

    def test_a_document_of_another_facility_is_not_offered(self):
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Else", "code": "ELSE", "company_id": self.company.id}
        )
        biller = self.make_user("biller")
        biller.rcm_facility_ids = elsewhere
        # the case names no facility, the document does
        self.claim_case._rcm_write({"facility_id": False})
        seen = self.claim_case.with_user(biller).with_company(self.company)
        self.assertFalse(seen.can_open_record)
        with self.assertRaises(AccessError):
            seen.action_open_record()

    def test_what_is_gone_is_not_offered(self):
        user = self.make_user("biller")
        for number, model in (("XD4", "rcm.claim"), ("XD5", "no.such.model")):
            gone = self.case(number, model, 99999999).with_user(user)
            with self.subTest(model=model):
                self.assertFalse(gone.can_open_record)
                with self.assertRaises(UserError):
                    gone.action_open_record()

    def test_the_form_hides_the_button_and_keeps_the_name(self):
        arch = etree.fromstring(
            self.as_user(self.claim_case, "biller").get_view(view_type="form")["arch"]
        )
        [button] = arch.xpath("//button[@name='action_open_record']")
        self.assertEqual(button.get("invisible"), "not can_open_record")
        [name] = arch.xpath("//group//field[@name='record_name']")
        self.assertEqual(name.get("invisible"), "can_open_record")

    def test_payables_see_no_cases_of_claims(self):
        both = self.claim_case | self.vendor_case
        payables = self.make_user("payables")

        def seen(model, path="id"):
            records = self.env[model].with_user(payables).with_company(self.company)
            return records.search([(path, "in", both.ids)])

        self.env.flush_all()
        self.assertEqual(seen("rcm.exception.case"), self.vendor_case)
        for model in ("rcm.exception.report", "rcm.exception.flow"):
            with self.subTest(model=model):
                found = seen(model, "case_id").case_id
                self.assertEqual(found, self.vendor_case)
        for model in ("rcm.exception.occurrence", "rcm.exception.escalation.notice"):
            with self.subTest(model=model):
                self.assertLessEqual(seen(model, "case_id").case_id, self.vendor_case)
        with self.assertRaises(AccessError):
            self.as_case(self.claim_case, payables).message  # noqa: B018
        with self.assertRaises(AccessError):
            self.as_case(self.claim_case, payables).action_take()
        mine = self.as_case(self.vendor_case, payables)
        self.assertTrue(mine.can_open_record)
        mine.action_take()
        self.assertEqual(self.vendor_case.owner_id, payables)

    def as_case(self, case, user):
        return case.with_user(user).with_company(self.company)

    def test_a_payer_s_case_is_not_given_to_payables(self):
        """Automatic assignment asks the same rules."""
        payables = self.make_user("payables")
        self.assertFalse(self.claim_case._rcm_open_to(payables, "write"))
        self.assertTrue(self.vendor_case._rcm_open_to(payables, "write"))
