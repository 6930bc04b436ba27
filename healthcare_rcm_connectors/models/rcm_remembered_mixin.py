from odoo import api, models

from odoo.addons.healthcare_rcm_base.tools.caches import forget


class RcmRememberedMixin(models.AbstractModel):
    """Records that the doors keep in memory: what changes them has it forgotten.

    ``_rcm_forget_on`` names the fields that matter; None: any of them.
    """

    _name = "rcm.remembered.mixin"
    _description = "Remembered by the Doors"
    _rcm_forget_on = None

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        forget(self.env)
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._rcm_forget_on is None or self._rcm_forget_on & vals.keys():
            forget(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        forget(self.env)
        return result
