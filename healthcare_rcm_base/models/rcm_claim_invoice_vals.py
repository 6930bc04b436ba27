from datetime import timedelta

from odoo import fields, models

from ..core.ledger_entries import (
    ZERO,
)


class RcmClaim(models.Model):
    """Complete values of a claim's invoice: nothing is left for Odoo to find."""

    _inherit = "rcm.claim"

    def _rcm_service_end(self):
        """The day the service ended, on which it is earned."""
        self.ensure_one()
        end = self.encounter_id.service_end
        if not end:
            return self.service_date
        return max(self.company_id._rcm_day_of(end), self.service_date)

    def _rcm_invoice_vals(self, lines, accounts):
        """Complete values of an invoice or credit note with the given lines.

        Dated on the day the service ended; a service in the future is invoiced today,
        so that no invoice waits to be posted behind everybody's back.
        """
        self.ensure_one()
        receivable = next(line for line in lines if line.role == "receivable")
        refund = receivable.amount < ZERO
        partner = self._rcm_partner_for(receivable.purpose)
        company = self.company_id
        invoice_date = min(self._rcm_service_end(), company._rcm_today())
        days = (
            company.root_id.sudo().rcm_patient_due_days  # settings of the main company
            if self.self_pay
            else company.root_id.sudo().rcm_payer_due_days
        )
        due_date = invoice_date + timedelta(days=days)
        return {
            "move_type": "out_refund" if refund else "out_invoice",
            "journal_id": company._rcm_journal("claims").id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "partner_id": partner.id,
            "invoice_date": invoice_date,
            "date": invoice_date,
            "invoice_date_due": due_date,
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_user_id": False,
            "partner_bank_id": False,
            "narration": False,
            "ref": self.encounter_id.display_name,
            "payment_reference": self.name,
            **self._rcm_move_marks(
                "self_pay_invoice" if self.self_pay else "claim_invoice"
            ),
            "line_ids": [
                fields.Command.create(
                    self._rcm_invoice_line_vals(
                        line, accounts, partner, due_date, refund
                    )
                )
                for line in lines
            ],
        }

    def _rcm_invoice_line_vals(self, line, accounts, partner, due_date, refund):
        """Everything Odoo would find out about a line, said at once."""
        if line.role == "tax":
            return self._rcm_tax_item_vals(line, partner, refund)
        vals = self._rcm_line_vals(line, accounts, partner)
        vals.update(quantity=1.0, product_uom_id=False, sequence=100)
        if line.role == "receivable":
            return {
                **vals,
                "display_type": "payment_term",
                "date_maturity": due_date,
                "sequence": 12000,
                "price_unit": 0.0,
                "price_subtotal": 0.0,
                "price_total": 0.0,
            }
        if line.role == "product":
            kind, price = "product", vals["balance"] if refund else -vals["balance"]
        else:
            kind, price = "cogs", -vals["balance"]
        return {
            **vals,
            "display_type": kind,
            "price_unit": price,
            "price_subtotal": price,
            "price_total": price,
            **(self._rcm_taxed_vals(line.mark, refund) if line.mark else {}),
        }
