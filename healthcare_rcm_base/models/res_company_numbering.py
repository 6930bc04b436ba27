from odoo import api, models

# Numbers of our own: the code of their sequence is the model they count.
NUMBERED = ("rcm.exception.case", "rcm.patient.account", "rcm.submission.batch")


class ResCompany(models.Model):
    """Every company counts for itself: no number tells how much another one does."""

    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._rcm_ensure_sequences()
        return companies

    def _rcm_ensure_sequences(self):
        """Give these companies their sequences, made like the ones for all.

        Made with the company and not when a number is drawn: two transactions that
        draw the first number would each make one. Nor may a sequence be made and drawn
        from in one transaction: PostgreSQL with ``wal_level = minimal`` writes such
        draws to no log, and gives the next numbers again after a crash.
        """
        # Numbering is not a right of who makes a company.
        Sequence = self.env["ir.sequence"].sudo()
        for company in self:
            self.env["rcm.claim"]._rcm_number_sequence(company)
        for code in NUMBERED:
            found = Sequence.search([("code", "=", code)])
            shared = found.filtered(lambda one: not one.company_id)[:1]
            for company in self - found.company_id:
                if shared:
                    shared.copy(
                        {
                            "company_id": company.id,
                            "number_next": company._rcm_next_number(shared),
                        }
                    )

    def _rcm_next_number(self, shared):
        """A company that has numbers of the shared sequence goes on after them."""
        used = self.env[shared.code].with_context(active_test=False).sudo()
        if used.search_count([("company_id", "=", self.id)], limit=1):
            return shared.number_next_actual
        return 1
