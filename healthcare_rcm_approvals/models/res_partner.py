from decimal import Decimal

from odoo import fields, models


class ResPartner(models.Model):
    """Who made a vendor, and how new it is."""

    _inherit = "res.partner"

    def _rcm_vendor_makers(self):
        """Ids of the users who made these vendors or their bank accounts."""
        vendors = self.sudo()  # who made them, nothing else
        return set((vendors.create_uid | vendors.bank_ids.create_uid).ids)

    def _rcm_vendor_factors(self):
        """What a policy measures of a vendor: ``((code, value), …)``."""
        self.ensure_one()
        if not self.create_date:
            return ()
        days = (fields.Datetime.now() - self.create_date).days
        return (("new_vendor_days", Decimal(days)),)
