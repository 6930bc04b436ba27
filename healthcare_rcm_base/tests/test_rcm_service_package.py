from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestRcmServicePackage(BillingCase):
    """Several services at one price, to the cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        by_code = {one.code: one for one in cls.clinic["services"]}
        cls.package = cls.env["rcm.service.package"].create(
            {
                "name": "Check-up",
                "code": "CHECK",
                "price": 200.0,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "component_ids": [
                    Command.create({"service_code_id": by_code["99213"].id}),
                    Command.create({"service_code_id": by_code["80053"].id}),
                    Command.create(
                        {"service_code_id": by_code["36415"].id, "units": 2.0}
                    ),
                ],
            }
        )

    def test_price_is_shared_out_exactly(self):
        encounter = self.intake()
        sale = encounter._rcm_sell_package(self.package, "S1")
        amounts = sale.charge_ids.mapped("amount")
        self.assertEqual(amounts, [115.39, 46.15, 38.46])
        self.assertEqual(round(sum(amounts), 2), 200.0)
        self.assertEqual(encounter.total_charge, 350.0)
        self.assertEqual(set(sale.charge_ids.mapped("origin")), {"package"})

    def master_price(self, code, amount, facility=None):
        services = self.clinic["services"]
        return self.env["rcm.service.charge"].create(
            {
                "service_code_id": services.filtered(lambda one: one.code == code).id,
                "company_id": self.company.id,
                "facility_id": facility and facility.id,
                "amount": amount,
                "date_from": "2020-01-01",
            }
        )

    def test_price_is_shared_out_by_the_charge_master_of_facility_and_day(self):
        self.assertEqual(self.package.standard_total, 260.0)
        self.master_price("80053", 90.0)
        self.master_price("99213", 100.0, self.clinic["facility"])
        self.package.invalidate_recordset()
        self.package.component_ids.invalidate_recordset()
        self.assertEqual(self.package.standard_total, 290.0)
        sale = self.intake()._rcm_sell_package(self.package)
        self.assertEqual(sale.charge_ids.mapped("amount"), [83.33, 75.0, 41.67])

    def test_same_sale_again_is_the_same(self):
        encounter = self.intake()
        sale = encounter._rcm_sell_package(self.package, "S1")
        self.assertEqual(encounter._rcm_sell_package(self.package, "S1"), sale)
        self.assertEqual(len(encounter.charge_ids), 4)
        encounter._rcm_sell_package(self.package, "S2")
        self.assertEqual(len(encounter.charge_ids), 7)

    def test_encounter_sent_again_keeps_the_package(self):
        encounter = self.intake(coding_signed_off=False)
        encounter._rcm_sell_package(self.package)
        self.intake(coding_signed_off=False)
        self.assertEqual(encounter.total_charge, 350.0)

    def test_self_pay_package_is_one_invoice_of_its_price(self):
        encounter = self.intake(self_pay=True)
        encounter.charge_ids._rcm_void()
        encounter._rcm_sell_package(self.package)
        encounter._rcm_make_ready()
        claim = encounter._rcm_bill()
        self.assertEqual((claim.total_charge, len(claim.line_ids)), (200.0, 3))

    def test_not_for_sale_outside_its_dates_or_company(self):
        encounter = self.intake(service_date="2027-01-01")
        with self.assertRaises(UserError):
            encounter._rcm_sell_package(self.package)
        other = self.make_company("Other clinic")
        foreign = self.package.copy({"company_id": other.id, "date_to": False})
        with self.assertRaises(UserError):
            encounter._rcm_sell_package(foreign)

    def test_package_is_taken_back_whole(self):
        encounter = self.intake(coding_signed_off=False)
        sale = encounter._rcm_sell_package(self.package)
        self.as_user(sale, "biller").action_take_back()
        self.assertEqual(set(sale.charge_ids.mapped("state")), {"void"})
        self.assertEqual(encounter.total_charge, 150.0)

    def test_sale_says_where_it_stands(self):
        encounter = self.intake(coding_signed_off=False)
        sale = encounter._rcm_sell_package(self.package)
        self.assertEqual((sale.standing, sale.amount), ("sold", 200.0))
        sale.charge_ids[0]._rcm_replace(
            {"amount": 100.0, "external_ref": "FIX"}, "price"
        )
        self.assertEqual((sale.standing, sale.amount), ("sold", 184.61))
        seen = self.as_user(sale, "biller")
        for _again in range(2):
            seen.action_take_back()
        self.assertEqual((sale.standing, sale.amount), ("taken_back", 0.0))
        self.assertEqual((sale.price, encounter.total_charge), (200.0, 150.0))
        logged = self.env["rcm.audit.log"].search_count(
            [
                ("model", "=", sale._name),
                ("res_id", "=", sale.id),
                ("event", "=", "rcm.package.sale.taken_back"),
            ]
        )
        self.assertEqual(logged, 1)

    def test_encounter_shows_its_packages_and_who_may_take_them_back(self):
        encounter = self.intake(coding_signed_off=False)
        sale = encounter._rcm_sell_package(self.package)
        for role, may in (("biller", True), ("coder", False), ("auditor", False)):
            seen = self.as_user(encounter, role)
            arch = etree.fromstring(seen.get_view(view_type="form")["arch"])
            [page] = arch.xpath("//page[@name='charges']")
            shown = page.xpath(".//field[@name='package_sale_ids']/list")
            with self.subTest(role):
                self.assertEqual(len(shown), 1)
                buttons = shown[0].xpath("./button[@name='action_take_back']")
                self.assertEqual(len(buttons), may)
                [row] = seen.package_sale_ids.read(["standing", "amount", "price"])
                self.assertEqual(
                    row,
                    {
                        "id": sale.id,
                        "standing": "sold",
                        "amount": 200.0,
                        "price": 200.0,
                    },
                )

    def test_package_without_components_is_refused(self):
        with self.assertRaises(ValidationError):
            self.package.component_ids.unlink()
            self.package._check_components()

    def test_roles(self):
        encounter = self.intake()
        Sell = self.env["rcm.package.sell"]
        values = {"encounter_id": encounter.id, "package_id": self.package.id}
        self.as_user(Sell, "front_desk").create(values).action_sell()
        self.assertEqual(encounter.total_charge, 350.0)
        for role in ("coder", "cash_poster", "finance_manager"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(Sell, role).create(values).action_sell()
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.package, role).write({"price": 1.0})
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(encounter.package_sale_ids, role).action_take_back()
