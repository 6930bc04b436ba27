from datetime import timedelta
from decimal import Decimal

from odoo import fields, models

from ..core.ledger_entries import ZERO, patient_invoice


class RcmClaim(models.Model):
    """Invoices to guarantors for what payers left to the patient."""

    _inherit = "rcm.claim"

    def _rcm_create_patient_invoices(self):
        """Invoice the unbilled patient share of these claims; return the invoices.

        One invoice a claim for what remittances have made final and nobody was asked
        for yet. A share that was taken back after it was invoiced is credited the
        same way. Private: the caller has checked role and state.
        """
        self._rcm_ledger_lock()
        balances = self._rcm_balances()
        shares = {
            claim: balances[claim.id].get("patient_unbilled", ZERO) for claim in self
        }
        due = self.filtered(lambda claim: shares[claim] and not claim.self_pay)
        self.company_id._rcm_require_accounting()
        moves = self.env["account.move"]
        for company in due.company_id:
            claims = due.filtered(lambda claim, own=company: claim.company_id == own)
            accounts = company._rcm_accounts()
            moves |= self.env["account.move"]._rcm_post_entries(
                [
                    claim._rcm_patient_invoice_vals(shares[claim], accounts)
                    for claim in claims
                ]
            )
        due._rcm_match_open_items(moves)
        by_claim = {move.rcm_claim_id.id: move for move in moves.sudo()}
        due._rcm_emit(
            "rcm.claim.patient_invoiced",
            changes_by_id={
                claim.id: {
                    "move": [None, by_claim[claim.id].name],
                    "amount": [None, str(shares[claim])],
                }
                for claim in due
            },
        )
        return moves

    def _rcm_patient_invoice_vals(self, share, accounts):
        """Complete values of the invoice, or credit note of a negative share."""
        self.ensure_one()
        company = self.company_id
        partner = self._rcm_guarantor_partner()
        today = company._rcm_today()
        days = company.root_id.sudo().rcm_patient_due_days  # main company's settings
        due_date = today + timedelta(days=days) if share > ZERO else today
        refund = share < ZERO
        lines = patient_invoice(share, *self._rcm_patient_taxes())
        return {
            "move_type": "out_refund" if refund else "out_invoice",
            "journal_id": company._rcm_journal("patient").id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "partner_id": partner.id,
            "invoice_date": today,
            "date": today,
            "invoice_date_due": due_date,
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_user_id": False,
            "partner_bank_id": False,
            "narration": False,
            "ref": self.encounter_id.display_name,
            "payment_reference": self.name,
            **self._rcm_move_marks("patient_invoice"),
            "line_ids": [
                fields.Command.create(
                    self._rcm_invoice_line_vals(
                        line, accounts, partner, due_date, refund
                    )
                )
                for line in lines
            ],
        }

    def _rcm_patient_credit(self):
        """Turn what guarantors have paid too much into patient credits.

        After a credit note the receivable of a claim may be below zero: the money is
        the patient's, and shows as a liability.
        """
        balances = self._rcm_balances()
        moves = self.env["account.move"]
        for claim in self:
            owed = balances[claim.id].get("receivable_patient", ZERO)
            if owed < Decimal(0):
                moves |= claim._rcm_local_entry(
                    "credit",
                    {"receivable_patient": -owed, "patient_credits": owed},
                    self.env._("Paid more than is owed"),
                )
        return moves
