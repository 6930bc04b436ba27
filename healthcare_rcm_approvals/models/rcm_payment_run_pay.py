from collections import defaultdict

from odoo import Command, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import from_decimal


class RcmPaymentRun(models.Model):
    """The effect of a run: one payment for each vendor, bank account and currency."""

    _inherit = "rcm.payment.run"

    # ------------------------------------------------------------------
    # Which lines are paid together
    # ------------------------------------------------------------------
    def _rcm_payment_groups(self):
        """``{(vendor, bank account, currency, account): lines}``.

        A credit note knows our bank account, not the vendor's: it is taken off the
        largest payment of its vendor, currency and account.
        """
        groups = defaultdict(self.env["rcm.payment.run.line"].browse)
        credits = self.line_ids.filtered("is_credit")
        for line in self.line_ids - credits:
            payee = line.partner_id, line.partner_bank_id
            groups[(*payee, line.bill_currency_id, line._rcm_payable())] |= line
        for line in credits:
            key = self._rcm_group_for(line.move_id, groups)
            if key is None:
                raise UserError(
                    self.env._(
                        "%s: no bill of this vendor and currency is in the run. Take "
                        "the credit note out.",
                        line.move_id.name,
                    )
                )
            groups[key] |= line
        return groups

    def _rcm_group_for(self, credit, groups):
        """The key of the payment that a credit note is taken off, or None."""
        account = credit.line_ids.filtered(
            lambda line: line.account_type == "liability_payable"
        ).account_id[:1]
        wanted = credit.commercial_partner_id, credit.currency_id, account
        fitting = [key for key in groups if (key[0], key[2], key[3]) == wanted]
        return max(
            fitting,
            key=lambda key: (
                sum(line._rcm_signed() for line in groups[key] if not line.is_credit),
                -(key[1].id or 0),
            ),
            default=None,
        )

    def _rcm_check_lines(self):
        """Refuse lines that cannot be paid, and payments of nothing."""
        for line in self.line_ids:
            line._rcm_check()
        for (partner, *_rest), lines in self._rcm_payment_groups().items():
            if sum(line._rcm_signed() for line in lines) <= 0:
                raise UserError(
                    self.env._(
                        "The credit notes of %s are as much as its bills or more: "
                        "nothing would be paid. Take some out.",
                        partner.name,
                    )
                )

    # ------------------------------------------------------------------
    # Paying
    # ------------------------------------------------------------------
    def _rcm_have_effect(self):
        self.line_ids.move_id.lock_for_update()
        self._rcm_check_lines()
        groups = self._rcm_payment_groups()
        payments = self.env["account.payment"]._rcm_make_payments(
            [self._rcm_payment_vals(*key, lines) for key, lines in groups.items()]
        )
        for payment, lines in zip(payments, groups.values(), strict=True):
            lines._rcm_write({"payment_id": payment.id})
        # covered by the approval of the run
        payments.sudo().action_post()
        payments.sudo()._rcm_settle_bills()
        self._rcm_write({"export_id": self._rcm_make_export().id})

    def _rcm_payment_vals(self, partner, bank, currency, payable, lines):
        amount = sum(line._rcm_signed() for line in lines)
        return {
            "payment_type": "outbound",
            "partner_type": "supplier",
            "partner_id": partner.id,
            "partner_bank_id": bank.id,
            "amount": from_decimal(amount, currency.decimal_places),
            "currency_id": currency.id,
            "journal_id": self.journal_id.id,
            "company_id": self.company_id.id,
            "date": self.payment_date,
            "destination_account_id": payable.id,
            "memo": f"{self.name} " + ", ".join(lines.move_id.mapped("name"))[:120],
            "invoice_ids": [Command.set(lines.move_id.ids)],
            "rcm_source_model": self._name,
            "rcm_source_id": self.id,
        }

    def _rcm_covers_payment(self, payment):
        """Whether this approved run is for this very payment."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.payment_id == payment)
        bills = lines.filtered(lambda line: not line.is_credit)
        digits = payment.currency_id.decimal_places
        total = from_decimal(sum(line._rcm_signed() for line in lines), digits)
        return bool(
            bills
            and self.state in ("requested", "approved")
            and lines.partner_id == payment.partner_id
            and bills.partner_bank_id == payment.partner_bank_id
            and lines.bill_currency_id == payment.currency_id
            and payment.journal_id == self.journal_id
            and not payment.currency_id.compare_amounts(payment.amount, total)
        )
