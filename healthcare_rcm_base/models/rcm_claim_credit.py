from collections import defaultdict

from odoo import models

from ..core.ledger_entries import (
    RECEIVABLES,
    claim_credit,
)


class RcmClaim(models.Model):
    """Taking invoices of claims back."""

    _inherit = "rcm.claim"

    def _rcm_credit_invoices(self, reason=None):
        """Credit these claims in full, with their reserve, and post.

        What is open is matched with the credit note. Cash that was received stays
        where it is: the receivable then shows what is owed back to the payer.
        """
        self._rcm_ledger_lock()
        due = self.filtered(lambda claim: claim.invoice_state == "posted")
        vals_list = []
        for claim in due:
            lines = claim_credit(
                claim._rcm_invoiced_amounts(claim.self_pay), claim.self_pay
            )
            accounts = claim.company_id._rcm_accounts()
            today = claim.company_id._rcm_today()
            vals_list.append(
                {
                    **claim._rcm_invoice_vals(lines, accounts),
                    "invoice_date": today,
                    "date": today,
                    "invoice_date_due": today,
                    "rcm_reason": reason,
                }
            )
        moves = self.env["account.move"]._rcm_post_entries(vals_list)
        due._rcm_match_open_items(moves)
        due._rcm_write({"invoice_state": "credited"})
        due._rcm_emit(
            "rcm.claim.credited",
            changes_by_id={
                claim.id: {
                    "invoice_state": ["posted", "credited"],
                    "move": [None, move.name],
                }
                for claim, move in zip(due, moves, strict=True)
            },
        )
        return moves

    def _rcm_credit_versions(self, versions, reason):
        """Credit all ``versions`` of this claim with one credit note, and post it."""
        self.ensure_one()
        lines = claim_credit(
            versions._rcm_invoiced_amounts(self.self_pay), self.self_pay
        )
        today = self.company_id._rcm_today()
        move = self.env["account.move"]
        if lines:
            move = move._rcm_post_entries(
                [
                    {
                        **self._rcm_invoice_vals(
                            lines, self.company_id._rcm_accounts()
                        ),
                        "invoice_date": today,
                        "date": today,
                        "invoice_date_due": today,
                        "rcm_reason": reason,
                    }
                ]
            )
            self._rcm_match_versions(versions)
        versions._rcm_write({"invoice_state": "credited"})
        versions._rcm_emit(
            "rcm.claim.credited",
            {"invoice_state": ["posted", "credited"], "move": [None, move.name]},
        )
        return move

    def _rcm_match_versions(self, versions):
        """Match what is open of one control number, whichever version it is on."""
        groups = defaultdict(self.env["account.move.line"].sudo)
        for lines in versions._rcm_open_items(RECEIVABLES).values():
            for line in lines:
                groups[line.account_id, line.partner_id] |= line
        self._rcm_match(groups.values())
