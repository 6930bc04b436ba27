from odoo import api, fields, models


class ResPartner(models.Model):
    """Guarantors: people who owe us money, and whose names are patient data."""

    _inherit = "res.partner"

    rcm_is_guarantor = fields.Boolean(string="Guarantor", index=True)
    rcm_account_number = fields.Char(
        string="Guarantor Account", index="btree_not_null", copy=False
    )

    @api.depends("rcm_is_guarantor", "rcm_account_number")
    @api.depends_context("uid")
    def _compute_display_name(self):
        """A guarantor is its account number to people without patient data."""
        masked = self.browse()
        if not self.env.user._rcm_sees_patients():
            masked = self.filtered("rcm_is_guarantor")
        super(ResPartner, self - masked)._compute_display_name()
        for partner in masked:
            partner.display_name = partner.rcm_account_number or str(partner.id)

    @api.model
    def _search_display_name(self, operator, value):
        """Searching by name finds no guarantor for those who may not see names."""
        domain = super()._search_display_name(operator, value)
        if self.env.su or self.env.user._rcm_sees_patients():
            return domain
        plain = fields.Domain(domain) & fields.Domain("rcm_is_guarantor", "=", False)
        numbered = fields.Domain("rcm_is_guarantor", "=", True)
        return plain | (numbered & fields.Domain("rcm_account_number", operator, value))
