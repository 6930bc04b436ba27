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
        for company, partners in self.grouped(
            lambda partner: (partner.company_id or self.env.company).root_id
        ).items():
            account_id = company._rcm_account_ids_by_purpose().get(purpose)
            if account_id:
                # Whoever registers people or payers holds no accounting right.
                partners.sudo().with_company(
                    company
                ).property_account_receivable_id = account_id


class ResCompany(models.Model):
    """Accounts that were set up after the people and payers were registered."""

    _inherit = "res.company"

    def _rcm_map(self, purpose, account):
        result = super()._rcm_map(purpose, account)
        # Contacts belong to everyone; this concerns their account in this company.
        if purpose == "receivable_payer":
            payers = self.env["rcm.payer"].sudo()
            owned = payers.search([("company_id", "child_of", self.id)])
            owned.partner_id._rcm_set_receivable(purpose)
        if purpose == "receivable_client":
            clients = self.env["rcm.client"].sudo()
            owned = clients.search([("company_id", "child_of", self.id)])
            owned.partner_id._rcm_set_receivable(purpose)
        if purpose == "receivable_patient":
            guarantors = self.env["res.partner"].sudo()
            guarantors.search(
                [
                    ("rcm_is_guarantor", "=", True),
                    ("company_id", "child_of", self.id),
                ]
            )._rcm_set_receivable(purpose)
        return result


class RcmPayer(models.Model):
    """Payers owe on the payers' receivable."""

    _inherit = "rcm.payer"

    def _rcm_ensure_partner(self):
        fresh = self.filtered(lambda payer: not payer.partner_id)
        result = super()._rcm_ensure_partner()
        fresh.sudo().partner_id._rcm_set_receivable("receivable_payer")
        return result
