from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol import mapping


class RcmMappingLine(models.Model):
    """One field: where it comes from and what becomes of it."""

    _name = "rcm.mapping.line"
    _inherit = ["rcm.audit.mixin"]
    _description = "Mapped Field"
    _order = "sequence, id"
    _rcm_audit_fields = (
        "mapping_id",
        "action",
        "target",
        "source",
        "default_value",
        "default_kind",
        "required",
        "value_map",
        "unmapped",
        "convert",
        "crosswalk_kind",
        "crosswalk_system",
        "unknown",
    )

    mapping_id = fields.Many2one(
        "rcm.mapping", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="mapping_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    action = fields.Selection(
        [(mapping.SET, "Fill"), (mapping.REMOVE, "Take out")],
        required=True,
        default=mapping.SET,
    )
    target = fields.Char(
        string="Our Field",
        required=True,
        help="Path in the event's contract: encounter.number, charges[].code.",
    )
    source = fields.Char(
        string="Their Field",
        help="Path in what is sent: visit.id, lines[].cpt, names[0]. [] stands for "
        "every element.",
    )
    default_value = fields.Char(
        string="Default", help="Used when the source is silent."
    )
    default_kind = fields.Selection(
        [("text", "Text"), ("json", "JSON (false, 3, [])")],
        string="Default Is",
        required=True,
        default="text",
    )
    required = fields.Boolean(help="Without a value the event is refused.")
    value_map = fields.Text(
        string="Values", help="One a line: their value = our value."
    )
    unmapped = fields.Selection(
        [
            (mapping.KEEP, "Keep it"),
            (mapping.DEFAULT, "Use the default"),
            (mapping.REFUSE, "Refuse the event"),
        ],
        string="Other Values",
        required=True,
        default=mapping.KEEP,
    )
    convert = fields.Selection(
        [
            ("text", "To text"),
            ("upper", "To capitals"),
            ("lower", "To small letters"),
            ("digits", "Digits only"),
            ("number", "To an amount"),
            ("integer", "To a whole number"),
            ("boolean", "To yes or no"),
            ("date_iso", "Date 2026-11-30"),
            ("date_compact", "Date 20261130"),
            ("date_us", "Date 11/30/2026"),
            ("date_german", "Date 30.11.2026"),
            ("date_british", "Date 30/11/2026"),
            ("list", "One value to a list"),
            ("split", "Words to a list"),
        ],
    )
    crosswalk_kind = fields.Char(
        string="Look Up",
        help="Kind of identifier under which the crosswalk knows the value, for "
        "example facility or payer_id; our own code takes its place.",
    )
    crosswalk_system = fields.Char(
        string="Issued By", help="System in the crosswalk. Empty: the connector's code."
    )
    unknown = fields.Selection(
        [
            (mapping.KEEP, "Keep it"),
            (mapping.DEFAULT, "Use the default"),
            (mapping.REFUSE, "Refuse the event"),
        ],
        string="Not in Crosswalk",
        required=True,
        default=mapping.KEEP,
        help="“Keep it” lets the event in; it then waits as a case until the crosswalk "
        "knows the value.",
    )

    @api.depends("target", "source")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.source or '—'} → {line.target}"

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains(
        "target",
        "source",
        "action",
        "default_value",
        "default_kind",
        "value_map",
        "required",
    )
    def _check_rule(self):
        for line in self:
            try:
                rule = line._rcm_rule()
            except ValueError as error:
                raise ValidationError(str(error)) from None
            if wrong := mapping.check(rule):
                raise ValidationError(line._rcm_check_text(*wrong))

    def _rcm_check_text(self, code, path):
        texts = {
            "path": self.env._("%s is no path, such as visit.id or lines[].code."),
            "target_index": self.env._("%s: our field has no numbers, only []."),
            "nothing": self.env._("%s has neither a source nor a default."),
            "arrays": self.env._("%s: both sides need as many []."),
        }
        return texts[code] % (path or "—")

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.mapping_id._rcm_check_draft()
        return lines

    def write(self, vals):
        self.mapping_id._rcm_check_draft()
        result = super().write(vals)
        self.mapping_id._rcm_check_draft()
        return result

    def unlink(self):
        self.mapping_id._rcm_check_draft()
        return super().unlink()

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_rules(self):
        """These lines as rules of the evaluator, in order."""
        return [line._rcm_rule() for line in self.sorted(lambda line: line.sequence)]

    def _rcm_rule(self):
        """This line as a rule; ValueError when a text in it cannot be read."""
        self.ensure_one()
        kind = (self.crosswalk_kind or "").strip()
        return mapping.Rule(
            target=(self.target or "").strip(),
            source=(self.source or "").strip(),
            action=self.action,
            default=self._rcm_default(),
            required=self.required,
            values=self._rcm_values(),
            unmapped=self.unmapped,
            convert=self.convert or "",
            crosswalk=((self.crosswalk_system or "").strip(), kind) if kind else None,
            unknown=self.unknown,
        )

    def _rcm_default(self):
        text = self.default_value
        if text is False or text == "":
            return mapping.MISSING
        if self.default_kind == "text":
            return text
        try:
            return mapping.read_json(text)
        except ValueError:
            raise ValueError(
                self.env._("The default of %s is no JSON.", self.target)
            ) from None

    def _rcm_values(self):
        values = {}
        for row in (self.value_map or "").splitlines():
            if not row.strip():
                continue
            theirs, sign, ours = row.partition("=")
            if not sign or not theirs.strip():
                raise ValueError(
                    self.env._(
                        "Values of %s: write “their value = our value”.", self.target
                    )
                )
            values[theirs.strip()] = ours.strip()
        return values
