from odoo import Command, models


class AccountPaymentRegister(models.TransientModel):
    """The wizard names the bills when it makes their payment, not after paying.

    So what stands against a bill, the policies and the thread hear of them in time.
    """

    _inherit = "account.payment.register"

    def _init_payments(self, to_process, edit_mode=False):
        for item in to_process:
            bills = item["to_reconcile"].move_id
            item["create_vals"]["invoice_ids"] = [Command.set(bills.ids)]
        return super()._init_payments(to_process, edit_mode=edit_mode)
