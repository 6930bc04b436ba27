from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    def _rcm_refuse_blocked(self):
        """Refuse to pay bills that something stands against, with the reasons."""
        blockers = self._rcm_payment_blockers()
        if blockers:
            texts = [text for reasons in blockers.values() for text in reasons]
            head = self.env._("These bills may not be paid yet:")
            raise UserError("\n".join([head, *texts]))


class AccountPayment(models.Model):
    """No money goes out for a bill that does not agree or lacks a fund's document."""

    _inherit = "account.payment"

    def _rcm_assert_paying(self):
        outgoing = self.filtered(lambda payment: payment.payment_type == "outbound")
        outgoing.invoice_ids._rcm_refuse_blocked()
        return super()._rcm_assert_paying()


class RcmPaymentRunLine(models.Model):
    _inherit = "rcm.payment.run.line"

    def _rcm_check(self):
        result = super()._rcm_check()
        self.move_id._rcm_refuse_blocked()
        return result
