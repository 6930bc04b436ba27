from odoo import models

from .rcm_connector_key import SCOPE


class ResUsersApikeys(models.Model):
    """Keys of scope ``rcm`` show on their connector, however they were made."""

    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        key = super()._generate(scope, name, expiration_date)
        if scope == SCOPE:
            connectors = self.env["rcm.connector"].sudo()  # service users read none
            connectors.search([("user_id", "=", self.env.uid)])._rcm_list_keys()
        return key

    def unlink(self):
        entries = (
            self.env["rcm.connector.key"]
            .sudo()  # whoever removes a key ends its entry
            .search([("apikey_id", "in", self.ids), ("revoked_at", "=", False)])
        )
        result = super().unlink()
        entries._rcm_mark_revoked()
        return result
