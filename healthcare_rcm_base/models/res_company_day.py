from odoo import fields, models


class ResCompany(models.Model):
    """Which calendar day it is where a company works."""

    _inherit = "res.company"

    def _rcm_day_of(self, moment):
        """The company's own calendar day of ``moment``, a datetime in UTC.

        Deadlines and accounting dates count these days, not those of the server's
        clock or of whoever looks: an evening in Ohio is the next day in UTC.
        """
        zone = self.sudo().partner_id.tz  # the zone of its address is no secret
        zone = zone or self.env.user.tz or "UTC"
        return fields.Datetime.context_timestamp(
            self.with_context(tz=zone), moment
        ).date()

    def _rcm_today(self):
        """The company's own calendar day now; scheduled actions know no other zone."""
        return self._rcm_day_of(fields.Datetime.now())
