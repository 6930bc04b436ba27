from odoo import api, models

from .account_move import POSTED as ENTRY_POSTED
from .account_payment import PAID, POSTED
from .rcm_thread_mixin import THREAD, linked_ids


class AccountPayment(models.Model):
    """A payment goes on with the thread of what it is made for.

    That of its payment run or refund, or of the bills it pays when they are of one
    thread. Its making, its states and changes of what is paid are in the audit log;
    what it is for (its memo) may name a patient and is not.
    """

    _inherit = "account.payment"

    _rcm_audit_fields = (
        "payment_type",
        "partner_id",
        "partner_bank_id",
        "amount",
        "currency_id",
        "date",
        "journal_id",
        "payment_method_line_id",
    )

    @api.model
    def _rcm_threads_before(self, vals):
        model, id_ = vals.get("rcm_source_model"), vals.get("rcm_source_id")
        if model and id_:
            # only which thread it is, for a payment that its document makes
            source = self.env[model].sudo().browse(id_)
            return set(filter(None, [source._rcm_correlation_id()]))
        bills = self.env["account.move"].browse(linked_ids(vals.get("invoice_ids")))
        # only which threads they are
        return set(filter(None, bills.sudo().mapped(THREAD)))

    def _rcm_other_threads(self):
        bills = self.invoice_ids | self.reconciled_bill_ids
        threads = set(bills.mapped(THREAD))
        for bill in bills:
            threads |= bill._rcm_other_threads()
        return threads - {False, self[THREAD]}

    def _rcm_log_linked(self):
        """They were paid first and linked with their bills then, as the wizard does."""
        paid = self.filtered(lambda payment: payment.state in PAID)
        paid._rcm_emit_elsewhere(POSTED)
        # log rows need no read right of the actor
        for payment in paid.sudo():
            payment.move_id._rcm_emit_on(ENTRY_POSTED, payment._rcm_other_threads())

    def _compute_stat_buttons_from_reconciliation(self):
        """Who watches payments sees that one is matched; bank lines stay closed."""
        payments = self
        if not self.env["account.bank.statement.line"].has_access("read"):
            payments = self.sudo()  # numbers on buttons
        upper = super(AccountPayment, payments)
        return upper._compute_stat_buttons_from_reconciliation()

    def _compute_state(self):
        """Paid is what a payment becomes by itself, once its bills or bank say so."""
        stored = self.filtered("id")
        before = {payment.id: payment.state for payment in stored}
        result = super()._compute_state()
        changes = {
            payment.id: {"state": [before[payment.id], payment.state]}
            for payment in stored
            if before[payment.id] and before[payment.id] != payment.state
        }
        self.browse(changes)._rcm_emit(
            "account.payment.state_changed", changes_by_id=changes
        )
        return result
