from odoo import api, fields, models
from odoo.exceptions import ValidationError

CODE_KINDS = [
    ("condition", "Condition"),
    ("occurrence", "Occurrence"),
    ("occurrence_span", "Occurrence span"),
    ("value", "Value"),
]


class RcmEncounterCode(models.Model):
    """A condition, occurrence or value code of an institutional claim."""

    _name = "rcm.encounter.code"
    _inherit = "rcm.audit.mixin"
    _description = "Institutional Code"
    _order = "encounter_id, kind, sequence, id"
    _rcm_audit_fields = ("kind", "code", "date", "date_to", "amount")
    # Clinical: the log says that it changed, never to what.
    _rcm_audit_masked = ("code", "date", "date_to", "amount")

    encounter_id = fields.Many2one(
        "rcm.encounter", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="encounter_id.company_id", store=True)
    facility_id = fields.Many2one(related="encounter_id.facility_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(CODE_KINDS, required=True, default="condition")
    code = fields.Char(required=True, size=2)
    date = fields.Date(help="Of an occurrence.")
    date_to = fields.Date(string="Until", help="Of an occurrence span.")
    amount = fields.Monetary(help="Of a value code; a count is written as an amount.")

    @api.constrains("kind", "date", "date_to", "amount")
    def _check_kind(self):
        for item in self:
            dated = item.kind in ("occurrence", "occurrence_span")
            span = item.kind == "occurrence_span"
            if (
                dated != bool(item.date)
                or span != bool(item.date_to)
                or (span and item.date_to < item.date)
                or (item.amount and item.kind != "value")
            ):
                raise ValidationError(
                    self.env._(
                        "An occurrence has its date, a span also its end, a value its "
                        "amount; a condition has neither."
                    )
                )

    # ------------------------------------------------------------------
    # CRUD: part of the encounter, and frozen with it
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        made = super().create(vals_list)
        made.encounter_id._check_editable(["code_ids"])
        return made

    def write(self, vals):
        self.encounter_id._check_editable(["code_ids"])
        result = super().write(vals)
        if "encounter_id" in vals:
            self.encounter_id._check_editable(["code_ids"])
        return result

    def unlink(self):
        self.encounter_id._check_editable(["code_ids"])
        return super().unlink()

    def _rcm_audit_name(self):
        return self.encounter_id.number

    def _rcm_correlation_id(self):
        return self.encounter_id.correlation_id

    def _rcm_as_dict(self):
        """As a claim version keeps it."""
        self.ensure_one()
        return {
            "kind": self.kind,
            "code": self.code,
            "date": str(self.date) if self.date else None,
            "date_to": str(self.date_to) if self.date_to else None,
            "amount": f"{self.amount:.2f}" if self.kind == "value" else None,
        }
