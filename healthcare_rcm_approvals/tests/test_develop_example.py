"""The example of readme/DEVELOP.md is executed as it stands, on a model of its own."""

import re
from types import SimpleNamespace

from odoo import models
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open

from .documents_common import DocumentCase

MODULE = "rcm_develop_example"


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
        cls.set_policy("payment", 1000)

    @classmethod
    def _forget(cls):
        type(models.Model)._module_to_models__.pop(MODULE, None)
        if "example.loan" in cls.registry:
            del cls.registry["example.loan"]
            cls.registry._setup_models__(cls.env.cr, [])

    def loan(self, amount):
        return self.env["example.loan"].create(
            {"amount": amount, "company_id": self.company.id}
        )

    def test_it_is_short(self):
        own = re.findall(r"^    def |^        .*_rcm_approval", example(), re.MULTILINE)
        self.assertLess(len(own), 16)

    def test_small_goes_through_and_large_waits(self):
        small, large = self.loan(10), self.loan(1000)
        (small | large).action_pay()
        self.assertEqual((small.state, large.state), ("paid", "draft"))
        self.assertEqual(large.rcm_approval_state, "pending")
        self.approve(large)
        self.assertEqual(large.state, "paid")

    def test_every_other_way_is_refused(self):
        loan = self.loan(1000)
        for attempt in (
            lambda: loan.write({"state": "paid"}),
            lambda: loan.sudo().write({"state": "paid"}),
            lambda: loan.with_context(rcm_ticket=True, sudo=True).write(
                {"state": "paid"}
            ),
        ):
            with self.assertRaisesRegex(UserError, "approval is needed"):
                attempt()
        self.assertEqual(loan.state, "draft")

    def test_a_change_voids(self):
        loan = self.loan(1000)
        loan.action_pay()
        loan.amount = 2000
        self.assertEqual(self.requests(loan).state, "voided")
