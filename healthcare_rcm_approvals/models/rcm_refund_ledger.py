from odoo import Command, models
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal


class RcmRefund(models.Model):
    """The effect of a refund: its entry, its payment, and taking both back."""

    _inherit = "rcm.refund"

    def _rcm_have_effect(self):
        self._rcm_lock_credit()
        self._rcm_check_refund()
        credits = self._rcm_credit_items()
        entry = self._rcm_post_entry()
        fresh = entry.sudo().line_ids  # the refund's own entry
        self._rcm_match_purpose(credits | fresh, self.source)
        self._rcm_write({"move_ids": [Command.set(entry.ids)]})
        if self.pay_by == "payment":
            self._rcm_pay(entry)

    def _rcm_lock_credit(self):
        """Two refunds of one credit queue up."""
        self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE id = %s FOR NO KEY UPDATE",
                self._rcm_partner().id,
            )
        )

    def _rcm_post_entry(self):
        """The credit becomes a refund payable."""
        amount = to_decimal(self.amount)
        amounts = {self.source: amount, "refunds_payable": -amount}
        reason = f"{self.name}: {self.reason}"
        if self.claim_id:
            return self.claim_id._rcm_local_entry(
                "refund", amounts, reason, payer=self.payer_id or None
            )
        return self.env["account.move"]._rcm_post_entries(
            [self._rcm_entry_vals(amounts, reason)]
        )

    def _rcm_entry_vals(self, amounts, reason):
        company, accounts = self.company_id, self.company_id._rcm_accounts()
        company._rcm_require_accounting()
        partner = self._rcm_partner()
        return {
            "move_type": "entry",
            "journal_id": company._rcm_journal("adjustment").id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "date": company._rcm_today(),
            "ref": self.name,
            "rcm_kind": "local_entry",
            "rcm_local_kind": "refund",
            "rcm_reason": reason,
            "rcm_correlation_id": self.correlation_id,
            "line_ids": [
                Command.create(
                    {
                        "name": self.name,
                        "account_id": accounts[purpose].id,
                        "partner_id": partner.id,
                        "currency_id": company.currency_id.id,
                        "balance": from_decimal(amount),
                        "amount_currency": from_decimal(amount),
                        "tax_ids": [Command.clear()],
                        "rcm_purpose": purpose,
                    }
                )
                for purpose, amount in amounts.items()
            ],
        }

    def _rcm_match_purpose(self, lines, purpose):
        account = self.company_id._rcm_account(purpose)
        self.env["rcm.claim"]._rcm_match(
            [lines.filtered(lambda line: line.account_id == account)]
        )

    def _rcm_pay(self, entry):
        """The payment this approval covers, posted and matched with the entry."""
        payable = self.company_id._rcm_account("refunds_payable")
        payments = self.env["account.payment"]._rcm_make_payments(
            [
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": self._rcm_partner().id,
                    "amount": self.amount,
                    "currency_id": self.currency_id.id,
                    "journal_id": self.journal_id.id,
                    "company_id": self.company_id.id,
                    "date": self.company_id._rcm_today(),
                    "memo": self.name,
                    "destination_account_id": payable.id,
                    "rcm_source_model": self._name,
                    "rcm_source_id": self.id,
                }
            ]
        )
        self._rcm_write({"payment_id": payments.id})
        payments.sudo().action_post()  # covered by the approval of the refund
        lines = entry.sudo().line_ids | payments.sudo().move_id.line_ids
        self._rcm_match_purpose(lines, "refunds_payable")

    def _rcm_covers_payment(self, payment):
        """Whether this approved refund is for this very payment."""
        self.ensure_one()
        payable = self.company_id._rcm_account("refunds_payable")
        return (
            self.payment_id == payment
            and self.state in ("requested", "approved")
            and payment.partner_id == self._rcm_partner()
            and payment.currency_id == self.currency_id
            and to_decimal(payment.amount) == to_decimal(self.amount)
            and payment.journal_id == self.journal_id
            and payment.destination_account_id == payable
        )

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------
    def _rcm_undo(self, reason):
        """The money came back: payment and entry are reversed, the credit is open."""
        entry = self.move_ids.sudo()  # the refund's own entries
        payment = self.payment_id.sudo()
        entry.line_ids._rcm_unmatch()
        reversed_moves = entry
        if payment:
            reversed_moves |= payment._rcm_reverse_payment(reason)
        if self.claim_id:
            reversed_moves |= self.claim_id._rcm_reverse_local_entries(
                reason, only=entry
            )
        else:
            reversal = self.env["account.move"]._rcm_post_entries(
                [
                    {
                        **self._rcm_entry_vals(
                            {
                                self.source: -to_decimal(self.amount),
                                "refunds_payable": to_decimal(self.amount),
                            },
                            reason,
                        ),
                        "reversed_entry_id": entry.id,
                    }
                ]
            )
            pair = entry | reversal.sudo()
            for purpose in (self.source, "refunds_payable"):
                self._rcm_match_purpose(pair.line_ids, purpose)
            reversed_moves |= reversal
        self._rcm_write({"move_ids": [Command.set(reversed_moves.ids)]})

    def action_open_entries(self):
        """Entry, payment entry and their reversals."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["rcm.claim"].browse().action_rcm_journal_items()
        moves = self.move_ids.sudo() | self.payment_id.sudo().move_id  # their items
        return {**action, "domain": [("move_id", "in", moves.ids)]}
