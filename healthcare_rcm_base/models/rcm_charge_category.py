from odoo import fields, models


class RcmChargeCategory(models.Model):
    """What kind of charge it is: professional, laboratory, room, drug."""

    _name = "rcm.charge.category"
    _inherit = "rcm.audit.mixin"
    _description = "Charge Category"
    _order = "sequence, name, id"
    _rcm_audit_fields = ("name", "code", "active")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short code for reports and exports.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()

    _code_uniq = models.UniqueIndex("(code)", "This category code exists already.")
