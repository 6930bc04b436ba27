"""People who buy, a vendor, a product and a service, two analytic accounts."""

from odoo import Command, fields

from odoo.addons.healthcare_rcm_base.tests import builders

from .documents_common import DocumentCase


class SpendingCase(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_policy("purchase_order")
        cls.set_policy("budget_revision", limit=0)
        cls.override_policy = cls.env["rcm.approval.policy"].search(
            [("document_type", "=", "override")]
        )
        cls.override_policy.active = False
        cls.set_policy("override", limit=0)
        cls.buyer = cls.person("payables", groups=None)
        cls.manager = cls.person("finance_manager", groups=None)
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Departments"})
        cls.ward = cls.analytic("Ward")
        cls.lab = cls.analytic("Laboratory")
        cls.goods = cls.product("Gloves", "consu")
        cls.service = cls.product("Cleaning", "service")
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.euro.id,
                "company_id": cls.company.id,
                "name": "2020-01-01",
                "rate": 0.5,
            }
        )

    @classmethod
    def analytic(cls, name, plan=None, company=None):
        return cls.env["account.analytic.account"].create(
            {
                "name": name,
                "plan_id": (plan or cls.plan).id,
                "company_id": (company or cls.company).id,
            }
        )

    @classmethod
    def product(cls, name, kind, **vals):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": kind,
                "purchase_method": "purchase",
                "supplier_taxes_id": [Command.clear()],
                "property_account_expense_id": cls.expense.id,
                **vals,
            }
        )

    @classmethod
    def budget(cls, amount, account=None, on_excess="refuse", **vals):
        """An open budget of one line over every day; returns the line."""
        budget = cls.env["rcm.budget"].create(
            {
                "name": builders.number("BUD"),
                "company_id": cls.company.id,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
                "on_excess": on_excess,
                "line_ids": [
                    Command.create(
                        {
                            "analytic_account_id": (account or cls.ward).id,
                            "amount": amount,
                            **vals,
                        }
                    )
                ],
            }
        )
        budget.with_user(cls.manager).action_open()
        return budget.line_ids

    def order(self, price, quantity=1, user=None, spread=None, line=None, **vals):
        """A draft order of one line, charged to the ward."""
        spread = {str(self.ward.id): 100} if spread is None else spread
        values = {
            "product_id": self.goods.id,
            "product_qty": quantity,
            "price_unit": price,
            "tax_ids": [Command.clear()],
            "analytic_distribution": spread,
            **(line or {}),
        }
        return (
            self.env["purchase.order"]
            .with_user(user or self.buyer)
            .create(
                {
                    "partner_id": self.vendor.id,
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "order_line": [Command.create(values)],
                    **vals,
                }
            )
        )

    def confirmed(self, price, quantity=1, **vals):
        order = self.order(price, quantity, **vals)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")
        return order

    def bill(self, order, quantity=None, price=None, user=None, received=None, **vals):
        """A draft bill of an order's lines; all is received unless said otherwise."""
        for item in order.order_line:
            item.qty_received = item.product_qty if received is None else received
        lines = [
            Command.create(
                {
                    **item._prepare_account_move_line(),
                    "quantity": item.product_qty if quantity is None else quantity,
                    "price_unit": item.price_unit if price is None else price,
                    "analytic_distribution": item.analytic_distribution,
                }
            )
            for item in order.sudo().order_line
        ]
        return (
            self.env["account.move"]
            .with_user(user or self.clerk)
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": order.partner_id.id,
                    "currency_id": order.currency_id.id,
                    "invoice_date": fields.Date.today(),
                    "ref": builders.number("B"),
                    "invoice_line_ids": lines,
                    **vals,
                }
            )
        )

    def figures(self, line):
        line.invalidate_recordset()
        return line.committed, line.spent, line.available
