from odoo import api, models, tools

from odoo.addons.healthcare_rcm_base.tools.caches import forget

NAMED_BY = frozenset({"active", "code", "company_id"})


class RcmFacility(models.Model):
    """Which facility a payload names: remembered, as every event asks for it."""

    _inherit = "rcm.facility"

    @api.model_create_multi
    def create(self, vals_list):
        facilities = super().create(vals_list)
        forget(self.env)
        return facilities

    def write(self, vals):
        result = super().write(vals)
        if NAMED_BY & vals.keys():
            forget(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        forget(self.env)
        return result

    @api.model
    @tools.ormcache("company_id")
    def _rcm_ids_by_code(self, company_id):
        """{code: id} of the facilities of a company that are not archived."""
        facilities = self.sudo().search(  # service users see no master data
            [("company_id", "=", company_id)]
        )
        return {one.code: one.id for one in facilities if one.code}
