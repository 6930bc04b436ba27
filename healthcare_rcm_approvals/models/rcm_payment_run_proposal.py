from odoo import Command, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .rcm_payment_run import ROLES


class RcmPaymentRun(models.Model):
    """What a run puts in by itself: due bills, and the credit notes against them."""

    _inherit = "rcm.payment.run"

    def action_propose(self):
        """Put in every bill that is due, open and in no other run, and the vendors'
        open credit notes as far as their bills reach."""
        runs = self._rcm_as(*ROLES)
        runs._rcm_require_draft()
        for run in runs:
            run._rcm_propose()
        return True

    def _rcm_propose(self):
        self.ensure_one()
        self._rcm_put_in(self._rcm_open_moves(self._rcm_due_domain()))
        if not self.line_ids:
            raise UserError(
                self.env._(
                    "No open bill is due by %s that is in no other run.", self.due_until
                )
            )
        for credit in self._rcm_open_moves(self._rcm_credit_domain()):
            if self._rcm_credit_fits(credit):
                self._rcm_put_in(credit)

    def _rcm_put_in(self, moves):
        self.line_ids = [
            Command.create({"move_id": move.id, "amount": move.amount_residual})
            for move in moves
        ]

    def _rcm_open_moves(self, domain):
        """Those in no run yet, the earliest due first."""
        moves = self.env["account.move"].search(domain)
        moves -= self._rcm_taken(moves) | self.line_ids.move_id
        return moves.sorted(lambda move: (move.invoice_date_due or move.date, move.id))

    def _rcm_due_domain(self):
        """Posted bills that are open and due; blocked ones are not paid."""
        return [
            ("move_type", "in", ("in_invoice", "in_receipt")),
            ("invoice_date_due", "<=", self.due_until),
            *self._rcm_common_domain(),
        ]

    def _rcm_credit_domain(self):
        """Open credit notes of the vendors whose bills the run pays."""
        vendors = self.line_ids.partner_id
        return [
            ("move_type", "=", "in_refund"),
            ("date", "<=", self.payment_date),
            ("commercial_partner_id", "in", vendors.ids),
            *self._rcm_common_domain(),
        ]

    def _rcm_common_domain(self):
        domain = [
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("company_id", "=", self.company_id.id),
        ]
        if self.partner_ids:
            partners = self.partner_ids.commercial_partner_id
            domain.append(("commercial_partner_id", "in", partners.ids))
        if self.bill_journal_ids:
            domain.append(("journal_id", "in", self.bill_journal_ids.ids))
        return domain

    def _rcm_credit_fits(self, credit):
        """Whether something is left to pay when this credit note is taken off."""
        groups = self._rcm_payment_groups()
        key = self._rcm_group_for(credit, groups)
        if key is None:
            return False
        net = sum(line._rcm_signed() for line in groups[key])
        digits = credit.currency_id.decimal_places
        return to_decimal(credit.amount_residual, digits) < net

    def _rcm_taken(self, bills):
        """Those of these bills that another open run pays."""
        return (
            self.env["rcm.payment.run.line"]
            .search(
                [
                    ("move_id", "in", bills.ids),
                    ("run_id", "!=", self.id),
                    ("run_id.state", "in", ("draft", "requested", "approved")),
                ]
            )
            .move_id
        )
