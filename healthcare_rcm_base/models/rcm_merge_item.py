import json

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.merging import CHANGED, GONE, Change
from . import rcm_audit_guard
from .rcm_match_key import PAGE
from .rcm_merge import OUTCOMES
from .rcm_merge_references import TAKEN
from .rcm_patient_account import PATIENT


class RcmMergeItem(models.Model):
    """One value a merge changed or left, or an undo put back or could not."""

    _name = "rcm.merge.item"
    _inherit = "rcm.append.only.mixin"
    _description = "Change of a Merge"
    _order = "id"
    _log_access = False

    merge_id = fields.Many2one(
        "rcm.merge", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="merge_id.company_id")
    res_model = fields.Char(string="Record Type", required=True)
    res_id = fields.Integer(string="Record ID", required=True)
    field_name = fields.Char(string="Technical Field", required=True)
    record_type = fields.Char(string="Record", compute="_compute_labels")
    field_label = fields.Char(string="Field", compute="_compute_labels")
    old_value = fields.Json(groups=PATIENT)
    new_value = fields.Json(groups=PATIENT)
    before = fields.Char(compute="_compute_values", groups=PATIENT)
    after = fields.Char(compute="_compute_values", groups=PATIENT)
    outcome = fields.Selection(OUTCOMES, required=True)
    why = fields.Char(string="Reason Code")
    why_text = fields.Char(string="Why", compute="_compute_labels")

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    @api.depends("res_model", "field_name", "why")
    def _compute_labels(self):
        reasons = {
            CHANGED: self.env._("changed by someone since"),
            GONE: self.env._("no longer there"),
            TAKEN: self.env._("another record has these values already"),
            "money": self.env._("has posted entries of that guarantor"),
        }
        for item in self:
            model = self.env.get(item.res_model)
            known = model is not None
            field = known and model._fields.get(item.field_name)
            item.record_type = item._rcm_record_label(model)
            item.field_label = field.string if field else item.field_name
            item.why_text = reasons.get(item.why, item.why)

    def _rcm_record_label(self, model):
        """Kind and number of the record; names without patient data only."""
        if model is None:
            return f"{self.res_model} {self.res_id}"
        record = model.browse(self.res_id).exists()
        if record and hasattr(record, "_rcm_audit_names"):
            return f"{model._description} {record._rcm_audit_names()[0]}"
        return f"{model._description} {self.res_id}"

    @api.depends("old_value", "new_value")
    def _compute_values(self):
        for item in self:
            pair = [item.old_value, item.new_value]
            if item.merge_id.action == "undo":
                pair.reverse()
            item.before, item.after = map(item._rcm_shown, pair)

    def _rcm_shown(self, value):
        model = self.env.get(self.res_model)
        field = model is not None and model._fields.get(self.field_name)
        if value in (False, None) and not (field and field.type == "boolean"):
            return ""
        comodel = field and field.relational and field.comodel_name
        if field and field.type == "many2one_reference":
            merge = self.merge_id
            comodel = merge._rcm_sides()[0]._name
        if comodel:
            record = self.env[comodel].browse(value).exists()
            return record.display_name if record.has_access("read") else str(value)
        return str(value)

    def _rcm_change(self):
        return Change(
            self.res_model, self.res_id, self.field_name, self.old_value, self.new_value
        )

    @api.model
    def _rcm_append(self, merge_id, items):
        """Insert the items of a merge, a page a statement."""
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s)",
                merge_id,
                change.model,
                change.id,
                change.field,
                json.dumps(change.old),
                json.dumps(change.new),
                outcome,
                why or None,
            )
            for change, outcome, why in items
        ]
        for start in range(0, len(rows), PAGE):
            self.env.cr.execute(
                SQL(
                    "INSERT INTO rcm_merge_item (merge_id, res_model, res_id,"
                    " field_name, old_value, new_value, outcome, why) VALUES %s",
                    SQL(", ").join(rows[start : start + PAGE]),
                )
            )
