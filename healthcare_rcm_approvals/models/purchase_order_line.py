from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.spending import Charge
from .purchase_order import drop_computed

PLACES = 6
LOCKED = frozenset(
    {
        "product_id",
        "product_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "analytic_distribution",
        "display_type",
        "order_id",
        "rcm_fund_id",
        "rcm_outsourced_id",
    }
)
COMPUTED = frozenset({"price_subtotal", "price_total", "price_tax", "qty_invoiced"})
RECEIVED = frozenset({"qty_received", "qty_received_manual"})


class PurchaseOrderLine(models.Model):
    """A change of its lines is a change of the order."""

    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "rcm.spending.line.mixin"]

    rcm_outsourced_id = fields.Many2one(
        compute="_compute_rcm_outsourced_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('state', '=', 'open'), ('partner_id', '=', partner_id)]",
    )

    @api.depends("product_id", "order_id.partner_id", "order_id.date_order")
    def _compute_rcm_outsourced_id(self):
        """The running contract for this vendor and service, unless another is set."""
        for line in self:
            if line.order_id.state in ("purchase", "cancel"):
                line.rcm_outsourced_id = line.rcm_outsourced_id
            else:
                line.rcm_outsourced_id = line._rcm_find_contract()

    # ------------------------------------------------------------------
    # What the line says
    # ------------------------------------------------------------------
    def _rcm_owner(self):
        return self.order_id

    def _rcm_line_label(self):
        return self.product_id.display_name or (self.name or "").split("\n")[0]

    def _rcm_find_contract(self):
        order = self.order_id
        if not self.product_id or not order.partner_id or not order.company_id:
            return self.env["rcm.outsourced.contract"]
        return self.env["rcm.outsourced.contract"]._rcm_find(
            order.company_id,
            order.partner_id,
            self.product_id,
            order.rcm_budget_date or fields.Date.context_today(self),
        )

    def _rcm_fixed(self):
        """What may not change at all without asking again."""
        return [
            self.product_id.id or 0,
            self.product_uom_id.id or 0,
            repr(self.discount or 0.0),
            sorted(self.tax_ids.ids),
            sorted((self.analytic_distribution or {}).items()),
            self.rcm_fund_id.id or 0,
            self.rcm_outsourced_id.id or 0,
        ]

    def _rcm_charge(self, contract=None):
        """This line as funds and contracts look at it."""
        order, company = self.order_id, self.order_id.company_id
        day = order._rcm_spending_day()
        amount = self.price_subtotal / order.currency_rate
        price, quantity = self.price_unit_discounted, self.product_qty
        if contract:
            unit = contract.uom_id
            price = self.product_uom_id._compute_price(price, unit)
            price = order.currency_id._convert(
                price, contract.contract_currency_id, company, day, round=False
            )
            quantity = self.product_uom_id._compute_quantity(
                quantity, unit, round=False
            )
        return Charge(
            ref=self.id,
            amount=to_decimal(
                company.currency_id.round(amount), company.currency_id.decimal_places
            ),
            day=day,
            vendor=order.partner_id.commercial_partner_id.id,
            categories=category_ids(self.product_id.categ_id),
            vendor_categories=frozenset(
                order.partner_id.commercial_partner_id.category_id.ids
            ),
            accounts=frozenset(self.distribution_analytic_account_ids.ids),
            product=self.product_id.id or None,
            quantity=exact(quantity),
            price=exact(price),
        )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        orders = self.env["purchase.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        before = orders._rcm_confirmed(["order_line"])
        lines = super().create([drop_computed(vals, COMPUTED) for vals in vals_list])
        lines.order_id._rcm_approval_touched()
        orders._rcm_check_change(before)
        return lines

    def write(self, vals):
        vals = drop_computed(vals, COMPUTED)
        touched = LOCKED & vals.keys()
        orders = self.order_id
        before = orders._rcm_confirmed(["order_line"]) if touched else {}
        result = super().write(vals)
        if touched:
            (orders | self.order_id)._rcm_approval_touched()
            orders._rcm_check_change(before)
        if (RECEIVED | LOCKED) & vals.keys():
            self._rcm_match_again()
        return result

    def unlink(self):
        orders = self.order_id
        before = orders._rcm_confirmed(["order_line"])
        result = super().unlink()
        orders.exists()._rcm_approval_touched()
        orders._rcm_check_change(before)
        return result

    def _rcm_match_again(self):
        """Bills held for a difference look again: it may be gone."""
        # the case is resolved by the fact, whoever entered it
        moves = self.sudo().invoice_lines.move_id
        moves.filtered(lambda move: move.state != "cancel")._rcm_match_recheck()

    def _prepare_account_move_line(self, move=False):
        return {
            **super()._prepare_account_move_line(move=move),
            "rcm_fund_id": self.rcm_fund_id.id,
            "rcm_outsourced_id": self.rcm_outsourced_id.id,
        }


def exact(value):
    """A quantity or price as a Decimal, without binary noise."""
    return Decimal(repr(round(value or 0.0, PLACES)))


def category_ids(category):
    """Ids of a product category and of those above it."""
    path = category.parent_path or ""
    return frozenset(int(part) for part in path.split("/") if part)
