from dataclasses import replace
from datetime import date
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from ..core.contract_compare import compare_rates, compare_terms
from .master_common import MasterCase
from .pricing_builders import contract, rate


@tagged("post_install", "-at_install")
class TestCompareRates(BaseCase):
    """The rule: which rates are the same service, and what moved."""

    def test_added_removed_changed_same(self):
        old = contract(
            rate(1, amount="100.00", code="A"),
            rate(2, amount="50.00", code="B"),
            rate(3, amount="10.00", code="C", modifiers=("25", "59")),
            rate(4, "percent_of_charge", "0", code="D", percent=Decimal(40)),
            rate(5, amount="0.00", code="E"),
        )
        new = contract(
            rate(11, amount="107.50", code="A"),
            rate(13, amount="10.00", code="C", modifiers=("59", "25")),
            rate(14, "percent_of_charge", "0", code="D", percent=Decimal(30)),
            rate(15, amount="5.00", code="E"),
            rate(16, "fixed", "9.00", code="A", place_of_service="22"),
        )
        found = [
            ((change.new or change.old).code, change.kind, change.percent)
            for change in compare_rates(old, new)
        ]
        self.assertEqual(
            found,
            [
                ("A", "changed", Decimal("7.50")),
                ("A", "added", None),
                ("B", "removed", None),
                ("C", "same", Decimal("0.00")),
                ("D", "changed", Decimal("-25.00")),
                ("E", "changed", None),
            ],
        )

    def test_latest_rate_is_compared_with_the_latest(self):
        early = rate(1, amount="90.00", code="A", date_to=date(2026, 6, 30))
        late = rate(2, amount="95.00", code="A", date_from=date(2026, 7, 1))
        changes = compare_rates(
            contract(early, late), contract(rate(3, amount="95.00", code="A"))
        )
        self.assertEqual([item.kind for item in changes], ["changed", "removed"])
        self.assertEqual(changes[0].percent, 0)
        self.assertEqual(changes[1].old, early)

    def test_terms(self):
        old = contract()
        new = replace(old, default_percent=Decimal(5), name="Other", ref=9)
        self.assertEqual(
            compare_terms(old, new), {"default_percent": (Decimal(0), Decimal(5))}
        )
        self.assertEqual(compare_terms(old, old), {})


@tagged("post_install", "-at_install")
class TestCompareScreen(MasterCase):
    def test_version_is_compared_with_the_one_before(self):
        old = self.make_contract(
            rates=[
                {"code": "99213", "amount": 92},
                {"code": "99214", "amount": 120, "facility_id": self.main.id},
            ]
        )
        old.action_activate()
        new = old._rcm_new_version(date(2026, 7, 1))
        new.rate_ids.filtered(lambda item: item.code == "99213").amount = 96.6
        new.rate_ids.filtered(lambda item: item.code == "99214").unlink()
        new.rate_ids = [(0, 0, {"code": "99215", "amount": 150})]
        new.write({"charge_cap_percent": 100, "facility_ids": self.north.ids})
        action = new.with_user(self.role("biller")).action_compare()
        lines = self.env["rcm.contract.compare.line"].search(action["domain"])
        found = {
            (line.kind, line.label): (line.old_value, line.new_value, line.percent)
            for line in lines
        }
        self.assertEqual(
            found,
            {
                ("term", "Never More Than % of Charge"): ("none", "100 %", 0),
                ("term", "Facilities"): ("all", "T-NORTH", 0),
                ("changed", "99213"): ("92 per unit", "96.60 per unit", 5),
                ("removed", "99214 · T-MAIN"): ("120 per unit", False, 0),
                ("added", "99215"): (False, "150 per unit", 0),
            },
        )
        self.assertIn("5 differences", action["name"])

    def test_without_a_version_before_it_asks(self):
        contract = self.make_contract()
        action = contract.action_compare()
        self.assertEqual(action["res_model"], "rcm.contract.compare")
        wizard = self.env["rcm.contract.compare"].create(
            {"old_id": contract.id, "new_id": contract.id}
        )
        with self.assertRaises(UserError):
            wizard.action_compare()

    def test_contracts_of_another_company_are_closed(self):
        contract = self.make_contract()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.user_of("compare_stranger", "healthcare_rcm_base.group_biller")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            contract.with_user(stranger).action_compare()
