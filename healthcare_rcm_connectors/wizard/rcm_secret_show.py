from odoo import fields, models


class RcmSecretShow(models.AbstractModel):
    """A signing secret on the screen, kept nowhere else in readable form."""

    _name = "rcm.secret.show"
    _description = "Show Signing Secret"

    # Without a table the field exists only in the form that shows it.
    id = fields.Id()
    secret = fields.Char(readonly=True)
