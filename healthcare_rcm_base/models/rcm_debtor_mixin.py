from odoo import api, models


class RcmDebtorMixin(models.AbstractModel):
    """Payers and ordering clients: who owes has a contact that follows the record.

    The model has ``name``, ``code``, ``company_id`` and ``partner_id``. It names this
    mixin before the others, so that the contact is made after what they log.
    """

    _name = "rcm.debtor.mixin"
    _description = "Debtor with a Contact"

    @api.model_create_multi
    def create(self, vals_list):
        debtors = super().create(vals_list)
        debtors._rcm_ensure_partner()
        return debtors

    def write(self, vals):
        result = super().write(vals)
        changed = {
            target: vals[name]
            for name, target in (("name", "name"), ("code", "ref"))
            if name in vals
        }
        if changed:
            # the contact follows its record whoever maintains that
            self.partner_id.sudo().write(changed)
        return result

    def _rcm_ensure_partner(self):
        """Make the contacts that are missing; extended where they need accounts."""
        for debtor in self.filtered(lambda item: not item.partner_id):
            # whoever maintains debtors may lack rights on contacts
            Partner = self.env["res.partner"].sudo().with_company(debtor.company_id)
            # the contact is not a field people fill in
            debtor.sudo().partner_id = Partner.create(debtor._prepare_partner_vals())

    def _prepare_partner_vals(self):
        """Values of the contact; ranked as customer so that posting need not."""
        self.ensure_one()
        return {
            "name": self.name,
            "ref": self.code,
            "is_company": True,
            "company_id": self.company_id.id,
            "customer_rank": 1,
        }
