from odoo import api, models
from odoo.exceptions import UserError

from ..core.ticket import Ticket
from .account_move_line import MATCHED_BY_CLAIMS

SIDES = frozenset({"debit_move_id", "credit_move_id"})


class AccountPartialReconcile(models.Model):
    """Matches are made by reconciling, never written over the wire.

    What claims and remittances settle is matched and unmatched by them alone: every
    way of reconciling (payment wizard, outstanding credits, journal items, bank)
    ends here, whoever takes it.
    """

    _inherit = "account.partial.reconcile"

    @api.private
    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        if not (ticket and ticket.covers_create(self._name, SIDES)):
            lines = self.env["account.move.line"].browse(
                {vals[side] for vals in vals_list for side in SIDES if side in vals}
            )
            self._rcm_refuse_matching(lines, ticket)
        return super(AccountPartialReconcile, self._rcm_plain()).create(vals_list)

    @api.private
    def write(self, vals):
        return super().write(vals)

    def unlink(self):
        if not self:
            return True  # as Odoo: a draft without partials needs no rights on them
        self.check_access("unlink")
        ticket = Ticket.found_in(self.env.context)
        if not (ticket and ticket.covers_write(self._name, self._ids, SIDES)):
            parts = self.sudo()  # whose items they are decides, seen by the user or not
            self._rcm_refuse_matching(parts.debit_move_id | parts.credit_move_id)
        return super(AccountPartialReconcile, self._rcm_plain()).unlink()

    @api.model
    def _update_matching_number(self, amls):
        """Core writes the number of what is no longer matched: that is leave enough."""
        lines = amls._all_reconciled_lines()
        ticket = Ticket(lines._name, (lines | amls)._ids, {"matching_number"})
        try:
            return super()._update_matching_number(
                amls.with_context(**{Ticket.KEY: ticket})
            )
        finally:
            ticket.spend()

    def _rcm_plain(self):
        """These matches without a ticket in their context."""
        context = dict(self.env.context)
        context.pop(Ticket.KEY, None)
        return self.with_env(self.env(context=context))

    def _rcm_refuse_matching(self, lines, ticket=None):
        """Refuse ``lines`` that claims settle, unless one of their entries is being
        posted by the revenue cycle (a reversal is matched as it posts)."""
        ours = lines.sudo().filtered(  # ours whoever asks
            lambda line: line.move_id.rcm_kind and line.rcm_purpose in MATCHED_BY_CLAIMS
        )
        if not ours:
            return
        if ticket and any(
            ticket.covers_write("account.move", line.move_id._ids, {"state"})
            for line in lines
        ):
            return
        raise UserError(
            self.env._(
                "%(entries)s: open items of claims are settled by remittances, "
                "adjustments and patient invoices only. Post the payment there.",
                entries=", ".join(sorted(set(ours.move_id.mapped("name")))[:5]),
            )
        )
