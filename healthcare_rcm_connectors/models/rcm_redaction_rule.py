from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..protocol import field_path, field_rules


class RcmRedactionRule(models.Model):
    """Which payload field is hidden, from whom, or never stored at all."""

    _name = "rcm.redaction.rule"
    _inherit = ["rcm.audit.mixin", "rcm.remembered.mixin"]
    _description = "Redaction Rule"
    _order = "sequence, id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "active",
        "path",
        "action",
        "connector_id",
        "event_name",
        "company_id",
    )

    name = fields.Char(string="Why", required=True, help="For whoever asks about it.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for every company.",
    )
    connector_id = fields.Many2one(
        "rcm.connector",
        index=True,
        check_company=True,
        ondelete="cascade",
        help="Empty: whoever sends it.",
    )
    event_name = fields.Char(
        string="Event", help="For example encounter.completed. Empty: every event."
    )
    path = fields.Char(
        string="Field",
        required=True,
        help="Path below data, as sent or as mapped: patient.ssn, lines[].note, or "
        "**.ssn for that name at any depth.",
    )
    action = fields.Selection(
        [
            (field_rules.MASK, "Show only to people who may see patients"),
            (field_rules.HIDE, "Show to nobody"),
            (field_rules.DROP, "Never store; keep a digest"),
        ],
        required=True,
        default=field_rules.MASK,
        help="The digest of what is never stored is keyed: it proves that two values "
        "were equal and gives neither of them away.",
    )

    @api.constrains("path", "action", "event_name")
    def _check_path(self):
        for rule in self:
            try:
                field_path.parse((rule.path or "").strip())
            except field_path.InvalidPath:
                raise ValidationError(
                    self.env._("%s is no path, such as patient.ssn.", rule.path)
                ) from None
            rule._rcm_check_not_needed()

    def _rcm_check_not_needed(self):
        """What decides order or facility cannot be left out of what is stored."""
        if self.action != field_rules.DROP:
            return
        kinds = self.env["rcm.event.type"].search(
            [("name", "=", self.event_name)] if self.event_name else []
        )
        for kind in kinds:
            if self.path.strip() == kind.facility_path:
                raise ValidationError(
                    self.env._(
                        "%(path)s names the facility of %(event)s and must be stored.",
                        path=self.path,
                        event=kind.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # For the inbox and its screens
    # ------------------------------------------------------------------
    @api.model
    @tools.ormcache("company_id", "connector_id", "event_name")
    def _rcm_rules(self, company_id, connector_id, event_name):
        """The rules for one connector's events of this name, in order."""
        rules = self.sudo().search(  # they hold for whoever sends or looks
            [
                ("company_id", "in", (False, company_id)),
                ("connector_id", "in", (False, connector_id)),
                ("event_name", "in", (False, event_name)),
            ]
        )
        return tuple(
            field_rules.FieldRule(rule.path.strip(), rule.action) for rule in rules
        )

    @api.model
    def _rcm_dropped(self, company_id, connector_id, event_name, data):
        """``data`` without what is never stored; the same object when that is all."""
        rules = self._rcm_rules(company_id, connector_id, event_name)
        if not any(rule.action == field_rules.DROP for rule in rules):
            return data
        # keys the digests, as it does Odoo's own signatures
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return field_rules.dropped(data, rules, secret)
