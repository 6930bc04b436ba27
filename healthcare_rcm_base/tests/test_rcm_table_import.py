import base64
from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..core import table
from ..tools import read_rows, write_csv, write_xlsx
from .common_ground import audit_rows
from .master_common import MasterCase

RATE_HEADER = ["Code", "To code", "Modifiers", "POS", "Method", "Amount", "Percent"]
RATES = [
    ["99213", "", "", "", "Fee per unit", "92.00", ""],
    ["99213", "", "25", "11", "Fee per unit", "95.50", ""],
    ["70000", "79999", "", "", "Percent of charge", "", "45.5"],
    ["", "", "", "", "Fixed fee a line", "10", ""],
]


class ImportCase(MasterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.role("administrator")
        cls.contract = cls.env["rcm.payer.contract"].create(
            {
                "name": "Test Health 2026",
                "payer_id": cls.payer.id,
                "date_from": "2026-01-01",
                "default_method": "percent_of_charge",
                "default_percent": 40,
                "rate_ids": [(0, 0, {"code": "OLD", "amount": 1.0})],
            }
        )
        cls.service = cls.env["rcm.service.code"].create(
            {"code": "99213", "name": "Visit", "standard_charge": 150}
        )

    def wizard(self, kind, rows, extension="csv", user=None, **vals):
        content = write_xlsx(rows) if extension == "xlsx" else write_csv(rows)
        Import = self.env["rcm.table.import"].with_user(user or self.admin)
        return Import.create(
            {
                "kind": kind,
                "file_content": base64.b64encode(content),
                "file_name": f"file.{extension}",
                **vals,
            }
        )

    def rates(self, rows, header=None, **vals):
        vals = {"contract_id": self.contract.id, **vals}
        return self.wizard("contract_rates", [header or RATE_HEADER, *rows], **vals)

    def download(self, action):
        made = self.env["rcm.table.download"].browse(int(action["url"].split("/")[4]))
        return base64.b64decode(made.content)


@tagged("post_install", "-at_install")
class TestContractRateImport(ImportCase):
    """Fee schedules: all of the file or nothing of it."""

    def test_check_changes_nothing_and_import_takes_all(self):
        for extension in ("csv", "xlsx"):
            with self.subTest(extension=extension):
                wizard = self.rates(RATES, extension=extension)
                before = self.contract.rate_ids.ids
                wizard.action_check()
                self.assertEqual((wizard.row_count, wizard.fault_count), (4, 0))
                self.assertIn("4 rates added", wizard.summary)
                self.assertEqual(self.contract.rate_ids.ids, before)
                action = wizard.action_import()
                self.assertEqual(action["res_id"], self.contract.id)
                self.assertEqual(
                    sorted(self.contract.rate_ids.mapped("amount")), [0, 10, 92, 95.5]
                )
        self.assertEqual(
            self.contract.rate_ids.filtered("modifier").service_code_id, self.service
        )
        events = audit_rows(self.env, self.contract).mapped("event")
        self.assertIn("rcm.payer.contract.rates_imported", events)

    def test_faults_name_row_column_value_and_remedy(self):
        rows = [
            RATES[0],
            ["99214", "9921", "", "", "Fee per unit", "1", ""],
            ["99215", "", "255", "", "Fee per unit", "", ""],
            ["99216", "", "", "", "Guess", "1,5", ""],
            ["99213", "", "", "", "Fee per unit", "93", ""],
            ["99217", "", "", "", "Percent of charge", "", ""],
        ]
        wizard = self.rates(rows)
        wizard.action_check()
        found = [
            (fault.row, fault.column, fault.value or "") for fault in wizard.fault_ids
        ]
        self.assertEqual(found, [(5, "Method", "Guess"), (5, "Amount", "1,5")])
        wizard = self.rates([row for row in rows if row[4] != "Guess"])
        wizard.action_check()
        found = [(fault.row, fault.column) for fault in wizard.fault_ids]
        self.assertEqual(
            found,
            [
                (3, "To code"),
                (4, "Amount"),
                (4, "Modifiers"),
                (5, "Code"),
                (6, "Percent"),
            ],
        )
        self.assertIn("row 2", wizard.fault_ids[3].remedy)
        self.assertTrue(all(wizard.fault_ids.mapped("problem")))
        wizard.action_import()
        self.assertEqual(wizard.state, "checked")
        self.assertEqual(self.contract.rate_ids.code, "OLD")

    def test_unknown_facility_and_column_are_told(self):
        header = [*RATE_HEADER, "Facility", "Remarks"]
        wizard = self.rates([[*RATES[0], "NOWHERE", "x"]], header=header)
        wizard.action_check()
        self.assertEqual(wizard.fault_ids.column, "Facility")
        self.assertEqual(wizard.fault_ids.value, "NOWHERE")
        self.assertEqual(wizard.ignored_text, "Remarks")
        wizard = self.rates([[*RATES[0], "t-main", "x"]], header=header)
        wizard.action_import()
        self.assertEqual(self.contract.rate_ids.facility_id, self.main)

    def test_add_changes_what_is_there_and_keeps_the_rest(self):
        wizard = self.rates(RATES, contract_mode="replace")
        wizard.action_import()
        wizard = self.rates(
            [
                ["99213", "", "25", "11", "Fee per unit", "99", ""],
                ["99214", "", "", "", "Fee per unit", "120", ""],
            ],
            contract_mode="add",
        )
        wizard.action_import()
        self.assertEqual(len(self.contract.rate_ids), 5)
        changed = self.contract.rate_ids.filtered("modifier")
        self.assertEqual(changed.amount, 99)

    def test_what_the_rules_of_rates_refuse_is_a_fault(self):
        """A row that clashes with a rate that stays is found by the trial."""
        self.contract.rate_ids.write({"code": "99213", "date_from": "2026-02-01"})
        wizard = self.rates([RATES[0]], contract_mode="add")
        wizard.action_check()
        self.assertEqual(wizard.fault_count, 1)
        self.assertIn("99213", wizard.fault_ids.remedy)
        self.assertEqual(len(self.contract.rate_ids), 1)

    def test_contract_in_effect_gets_a_new_version(self):
        self.contract.action_activate()
        with self.assertRaises(UserError):
            self.rates(RATES, contract_mode="replace").action_import()
        wizard = self.rates(RATES, version_date="2026-07-01")
        self.assertEqual(wizard.contract_mode, "version")
        action = wizard.action_import()
        version = self.env["rcm.payer.contract"].browse(action["res_id"])
        self.assertEqual(version.previous_id, self.contract)
        self.assertEqual((version.state, len(version.rate_ids)), ("draft", 4))
        self.assertEqual(version.default_percent, 40)
        self.assertEqual(self.contract.rate_ids.code, "OLD")
        wizard = self.rates(RATES, version_date="2026-01-01")
        wizard.action_check()
        self.assertIn("begins after", wizard.fault_ids.remedy)

    def test_export_comes_back_the_same(self):
        self.contract.rate_ids.unlink()
        self.contract.rate_ids = [
            (0, 0, {"code": "0450", "method": "fixed", "amount": 0.07}),
            (
                0,
                0,
                {
                    "code": "99213",
                    "code_to": "99299",
                    "modifier": "25, 59",
                    "place_of_service": "02",
                    "facility_id": self.main.id,
                    "revenue_code": "0450",
                    "method": "percent_of_charge",
                    "percent": 33.3333,
                    "charge_cap_percent": 100,
                    "multiple_procedure": True,
                    "carve_out": True,
                    "date_from": "2026-02-01",
                    "date_to": "2026-03-31",
                    "sequence": 5,
                },
            ),
            (0, 0, {"revenue_code": "0110", "method": "per_diem", "amount": 1234.5}),
            (0, 0, {"code": "CASE1", "method": "case_rate", "amount": 9000}),
        ]
        facts = self.contract._rcm_facts

        def terms():
            return {
                (rate.code, rate.revenue_code): (rate, rate.ref)
                for rate in facts().rates
            }

        before = terms()
        for method in ("action_export_rates", "action_export_rates_csv"):
            with self.subTest(method=method):
                content = self.download(getattr(self.contract, method)())
                wizard = self.wizard(
                    "contract_rates", read_rows(content), contract_id=self.contract.id
                )
                wizard.action_import()
                self.assertFalse(wizard.fault_count, wizard.fault_ids.mapped("problem"))
                after = terms()
                self.assertEqual(before.keys(), after.keys())
                for key, (rate, _ref) in before.items():
                    again, ref = after[key]
                    for name in rate.__slots__:
                        if name != "ref":
                            self.assertEqual(
                                getattr(rate, name), getattr(again, name), name
                            )
                again = self.download(getattr(self.contract, method)())
                self.assertEqual(
                    sorted(map(str, read_rows(content))),
                    sorted(map(str, read_rows(again))),
                )

    def test_templates_import_as_they_are(self):
        wizard = self.rates(RATES)
        for action in (wizard.action_template_csv(), wizard.action_template_xlsx()):
            rows = read_rows(self.download(action))
            columns = self.env["rcm.table.contract_rates"]._columns()
            self.assertEqual(rows[0], table.header(columns))
            self.assertFalse(table.read(rows, columns).faults)

    def test_import_is_for_administrators_of_the_company(self):
        for role in ("biller", "front_desk", "finance_manager", "auditor"):
            user = self.role(role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.rates(RATES, user=user).action_check()
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.contract.with_user(user).action_import_rates()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.user_of(
            "import_stranger", "healthcare_rcm_base.group_administrator"
        )
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            self.rates(RATES, user=stranger).action_check()

    def test_reading_roles_may_export(self):
        contract = self.contract.with_user(self.role("biller"))
        self.assertIn("/web/content/", contract.action_export_rates()["url"])


@tagged("post_install", "-at_install")
class TestChargeMaster(ImportCase):
    """Charges by facility and day, and their import."""

    HEADER = ["Code", "Facility", "Charge", "Valid from", "Valid until"]

    def price(self, day, facility=None):
        return self.service._rcm_standard_charge(
            facility or self.main, date.fromisoformat(day)
        )

    def charges(self, *rows, **vals):
        return self.wizard("charge_master", [self.HEADER, *rows], **vals)

    def test_own_price_then_company_price_then_standard(self):
        Charge = self.env["rcm.service.charge"]
        self.assertEqual(self.price("2026-03-02"), 150)
        Charge.create(
            {
                "service_code_id": self.service.id,
                "amount": 160,
                "date_from": "2026-01-01",
                "date_to": "2026-06-30",
            }
        )
        Charge.create(
            {
                "service_code_id": self.service.id,
                "facility_id": self.north.id,
                "amount": 170,
                "date_from": "2026-02-01",
            }
        )
        for day, facility, expected in (
            ("2025-12-31", self.main, 150),
            ("2026-01-01", self.main, 160),
            ("2026-06-30", self.main, 160),
            ("2026-07-01", self.main, 150),
            ("2026-01-31", self.north, 160),
            ("2026-02-01", self.north, 170),
            ("2026-07-01", self.north, 170),
        ):
            with self.subTest(day=day, facility=facility.code):
                self.assertEqual(self.price(day, facility), expected)

    def test_typed_charges_and_price_checks_start_from_it(self):
        self.env["rcm.service.charge"].create(
            {
                "service_code_id": self.service.id,
                "facility_id": self.main.id,
                "amount": 160,
                "date_from": "2026-01-01",
            }
        )
        check = Form(
            self.env["rcm.price.check"].with_context(
                default_contract_id=self.contract.id
            )
        )
        check.code, check.units, check.facility_id = "99213", 2, self.main
        check.service_date = "2026-03-02"
        self.assertEqual(check.amount, 320)
        check.facility_id = self.north
        self.assertEqual(check.amount, 300)

    def test_one_query_for_many(self):
        day = date(2026, 3, 2)
        wanted = [(self.service, self.main, day)] * 50
        self.assertTrue(self.main.company_id and self.service.standard_charge)
        with self.assertQueryCount(1):
            self.env["rcm.service.code"]._rcm_standard_charges(wanted)

    def test_import_ends_the_price_before(self):
        wizard = self.charges(
            ["99213", "", "160", "2026-01-01", ""],
            ["99213", "T-NORTH", "170.25", "2026-01-01", ""],
        )
        wizard.action_check()
        self.assertIn("2 prices added", wizard.summary)
        self.assertEqual(self.price("2026-03-02"), 150)
        action = wizard.action_import()
        shown = self.env["rcm.service.charge"].search(action["domain"])
        self.assertEqual((len(shown), action["context"]), (2, {}))
        wizard = self.charges(
            ["99213", "", "180", "2026-07-01", ""],
            ["99213", "", "155", "2025-01-01", ""],
        )
        wizard.action_import()
        for day, expected in (
            ("2024-12-31", 150),
            ("2025-12-31", 155),
            ("2026-06-30", 160),
            ("2026-07-01", 180),
        ):
            self.assertEqual(self.price(day), expected, day)
        self.assertEqual(self.price("2026-07-01", self.north), 170.25)

    def test_export_comes_back_and_changes_nothing(self):
        self.charges(
            ["99213", "", "160", "2026-01-01", "2026-06-30"],
            ["99213", "T-NORTH", "170", "2026-01-01", ""],
        ).action_import()
        prices = self.env["rcm.service.charge"].search(
            [("service_code_id", "=", self.service.id)]
        )
        before = prices.read(["amount", "date_from", "date_to", "facility_id"])
        content = self.download(prices.action_export())
        wizard = self.wizard("charge_master", read_rows(content))
        wizard.action_check()
        self.assertIn("0 prices added, 0 changed", wizard.summary)
        wizard.action_import()
        self.assertEqual(
            prices.read(["amount", "date_from", "date_to", "facility_id"]), before
        )

    def test_faults(self):
        wizard = self.charges(
            ["99999", "", "1", "2026-01-01", ""],
            ["99213", "NOWHERE", "1", "2026-01-01", ""],
            ["99213", "", "1", "2026-01-02", "2026-01-01"],
            ["99213", "", "2", "2026-01-02", ""],
        )
        wizard.action_check()
        found = sorted((fault.row, fault.value or "") for fault in wizard.fault_ids)
        self.assertEqual(
            found, [(2, "99999"), (3, "NOWHERE"), (4, "2026-01-01"), (5, "")]
        )

    def test_two_prices_on_a_day_are_refused(self):
        vals = {"service_code_id": self.service.id, "amount": 1}
        Charge = self.env["rcm.service.charge"]
        Charge.create({**vals, "date_from": "2026-01-01", "date_to": "2026-06-30"})
        with self.assertRaises(UserError):
            Charge.create({**vals, "date_from": "2026-06-30"})
        Charge.create({**vals, "date_from": "2026-07-01"})

    def test_prices_are_kept_by_administrators_and_stay_in_their_company(self):
        vals = {
            "service_code_id": self.service.id,
            "amount": 1,
            "date_from": "2026-01-01",
        }
        for role in ("biller", "front_desk", "coder"):
            Charge = self.env["rcm.service.charge"].with_user(self.role(role))
            with self.subTest(role=role), self.assertRaises(AccessError):
                Charge.create(vals)
        price = self.env["rcm.service.charge"].with_user(self.admin).create(vals)
        self.assertEqual(len(audit_rows(self.env, price)), 1)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.user_of("charge_stranger", "healthcare_rcm_base.group_biller")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        Charge = self.env["rcm.service.charge"].with_user(stranger)
        self.assertNotIn(price, Charge.search([]))
