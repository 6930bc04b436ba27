from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.healthcare_rcm_base.core.ticket import Ticket


class RcmRemittanceFact(models.AbstractModel):
    """What a payer said, kept as it was said: nobody edits it, nobody deletes it.

    Only domain code creates and updates these rows, with a ticket for them; the
    file they come from is the evidence. Deleting a remittance that was never
    processed takes them along in the database.
    """

    _name = "rcm.remittance.fact"
    _description = "Part of a Remittance"

    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        if not (ticket and ticket.covers_create(self._name, ())):
            self._rcm_refuse_edit()
        return super(RcmRemittanceFact, self._without_ticket()).create(vals_list)

    def write(self, vals):
        ticket = Ticket.found_in(self.env.context)
        if not (ticket and ticket.covers_write(self._name, self._ids, vals)):
            self._rcm_refuse_edit()
        return super(RcmRemittanceFact, self._without_ticket()).write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._rcm_refuse_edit()

    @api.model
    def _rcm_create(self, vals_list):
        """Create rows. Private: for domain code only (reading, openings)."""
        ticket = Ticket(self._name, None, ())
        records = self.with_context(**{Ticket.KEY: ticket}).create(vals_list)
        return records.with_env(self.env)

    def _rcm_write(self, vals):
        """Write rows. Private: for matching and posting only."""
        ticket = Ticket(self._name, self._ids, vals)
        return self.with_context(**{Ticket.KEY: ticket}).write(vals)

    def _without_ticket(self):
        return self.with_context(**{Ticket.KEY: None})

    def _rcm_refuse_edit(self):
        raise AccessError(
            self.env._(
                "What a payer sent cannot be changed. Use the remittance's steps."
            )
        )
