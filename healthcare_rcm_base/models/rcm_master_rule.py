from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.person import CONTACT
from .rcm_coverage import SUBSCRIBER_FIELDS

# What upstream systems may change, by kind of record.
SUBJECTS = {
    "rcm.patient.account": (
        "first_name",
        "last_name",
        "birth_date",
        "sex",
        *CONTACT,
        "guarantor_id",
        "guarantor_relationship",
    ),
    "rcm.coverage": (
        "sequence",
        "group_number",
        "subscriber_relationship",
        *SUBSCRIBER_FIELDS,
        "basis",
        "employer_size",
        "court_ordered",
        "medicare_reason",
        "esrd_from",
        "date_from",
        "date_to",
        "active",
    ),
    "rcm.payer": (
        "name",
        "plan_type",
        "payer_identifier",
        "timely_filing_days",
        "active",
    ),
}
EVERY = "*"
APPLY, WAIT, IGNORE = "apply", "wait", "ignore"
ACTIONS = [
    (APPLY, "Apply automatically"),
    (WAIT, "Wait for validation"),
    (IGNORE, "Ignore"),
]


class RcmMasterRule(models.Model):
    """The system of record, field by field: who may change what of our master data.

    The most exact rule counts: a field before every field, then company before all
    companies, then source before any source. Without a rule a change waits.
    """

    _name = "rcm.master.rule"
    _inherit = "rcm.audit.mixin"
    _description = "Master Data Rule"
    _order = "res_model, field_name, source, id"
    _rcm_audit_fields = (
        "company_id",
        "res_model",
        "field_name",
        "source",
        "action",
        "active",
    )

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: all companies."
    )
    res_model = fields.Selection(
        [
            ("rcm.patient.account", "Patient"),
            ("rcm.coverage", "Coverage"),
            ("rcm.payer", "Payer"),
        ],
        string="Record",
        required=True,
    )
    field_name = fields.Selection(
        selection="_selection_field_name",
        string="Field",
        required=True,
        default=EVERY,
    )
    source = fields.Char(
        help="Code of the connector the change comes from. Empty: from any source."
    )
    action = fields.Selection(ACTIONS, required=True, default=WAIT)
    note = fields.Char(help="Why it is so, for whoever reviews it.")

    _place_uniq = models.UniqueIndex(
        "(res_model, field_name, COALESCE(source, ''), COALESCE(company_id, 0))"
        " WHERE active",
        "There is a rule for this record, field, source and company already.",
    )

    @api.model
    def _selection_field_name(self):
        """Every field of some record; which belongs to which is checked on saving."""
        labels = {EVERY: self.env._("Every other field")}
        for model, names in SUBJECTS.items():
            known = self.env[model]._fields
            labels |= {
                name: known[name]._description_string(self.env)
                for name in names
                if name not in labels
            }
        return list(labels.items())

    @api.constrains("res_model", "field_name")
    def _check_field_name(self):
        for rule in self:
            if rule.field_name not in (EVERY, *SUBJECTS[rule.res_model]):
                raise ValidationError(
                    self.env._(
                        "%(record)s has no such field that sources change.",
                        record=rule._rcm_label("res_model"),
                    )
                )

    @api.depends("res_model", "field_name", "source")
    def _compute_display_name(self):
        for rule in self:
            parts = (
                rule._rcm_label("res_model"),
                rule._rcm_label("field_name"),
                rule.source or self.env._("any source"),
            )
            rule.display_name = " · ".join(filter(None, parts))

    def _rcm_label(self, name):
        choices = self._fields[name]._description_selection(self.env)
        return dict(choices).get(self[name], "")

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_actions(self, model, names, source, company):
        """{field: ``apply``, ``wait`` or ``ignore``} for changes from ``source``."""
        rules = self.sudo().search(  # rules apply whoever sends
            [
                ("res_model", "=", model),
                ("field_name", "in", [EVERY, *names]),
                ("source", "in", [False, source or ""]),
                ("company_id", "in", [False, company.id]),
            ]
        )
        best = {}
        for rule in rules.sorted(_exactness):
            best[rule.field_name] = rule.action
        return {name: best.get(name, best.get(EVERY, WAIT)) for name in names}


def _exactness(rule):
    return bool(rule.company_id), bool(rule.source), -rule.id
