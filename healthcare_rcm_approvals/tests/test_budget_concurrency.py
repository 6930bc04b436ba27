import threading

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestLastEuro(BaseCase):
    """Real connections: two orders at once cannot both take the last of a budget."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.policies = env["rcm.approval.policy"].search(
                [("document_type", "=", "purchase_order")]
            )
            self.policies.active = False
            through = env["rcm.approval.policy"].create(
                {"name": "T-RACE", "document_type": "purchase_order"}
            )
            plan = env["account.analytic.plan"].create({"name": "T-RACE"})
            account = env["account.analytic.account"].create(
                {"name": "T-RACE", "plan_id": plan.id, "company_id": env.company.id}
            )
            budget = env["rcm.budget"].create(
                {
                    "name": "T-RACE",
                    "date_from": "2020-01-01",
                    "date_to": "2099-12-31",
                    "line_ids": [
                        Command.create(
                            {"analytic_account_id": account.id, "amount": 100}
                        )
                    ],
                }
            )
            budget._rcm_set_state("open")
            product = env["product.product"].create({"name": "T-RACE"})
            vendor = env["res.partner"].create({"name": "T-RACE"})
            orders = env["purchase.order"].create(
                [
                    {
                        "partner_id": vendor.id,
                        "order_line": [
                            Command.create(
                                {
                                    "product_id": product.id,
                                    "product_qty": 1,
                                    "price_unit": 100,
                                    "tax_ids": [Command.clear()],
                                    "analytic_distribution": {str(account.id): 100},
                                }
                            )
                        ],
                    }
                ]
                * 2
            )
            self.orders, self.through = orders.ids, through.id
            self.policies, self.budget = self.policies.ids, budget.id
            self.made = [
                (item._name, item.id) for item in (vendor, product, account, plan)
            ]
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["rcm.approval.policy"].browse(self.policies).active = True
            env["rcm.approval.policy"].browse(self.through).active = False
            orders = env["purchase.order"].browse(self.orders)
            orders.button_cancel()
            orders.unlink()
            budget = env["rcm.budget"].browse(self.budget)
            budget._rcm_set_state("draft")
            budget.unlink()
            for model, id_ in self.made:
                env[model].browse(id_).unlink()

    def confirm(self, id_, outcomes, barrier):
        """Confirm in a transaction of its own, tried again as Odoo's server does."""
        waited = False
        while True:
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    order = env["purchase.order"].browse(id_)
                    order.order_line.read(["price_subtotal"])
                    if not waited:
                        waited = True
                        barrier.wait(timeout=30)
                    order.button_confirm()
                outcomes.append("confirmed")
                return
            except SerializationFailure:
                outcomes.append("again")
            except UserError:
                outcomes.append("refused")
                return

    def test_one_of_two_orders_is_refused(self):
        outcomes, barrier = [], threading.Barrier(2)
        threads = [
            threading.Thread(target=self.confirm, args=(id_, outcomes, barrier))
            for id_ in self.orders
        ]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        self.assertEqual(
            sorted(item for item in outcomes if item != "again"),
            ["confirmed", "refused"],
        )
