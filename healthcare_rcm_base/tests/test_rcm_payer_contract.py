from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Date
from odoo.tests import Form, tagged

from .common_ground import audit_rows
from .master_common import MasterCase


@tagged("post_install", "-at_install")
class TestPayerContract(MasterCase):
    """Contracts: in effect one at a time, kept as they were."""

    def find(self, day="2026-03-02", facility=None):
        return self.env["rcm.payer.contract"]._rcm_find(
            self.payer, facility or self.main, Date.to_date(day)
        )

    def test_only_contracts_in_effect_are_found(self):
        contract = self.make_contract()
        self.assertFalse(self.find())
        contract.action_activate()
        self.assertEqual(self.find(), contract)
        self.assertFalse(self.find("2025-12-31"))

    def test_ended_contract_still_prices_its_time(self):
        contract = self.make_contract()
        contract.action_activate()
        contract.date_to = date(2026, 6, 30)
        contract.action_expire()
        self.assertEqual(contract.date_to, date(2026, 6, 30))
        self.assertEqual(self.find("2026-06-30"), contract)
        self.assertFalse(self.find("2026-07-01"))

    def test_ending_an_open_contract_gives_it_a_last_day(self):
        contract = self.make_contract(date_from="2020-01-01")
        contract.action_activate()
        contract.action_expire()
        self.assertEqual(contract.date_to, Date.context_today(contract))

    def test_overlap_is_refused(self):
        self.make_contract(date_to="2026-06-30").action_activate()
        for vals in (
            {"date_from": "2026-06-30"},
            {"date_from": "2025-01-01"},
            {"date_from": "2026-03-01", "facility_ids": self.main.ids},
        ):
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                self.make_contract(**vals).action_activate()

    def test_what_does_not_meet_does_not_overlap(self):
        self.make_contract(
            date_to="2026-06-30", facility_ids=self.main.ids
        ).action_activate()
        for vals in (
            {"date_from": "2026-07-01"},
            {"facility_ids": self.north.ids, "date_to": "2026-06-30"},
            {"network": "out_of_network"},
        ):
            with self.subTest(vals=vals):
                self.make_contract(**vals).action_activate()

    def test_in_network_comes_before_out_of_network(self):
        away = self.make_contract(network="out_of_network", date_from="2020-01-01")
        away.action_activate()
        home = self.make_contract(facility_ids=self.main.ids)
        home.action_activate()
        self.assertEqual(self.find(), home)
        self.assertEqual(self.find(facility=self.north), away)

    def test_restricted_staff_do_not_widen_a_contract(self):
        """A facility a person cannot see must not read as "all facilities"."""
        contract = self.make_contract(facility_ids=self.north.ids)
        contract.action_activate()
        biller = self.role("biller")
        biller.rcm_facility_ids = self.main
        Contract = self.env["rcm.payer.contract"].with_user(biller)
        self.assertFalse(
            Contract._rcm_find(self.payer, self.main, Date.to_date("2026-03-02"))
        )

    def test_terms_in_effect_are_not_rewritten(self):
        contract = self.make_contract()
        contract.action_activate()
        for vals in (
            {"date_from": "2025-01-01"},
            {"default_method": "percent_of_charge", "default_percent": 50},
            {"sequestration_percent": 2},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                contract.write(vals)
        rate = contract.rate_ids
        for vals in ({"amount": 1}, {"code": "99214"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                rate.write(vals)
        with self.assertRaises(UserError):
            rate.unlink()
        with self.assertRaises(UserError):
            contract.unlink()

    def test_new_rate_follows_an_ended_one(self):
        contract = self.make_contract()
        contract.action_activate()
        contract.rate_ids.date_to = date(2026, 6, 30)
        self.env["rcm.payer.contract.rate"].create(
            {
                "contract_id": contract.id,
                "code": "99213",
                "amount": 95,
                "date_from": "2026-07-01",
            }
        )
        prices = {
            day: self.price(contract, day) for day in ("2026-06-30", "2026-07-01")
        }
        self.assertEqual(prices, {"2026-06-30": 92.0, "2026-07-01": 95.0})

    def test_same_rate_twice_is_refused(self):
        for twin in (
            {"code": "99213"},
            {"code": "99213", "date_from": "2026-05-01"},
            {"code": "99213", "modifier": ""},
        ):
            with self.subTest(twin=twin), self.assertRaises(ValidationError):
                self.make_contract(rates=[{"code": "99213", "amount": 92.0}, twin])
        self.make_contract(
            rates=[
                {"code": "99213", "modifier": "25, 59"},
                {"code": "99213", "modifier": "25"},
                {"code": "99213", "place_of_service": "11"},
            ]
        )

    def test_bad_rates_are_refused(self):
        for rate in (
            {"code": "99213", "code_to": "9930"},
            {"code": "99213", "code_to": "99212"},
            {"code": "99213", "method": "percent_of_charge"},
        ):
            with self.subTest(rate=rate), self.assertRaises(ValidationError):
                self.make_contract(rates=[rate])
        with self.assertRaises(ValidationError):
            self.make_contract(multiple_procedure_percents="100, half")

    def test_new_version_ends_the_old_one(self):
        old = self.make_contract(date_from="2020-01-01")
        old.action_activate()
        action = old.action_new_version()
        new = self.env["rcm.payer.contract"].browse(action["res_id"])
        self.assertEqual(new.state, "draft")
        self.assertEqual(new.rate_ids.code, "99213")
        new.rate_ids.amount = 99
        new.action_activate()
        self.assertEqual(old.date_to, new.date_from - timedelta(days=1))
        self.assertEqual(old.rate_ids.amount, 92)
        self.assertEqual(self.find(str(new.date_from)), new)

    def test_states_go_one_way(self):
        contract = self.make_contract()
        with self.assertRaises(UserError):
            contract.state = "expired"
        contract.action_activate()
        with self.assertRaises(UserError):
            contract.state = "draft"

    def test_steps_are_for_administrators(self):
        contract = self.make_contract()
        for role in ("biller", "finance_manager", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                contract.with_user(self.role(role)).action_activate()
        contract.with_user(self.role("administrator")).action_activate()
        self.assertEqual(contract.state, "active")

    def test_changes_are_audited(self):
        contract = self.make_contract()
        contract.action_activate()
        events = audit_rows(self.env, contract).mapped("event")
        self.assertEqual(
            events, ["rcm.payer.contract.created", "rcm.payer.contract.changed"]
        )

    def test_service_code_gives_the_code(self):
        service = self.env["rcm.service.code"].create(
            {"code": "T9213", "name": "Visit"}
        )
        contract = self.make_contract(rates=[{"service_code_id": service.id}])
        self.assertEqual(contract.rate_ids.code, "T9213")

    # ------------------------------------------------------------------
    # Price check
    # ------------------------------------------------------------------
    def price(self, contract, day="2026-03-02", **vals):
        check = self.env["rcm.price.check"].create(
            {
                "contract_id": contract.id,
                "code": "99213",
                "amount": 150,
                "service_date": day,
                **vals,
            }
        )
        return check.expected_amount

    def test_price_check_answers_anyone_with_the_reasons(self):
        contract = self.make_contract(
            expected_patient_percent=20, sequestration_percent=2
        )
        Check = self.env["rcm.price.check"].with_user(self.role("biller"))
        form = Form(Check.with_context(default_contract_id=contract.id))
        form.code, form.amount, form.units = "99213", 300.0, 2
        form.service_date = "2026-03-02"
        self.assertEqual(form.expected_amount, 184.0)
        self.assertEqual(form.contractual_amount, 116.0)
        self.assertEqual(form.patient_amount, 36.8)
        self.assertEqual(form.sequestration_amount, 2.94)
        self.assertIn("92 × 2 units = 184.00", form.trace)

    def test_price_check_says_when_there_is_none(self):
        contract = self.make_contract()
        check = self.env["rcm.price.check"].create(
            {
                "contract_id": contract.id,
                "code": "<b>X</b>",
                "service_date": "2026-03-02",
            }
        )
        self.assertTrue(check.has_answer)
        self.assertFalse(check.is_priced)
        self.assertIn("&lt;b&gt;", check.trace)
