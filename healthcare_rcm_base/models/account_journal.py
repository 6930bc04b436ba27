from odoo import models

from ..core.ledger_accounts import JOURNALS


class AccountJournal(models.Model):
    """Changes of the journals that the revenue cycle posts to are audited.

    Which journal serves which purpose is logged with the company's settings.
    """

    _name = "account.journal"
    _inherit = ["account.journal", "rcm.audit.mixin"]
    _rcm_audit_edits = (
        "name",
        "code",
        "active",
        "type",
        "company_id",
        "currency_id",
        "default_account_id",
        "restrict_mode_hash_table",
    )

    def _rcm_emit(self, event, **values):
        ours = self.filtered(lambda journal: journal._rcm_is_ours())
        return super(AccountJournal, ours)._rcm_emit(event, **values)

    def _rcm_is_ours(self):
        company = self.company_id.root_id
        return any(company[f"rcm_{kind}_journal_id"] == self for kind in JOURNALS)
