from odoo import api, models


class RcmAuditLog(models.Model):
    """What is logged is also told to those who subscribed to it."""

    _inherit = "rcm.audit.log"

    @api.model
    def _rcm_appended(self, rows):
        result = super()._rcm_appended(rows)
        self.env["rcm.delivery"]._rcm_queue(rows)
        return result
