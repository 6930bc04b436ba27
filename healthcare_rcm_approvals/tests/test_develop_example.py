"""The example of readme/DEVELOP.md is executed as it stands, on models of its own."""

import re
from types import SimpleNamespace

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open

from .documents_common import DocumentCase

MODULE = "rcm_develop_example"
NAMES = ("example.loan", "example.loan.line")


def example():
    """The Python block of the developer page."""
    with file_open("healthcare_rcm_approvals/readme/DEVELOP.md") as file:
        return re.search(r"```python\n(.*?)```", file.read(), re.DOTALL)[1]


@tagged("post_install", "-at_install")
class TestDevelopExample(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exec(  # the page is ours; it is the point to run it
            compile(example(), "DEVELOP.md", "exec"),
            {"__name__": f"odoo.addons.{MODULE}"},
        )
        cls.addClassCleanup(cls._forget)
        cls.env["ir.module.module"].create({"name": MODULE, "state": "installed"})
        names = cls.registry.load(SimpleNamespace(name=MODULE))
        cls.registry._setup_models__(cls.env.cr, names)
        cls.registry.init_models(cls.env.cr, names, {})
        cls.set_policy("loan", 1000)

    @classmethod
    def _forget(cls):
        type(models.Model)._module_to_models__.pop(MODULE, None)
        for name in NAMES:
            if name in cls.registry:
                del cls.registry[name]
        cls.registry._setup_models__(cls.env.cr, [])

    def loan(self, amount, **vals):
        return self.env["example.loan"].create(
            {"amount": amount, "company_id": self.company.id, **vals}
        )

    def refused(self, attempt):
        with self.assertRaisesRegex(UserError, "approval is needed"):
            with self.env.cr.savepoint():
                attempt()
        self.env.invalidate_all()

    def test_ten_lines_adopt_it(self):
        own = [line for line in example().splitlines() if "rcm" in line]
        self.assertLessEqual(len(own) + len(["def action_pay(self):"]), 10)

    def test_its_kind_of_document_is_one_of_the_policies(self):
        kinds = dict(self.env["rcm.approval.policy"]._rcm_document_types())
        self.assertEqual(kinds["loan"], "Loan")
        policy = self.env["rcm.approval.policy"].search(
            [("document_type", "=", "loan"), ("amount_from", "=", 1000)]
        )
        self.assertIn("Loan of", policy.sentence)
        self.assertEqual(policy.document_model, "example.loan")

    def test_small_goes_through_and_large_waits(self):
        small, large = self.loan(10), self.loan(1000)
        (small | large).action_pay()
        self.assertEqual((small.state, large.state), ("paid", "draft"))
        self.assertEqual(large.rcm_approval_state, "pending")
        self.approve(large)
        self.assertEqual(large.state, "paid")

    def test_every_other_way_is_refused(self):
        loan = self.loan(1000)
        self.refused(lambda: loan.write({"state": "paid"}))
        self.refused(lambda: loan.sudo().write({"state": "paid"}))
        self.refused(
            lambda: loan.with_context(rcm_ticket=True, sudo=True).write(
                {"state": "paid"}
            )
        )
        self.refused(lambda: self.loan(1000, state="paid"))
        self.refused(
            lambda: self.env["example.loan"]
            .with_context(default_state="paid")
            .create({"amount": 1000, "company_id": self.company.id})
        )
        self.assertEqual(loan.state, "draft")

    def test_a_smaller_amount_written_along_is_believed_a_larger_one_is_not(self):
        small, large = self.loan(10), self.loan(1000)
        self.refused(lambda: small.write({"amount": 1000, "state": "paid"}))
        large.write({"amount": 10, "state": "paid"})
        self.assertEqual((small.state, large.state), ("draft", "paid"))

    def test_a_change_voids(self):
        for change in (
            {"amount": 2000},
            {"partner_id": self.vendor.id},
            {"line_ids": [Command.create({"name": "x", "part": 1})]},
        ):
            loan = self.loan(1000)
            loan.action_pay()
            loan.write(change)
            self.assertEqual(self.requests(loan).state, "voided", change)

    def test_a_changed_row_is_found_when_it_is_decided(self):
        loan = self.loan(1000, line_ids=[Command.create({"name": "x", "part": 1})])
        loan.action_pay()
        loan.line_ids.part = 2
        self.approve(loan)
        self.assertEqual((loan.state, self.requests(loan).state), ("draft", "voided"))

    def test_facts_come_from_the_usual_fields(self):
        tag = self.env["res.partner.category"].create({"name": "Staff"})
        self.vendor.category_id = tag
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "rate": 0.5}
        )
        loan = self.loan(100, partner_id=self.vendor.id, currency_id=euro.id)
        item = loan._rcm_approval_facts("pay")
        self.assertEqual(item["facts"].amount, 200)
        self.assertEqual(item["facts"].company, self.company.id)
        self.assertEqual(item["facts"].vendor_categories, {tag.id})
        self.assertEqual(
            item["approved"],
            {"amount": "100.0", "line_ids": [], "partner_id": self.vendor.ids},
        )

    def test_who_paid_it_is_known_to_the_duties(self):
        loan = self.loan(10)
        loan.with_user(self.env.ref("base.user_admin")).sudo().action_pay()
        self.assertEqual(
            loan._rcm_duties_done()["pay"], {self.env.ref("base.user_admin").id}
        )
