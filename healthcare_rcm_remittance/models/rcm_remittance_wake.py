"""What remittances wait for, and who tells them that it came."""

from odoo import api, models

PAYER = ["remittance_payer_unknown"]
PAYEE = ["remittance_payee_unknown", "remittance_plb_unmapped"]
ACCOUNTS = ["accounting_setup"]
PERIOD = ["remittance_held", "remittance_post_failed"]
RULES = ["remittance_plb_unmapped", "adjustment_unknown"]
# Refused among them: an old version that the payer may send now.
POLICY = ["remittance_held", "remittance_refused", "claim_not_submitted"]
POLICIES = frozenset({"accept_4010", "status_first", "posting_policy"})
LOCKS = frozenset({"fiscalyear_lock_date", "hard_lock_date"})
OURS = frozenset({"rcm_tax_id", "rcm_npi"})


class RcmPayer(models.Model):
    """A payer's identifier may be the one a remittance named."""

    _inherit = "rcm.payer"

    @api.model_create_multi
    def create(self, vals_list):
        payers = super().create(vals_list)
        payers.filtered("payer_identifier")._rcm_wake_remittances(PAYER)
        return payers

    def write(self, vals):
        result = super().write(vals)
        if vals.get("payer_identifier"):
            self._rcm_wake_remittances(PAYER)
        if POLICIES & vals.keys():
            self._rcm_wake_remittances(POLICY)
        return result

    def _rcm_wake_remittances(self, types):
        if self:
            Remittance = self.env["rcm.remittance"]
            Remittance._rcm_wake_cases(types, self.company_id)


class RcmIdentifier(models.Model):
    """A crosswalk entry may name the payer."""

    _inherit = "rcm.identifier"

    @api.model_create_multi
    def create(self, vals_list):
        identifiers = super().create(vals_list)
        payers = identifiers.filtered(lambda item: item.res_model == "rcm.payer")
        if payers:
            self.env["rcm.remittance"]._rcm_wake_cases(PAYER, payers.company_id)
        return identifiers


class RcmPayeeMixin(models.AbstractModel):
    """Its numbers may be those a remittance names as payee."""

    _name = "rcm.payee.mixin"
    _description = "Payee of Remittances"

    @api.model_create_multi
    def create(self, vals_list):
        payees = super().create(vals_list)
        known = payees.filtered(lambda item: item.npi or item.tax_id)
        if known:
            self.env["rcm.remittance"]._rcm_wake_cases(PAYEE, known.company_id)
        return payees

    def write(self, vals):
        result = super().write(vals)
        if vals.get("npi") or vals.get("tax_id"):
            self.env["rcm.remittance"]._rcm_wake_cases(PAYEE, self.company_id)
        return result


class RcmFacility(models.Model):
    """A facility's numbers may be the payee's."""

    _name = "rcm.facility"
    _inherit = ["rcm.facility", "rcm.payee.mixin"]


class RcmProviderGroup(models.Model):
    """A provider group's numbers may be the payee's."""

    _name = "rcm.provider.group"
    _inherit = ["rcm.provider.group", "rcm.payee.mixin"]


class RcmAccountMapping(models.Model):
    """An account that was missing."""

    _inherit = "rcm.account.mapping"

    @api.model_create_multi
    def create(self, vals_list):
        mappings = super().create(vals_list)
        self.env["rcm.remittance"]._rcm_wake_cases(ACCOUNTS, mappings.company_id)
        return mappings

    def write(self, vals):
        result = super().write(vals)
        if vals.get("account_id"):
            self.env["rcm.remittance"]._rcm_wake_cases(ACCOUNTS, self.company_id)
        return result


class RcmPostingRule(models.Model):
    """A rule for an adjustment that had none."""

    _inherit = "rcm.posting.rule"

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env["rcm.remittance"]._rcm_wake_cases(RULES, rules.company_id)
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env["rcm.remittance"]._rcm_wake_cases(RULES, self.company_id)
        return result
