from odoo import api, models


class AccountJournal(models.Model):
    """Which accounts money leaves by."""

    _inherit = "account.journal"

    @api.model
    def _rcm_paying_accounts(self, company):
        """Cash, bank and card accounts, and where outgoing payments stand till then."""
        journals = self.sudo().search(  # which accounts, whoever posts
            [
                ("company_id", "parent_of", company.id),
                ("type", "in", ("bank", "cash", "credit")),
            ]
        )
        methods = journals.outbound_payment_method_line_ids
        template = self.env["account.chart.template"].with_company(company.root_id)
        outstanding = template.ref(
            "account_journal_payment_credit_account_id", raise_if_not_found=False
        )
        accounts = journals.default_account_id | methods.payment_account_id
        return accounts | outstanding if outstanding else accounts
