from odoo import api, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

TYPES = {"post": "customer_invoice", "credit": "credit_note"}


class RcmClientInvoice(models.Model):
    """Client invoices are posted and credited under the policies, as stock ones are."""

    _inherit = "rcm.client.invoice"

    def _rcm_approval_facts(self, effect):
        if effect not in TYPES:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        digits = self.currency_id.decimal_places
        amount = to_decimal(self.amount_total, digits)
        approved = {
            "client": self.client_id.id,
            "amount": str(amount),
            "lines": sorted(
                [line.charge_id.id, str(to_decimal(line.price, digits))]
                for line in self.line_ids
            ),
        }
        return self._rcm_approval_item(TYPES[effect], effect, approved, abs(amount))

    @api.model
    def _rcm_approval_columns(self):
        return {"lines": ("rcm.client.invoice.line", ["charge_id", "price"])}

    def _rcm_approval_scope(self):
        """Under the client's contract; each facility's services are a part of it."""
        scope = {**super()._rcm_approval_scope(), "contract_type": "client"}
        facilities = self.line_ids.facility_id
        parts = [
            {"facility": place.id, "department": place.analytic_account_id.id or None}
            for place in facilities
        ]
        return self._rcm_with_parts(scope, parts)

    def _rcm_post(self):
        drafts = self.filtered(lambda item: item.state == "draft")
        allowed = drafts._rcm_approval_gate("post")
        return super(RcmClientInvoice, allowed)._rcm_post()

    def _rcm_credit(self):
        posted = self.filtered(lambda item: item.state == "posted")
        allowed = posted._rcm_approval_gate("credit")
        return super(RcmClientInvoice, allowed)._rcm_credit()

    def action_post(self):
        return self._rcm_approval_answer(super().action_post())

    def action_credit(self):
        return self._rcm_approval_answer(super().action_credit())

    def _rcm_approval_done(self, effect):
        result = super()._rcm_approval_done(effect)
        method = {"post": "_rcm_post", "credit": "_rcm_credit"}.get(effect)
        for invoice in self if method else ():
            invoice._rcm_approval_run(effect, method)
        return result

    def _rcm_approval_is_done(self, effect):
        done = {"post": ("posted", "credited"), "credit": ("credited",)}
        return self.state in done.get(effect, ()) or super()._rcm_approval_is_done(
            effect
        )
