from odoo import api, models


class ResPartner(models.Model):
    """Guarantors owe on the patients' receivable."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners.filtered("rcm_is_guarantor")._rcm_set_receivable("receivable_patient")
        return partners

    def _rcm_set_receivable(self, purpose):
        """Let payments without an invoice use the account their invoices use."""
        for company in self.company_id.root_id or self.env.company.root_id:
            account_id = company._rcm_account_ids_by_purpose().get(purpose)
            partners = self.filtered(
                lambda partner, own=company: not partner.company_id
                or partner.company_id.root_id == own
            )
            if account_id:
                # Whoever registers people or payers holds no accounting right.
                partners.sudo().with_company(
                    company
                ).property_account_receivable_id = account_id


class RcmPayer(models.Model):
    """Payers owe on the payers' receivable."""

    _inherit = "rcm.payer"

    def _rcm_ensure_partner(self):
        fresh = self.filtered(lambda payer: not payer.partner_id)
        result = super()._rcm_ensure_partner()
        fresh.sudo().partner_id._rcm_set_receivable("receivable_payer")
        return result
