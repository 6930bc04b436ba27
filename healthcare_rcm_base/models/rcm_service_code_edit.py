from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.charge_key import modifier_set


class RcmServiceCode(models.Model):
    """What a service needs beside its code."""

    _inherit = "rcm.service.code"

    required_modifiers = fields.Char(
        string="Needs One Of",
        help="Modifiers separated by commas, e.g. GN,GO,GP: a line of this service "
        "without any of them is stopped.",
    )

    @api.constrains("required_modifiers")
    def _check_required_modifiers(self):
        for service in self:
            found = modifier_set(service.required_modifiers)
            if any(len(item) != 2 or not item.isalnum() for item in found):
                raise ValidationError(
                    self.env._("Modifiers have two letters or digits each.")
                )
