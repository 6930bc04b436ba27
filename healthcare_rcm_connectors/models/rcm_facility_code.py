from odoo import api, models, tools


class RcmFacility(models.Model):
    """Which facility a payload names: remembered, as every event asks for it."""

    _name = "rcm.facility"
    _inherit = ["rcm.facility", "rcm.remembered.mixin"]
    _rcm_forget_on = frozenset({"active", "code", "company_id"})

    @api.model
    @tools.ormcache("company_id")
    def _rcm_ids_by_code(self, company_id):
        """{code: id} of the facilities of a company that are not archived."""
        facilities = self.sudo().search(  # service users see no master data
            [("company_id", "=", company_id)]
        )
        return {one.code: one.id for one in facilities if one.code}
