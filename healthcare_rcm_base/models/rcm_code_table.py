from odoo import api, fields, models

CODE_KINDS = [
    ("diagnosis", "Diagnosis"),
    ("procedure", "Procedure"),
    ("revenue", "Revenue"),
    ("place_of_service", "Place of service"),
    ("modifier", "Modifier"),
    ("drg", "Diagnosis-related group"),
    ("bill_type", "Type of bill"),
    ("point_of_origin", "Point of origin"),
    ("patient_status", "Patient status"),
    ("condition", "Condition"),
    ("occurrence", "Occurrence"),
    ("value", "Value"),
]


class RcmCodeTable(models.Model):
    """A public code set that claims use, and whether our copy of it is whole.

    Shared by all companies: what a code means does not depend on who bills.
    """

    _name = "rcm.code.table"
    _inherit = "rcm.audit.mixin"
    _description = "Code Table"
    _order = "sequence, id"
    _rcm_audit_fields = ("is_complete", "edition")

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(CODE_KINDS, required=True, readonly=True)
    is_complete = fields.Boolean(
        string="Complete",
        help="Every valid code is in it: a code that is missing is wrong. While this "
        "is off, only codes known to have ended are refused.",
    )
    edition = fields.Char(readonly=True, help="As named at the last import.")
    imported_at = fields.Datetime(string="Last Import", readonly=True)
    code_ids = fields.One2many("rcm.code", "table_id", string="Codes")
    code_count = fields.Integer(
        compute="_compute_code_count", string="Codes In It", compute_sudo=True
    )
    open_count = fields.Integer(
        compute="_compute_code_count", string="Valid Today", compute_sudo=True
    )

    _kind_uniq = models.Constraint("UNIQUE(kind)", "There is one table a kind.")

    def _compute_code_count(self):
        today = fields.Date.context_today(self)
        Code = self.env["rcm.code"]
        valid = Code._rcm_valid_domain(today)
        every = _counts(Code, [("table_id", "in", self.ids)])
        still = _counts(Code, [("table_id", "in", self.ids), *valid])
        for table in self:
            table.code_count = every.get(table.id, 0)
            table.open_count = still.get(table.id, 0)

    @api.model
    def _rcm_of(self, kind):
        """The table of ``kind``, maybe empty."""
        return self.sudo().search([("kind", "=", kind)])  # public tables

    def action_codes(self):
        """Open the codes of this table."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_code_action"
        )
        return {
            **action,
            "name": self.name,
            "display_name": self.name,
            "domain": [("table_id", "=", self.id)],
            "context": {"default_table_id": self.id, "search_default_valid": 1},
        }

    def action_import(self):
        """Import an edition of this table."""
        self.ensure_one()
        return self.env["rcm.table.import"]._rcm_open(
            "code_table", code_table_id=self.id
        )


def _counts(model, domain):
    return {
        table.id: count
        for table, count in model._read_group(domain, ["table_id"], ["__count"])
    }
