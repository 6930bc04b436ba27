from odoo import api, models

from .account_move import DOCUMENT_TYPES, POSTED
from .rcm_thread_mixin import THREAD, created_vals


class AccountMove(models.Model):
    """Bills and invoices made by hand go on with the thread of their order.

    Entries of the revenue cycle have their threads from their claim or remittance.
    """

    _name = "account.move"
    _inherit = ["rcm.thread.mixin", "account.move"]

    @api.model
    def _rcm_thread_vals(self, vals):
        kind = vals.get("move_type") or self.env.context.get("default_move_type")
        if kind not in DOCUMENT_TYPES:
            return super()._rcm_thread_vals(vals)
        return {THREAD: self._rcm_thread_of_new(vals)}

    @api.model
    def _rcm_threads_before(self, vals):
        lines = created_vals(vals.get("invoice_line_ids"))
        lines += created_vals(vals.get("line_ids"))
        ids = {
            line["purchase_line_id"] for line in lines if line.get("purchase_line_id")
        }
        # only which threads the orders are on
        orders = self.env["purchase.order.line"].sudo().browse(ids).order_id
        return set(filter(None, orders.mapped(THREAD)))

    def _rcm_other_threads(self):
        orders = self.line_ids.purchase_line_id.order_id
        return set(orders.mapped(THREAD)) - {False, self[THREAD]}

    def _rcm_made_by_hand(self):
        """Documents among these that the revenue cycle did not make."""
        return self.filtered(
            lambda move: move.move_type in DOCUMENT_TYPES and not move.rcm_kind
        )

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        names = ("move_type", "partner_id", "currency_id", "amount_total")
        documents = moves._rcm_made_by_hand()
        documents._rcm_emit(
            "account.move.created",
            changes_by_id={
                id_: {name: [None, value] for name, value in values.items() if value}
                for id_, values in documents._rcm_audit_snapshot(names).items()
            },
        )
        return moves

    def write(self, vals):
        state = vals.get("state")
        if state and state != "posted":  # posting is logged where it is allowed
            documents = self._rcm_made_by_hand()
            before = {move.id: move.state for move in documents}
            documents._rcm_log_states(before, state)
        if "matched_payment_ids" not in vals:
            return super().write(vals)
        known = self.matched_payment_ids
        result = super().write(vals)
        (self.matched_payment_ids - known)._rcm_log_linked()
        return result

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        # log rows need no read right of the actor
        for entry in posted.filtered("origin_payment_id").sudo():
            payment = entry.origin_payment_id
            threads = {payment[THREAD], *payment._rcm_other_threads()}
            entry._rcm_emit_on(POSTED, threads - {False})
        return posted
