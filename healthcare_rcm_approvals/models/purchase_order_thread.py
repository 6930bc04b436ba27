from contextlib import contextmanager

from odoo import api, models

# Known by identity, so that no context of a client can stand in for it.
LOGGING = object()


class PurchaseOrder(models.Model):
    """An order begins the thread on which its bill, payment and entries go on.

    Its making, its states and every change of its amount are in the audit log.
    """

    _inherit = "purchase.order"

    _rcm_audit_fields = (
        "partner_id",
        "currency_id",
        "date_order",
        "amount_total",
        "rcm_facility_id",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # the lines come with the order: its first row has the amount
        orders = self.with_context(rcm_amounts=LOGGING)
        return super(PurchaseOrder, orders).create(vals_list).with_env(self.env)

    def write(self, vals):
        state = vals.get("state")
        # confirming is logged where it is allowed
        before = {} if state in (None, "purchase") else self._rcm_states()
        if "order_line" in vals:
            with self._rcm_amounts_logged() as orders:
                result = super(PurchaseOrder, orders).write(vals)
        else:
            result = super().write(vals)
        self._rcm_log_states(before, state)
        return result

    def _rcm_states(self):
        return {order.id: order.state for order in self}

    @contextmanager
    def _rcm_amounts_logged(self):
        """Log afterwards what these orders come to, once, whoever is called within."""
        if self.env.context.get("rcm_amounts") is LOGGING:
            yield self
            return
        names = ["amount_total"]
        before = self._rcm_audit_snapshot(names)
        yield self.with_context(rcm_amounts=LOGGING)
        self.exists()._rcm_emit_difference("purchase.order.changed", before, names)


class PurchaseOrderLine(models.Model):
    """Whoever changes a line changes what the order comes to."""

    _inherit = "purchase.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        ids = {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        with self.env["purchase.order"].browse(ids)._rcm_amounts_logged() as orders:
            lines = super(PurchaseOrderLine, self.with_env(orders.env))
            return lines.create(vals_list).with_env(self.env)

    def write(self, vals):
        with self.order_id._rcm_amounts_logged() as orders:
            return super(PurchaseOrderLine, self.with_env(orders.env)).write(vals)

    def unlink(self):
        with self.order_id._rcm_amounts_logged() as orders:
            return super(PurchaseOrderLine, self.with_env(orders.env)).unlink()
