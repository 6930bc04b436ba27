from collections import defaultdict

from odoo import models

from ..policy.three_way import Billed, Ordered
from .purchase_order_line import exact


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _rcm_billed_facts(self):
        """This line in the unit of the order line it names."""
        order, own = self.purchase_line_id, self.product_uom_id
        quantity = self.quantity
        price = self.price_unit * (1 - (self.discount or 0.0) / 100)
        if order and own and order.product_uom_id != own:
            quantity = own._compute_quantity(
                quantity, order.product_uom_id, round=False
            )
            price = own._compute_price(price, order.product_uom_id)
        return Billed(
            ref=self.id,
            quantity=exact(quantity),
            price=exact(self.move_id._rcm_to_company(self.currency_id, price)),
            order=order.id or None,
            vendor=self.move_id.commercial_partner_id.id or None,
        )


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    def _rcm_billed_by_move(self):
        """``{order line: {bill: quantity}}`` of posted bills less credit notes."""
        found = {line: defaultdict(lambda: exact(0.0)) for line in self}
        found[self.browse()] = {}
        for line in self:
            for item in line.invoice_lines:
                move = item.move_id
                if move.state != "posted":
                    continue
                quantity = exact(
                    item.product_uom_id._compute_quantity(
                        item.quantity, line.product_uom_id, round=False
                    )
                )
                sign = -1 if move.move_type == "in_refund" else 1
                found[line][move] += sign * quantity
        return found

    def _rcm_ordered_facts(self, bill, billed):
        """This order line as ``bill`` is compared with it."""
        return Ordered(
            ref=self.id,
            quantity=exact(self.product_qty),
            received=exact(self.qty_received),
            price=exact(
                bill._rcm_to_company(self.currency_id, self.price_unit_discounted)
            ),
            billed=sum(
                (quantity for move, quantity in billed.items() if move != bill),
                exact(0.0),
            ),
            vendor=self.order_id.partner_id.commercial_partner_id.id or None,
        )
