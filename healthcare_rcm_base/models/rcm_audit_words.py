import re
from datetime import date, datetime
from decimal import Decimal

from odoo import api, fields, models, tools
from odoo.tools import format_date, format_datetime

HASH = re.compile(r"[0-9a-f]{40,}")
AMOUNT = re.compile(r"-?\d+\.\d{1,2}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
CODE_WORD = re.compile(r"[a-z]+(_[a-z0-9]+)+")
# Models outside the suite whose names never hold patient data.
NAMED_MODELS = (
    "account.account",
    "account.analytic.account",
    "account.journal",
    "account.move",
    "account.payment.term",
    "account.tax",
    "ir.model",
    "ir.model.fields",
    "product.product",
    "res.company",
    "res.country",
    "res.country.state",
    "res.currency",
    "res.groups",
    "res.users",
)


class RcmAuditWords(models.Model):
    """A row of the log in words: what is stored and sealed stays as it is."""

    _inherit = "rcm.audit.log"

    actor_label = fields.Char(
        string="By",
        compute="_compute_actor_label",
        search="_search_actor_label",
        help="Who did it: the login, or System for what runs by itself. The log "
        "itself keeps the login as it was.",
    )
    title = fields.Char(
        string="What Happened",
        compute="_compute_title",
        help="The event in words; the log itself keeps its code.",
    )

    # ------------------------------------------------------------------
    # Hooks: what a module's steps are called
    # ------------------------------------------------------------------
    @api.model
    def _rcm_event_words(self):
        """Return {event: words} where the event's own name says it badly."""
        return {
            "rcm.claim.payer_number": self.env._("payer's claim number noted"),
            "rcm.claim.version_made": self.env._("new version made"),
            "rcm.submission.claims_added": self.env._("claims added"),
        }

    @api.model
    def _rcm_detail_words(self):
        """Return {detail that is no field: label}; an empty label hides it."""
        return {
            "entry": self.env._("Journal Entry"),
            "match": self.env._("Found by"),
            "move": self.env._("Journal Entry"),
            "reasons": self.env._("Reason Codes"),
            "rows": self.env._("Number of Rows"),
            "sha256": self.env._("Content SHA-256"),
            "type": self.env._("Type"),
        }

    @api.model
    def _rcm_detail_models(self):
        """Return {detail that is no field: model} of those that hold an id or code."""
        return {"type": "rcm.exception.type"}

    @api.model
    @tools.ormcache("self.env.lang")
    def _rcm_words(self):
        """Both, once for each language."""
        return self._rcm_event_words(), self._rcm_detail_words()

    # ------------------------------------------------------------------
    # What happened
    # ------------------------------------------------------------------
    def _rcm_title(self, model):
        """Turn ``rcm.claim.state_changed`` or ``claim.cleared`` into words."""
        words = self._rcm_words()[0].get(self.event)
        event = self.event
        if model is None:
            return words or self._rcm_spaced(event.removeprefix("rcm.")).capitalize()
        # the model's own description is translated with the interface
        subject = self.env["ir.model"]._get(self.model).name
        for prefix in (self.model, self.model.removeprefix("rcm.")):
            event = event.removeprefix(f"{prefix}.")
        if event == "state_changed":
            return subject  # the states beside it say the rest
        first, _dot, rest = event.partition(".")
        if rest and first in self.model.split("."):
            event = rest  # "Approval Request: approval approved" says it twice
        return f"{subject}: {words or self._rcm_spaced(event.removeprefix('rcm.'))}"

    @staticmethod
    def _rcm_spaced(code):
        return code.replace(".", " ").replace("_", " ")

    # ------------------------------------------------------------------
    # What changed
    # ------------------------------------------------------------------
    def _rcm_described(self, model, changes):
        """The details worth reading: neither empty nor hidden."""
        hidden = {name for name, label in self._rcm_words()[1].items() if not label}
        described = [
            self._rcm_describe_change(model, name, change)
            for name, change in changes.items()
            if name != "state"
            and not (name in hidden and self._rcm_field(model, name) is None)
        ]
        return [
            one for one in described if one["masked"] or one["before"] or one["after"]
        ]

    @api.model
    def _rcm_field(self, model, name):
        return model._fields.get(name) if model is not None else None

    @api.model
    def _rcm_describe_change(self, model, name, change):
        field = self._rcm_field(model, name)
        label = field._description_string(self.env) if field else ""
        label = label or self._rcm_words()[1].get(name)
        label = label or self._rcm_spaced(name).capitalize()
        if not (isinstance(change, list) and len(change) == 2):
            # masked: only that it changed
            return {"label": label, "masked": True, "before": "", "after": ""}
        if not field:
            if change == [None, False]:
                change = [None, None]  # a step that says no to nothing
            change = [self._rcm_detail_link(name, value) for value in change]
        before, after = (self._rcm_describe_value(field, value) for value in change)
        described = {"label": label, "masked": False, "before": before, "after": after}
        for side, value in zip(("before", "after"), change, strict=True):
            if isinstance(value, str) and HASH.fullmatch(value):
                described[f"{side}_whole"] = value  # shown on hover, and to copy
        return described

    @api.model
    def _rcm_describe_value(self, field, value):
        if value in (None, "", [], {}):
            return ""
        if value is False and field and field.type != "boolean":
            return ""  # an empty field, not an answer
        if isinstance(value, bool):
            return self.env._("yes") if value else self.env._("no")
        if not field:
            return self._rcm_describe_detail(value)
        if field.type == "selection" and isinstance(value, str):
            return dict(field._description_selection(self.env)).get(value, value)
        if field.relational:
            return self._rcm_describe_link(field.comodel_name, value)
        if field.type in ("date", "datetime") and isinstance(value, str):
            return self._rcm_describe_time(value)
        if field.type in ("monetary", "float") and not isinstance(value, str):
            return f"{value:,.2f}"
        return self._rcm_describe_text(value)

    @api.model
    def _rcm_describe_detail(self, value):
        """A value that no field describes: by its shape."""
        if isinstance(value, dict):
            parts = (
                f"{self._rcm_spaced(key)} {self._rcm_describe_value(None, each)}"
                for key, each in value.items()
            )
            return ", ".join(parts)
        if isinstance(value, list):
            return ", ".join(self._rcm_describe_value(None, each) for each in value)
        if isinstance(value, str):
            if AMOUNT.fullmatch(value):
                return f"{Decimal(value):,.2f}"
            if MOMENT.fullmatch(value):
                return self._rcm_describe_time(value)
            if CODE_WORD.fullmatch(value):
                return self._rcm_spaced(value)
        return self._rcm_describe_text(value)

    @api.model
    def _rcm_describe_text(self, value):
        text = str(value)
        # a hash is recognised by its beginning; the audit row has it whole
        return f"{text[:12]}…" if HASH.fullmatch(text) else text

    @api.model
    def _rcm_describe_time(self, value):
        """A day or a moment as the reader writes it, in the reader's time zone."""
        try:
            if len(value) == 10:
                return format_date(self.env, date.fromisoformat(value))
            moment = datetime.fromisoformat(value.removesuffix("Z"))
        except ValueError:
            return value  # words that a step gave instead of a moment
        return format_datetime(self.env, moment.replace(microsecond=0))

    @api.model
    def _rcm_detail_link(self, name, value):
        """The name of the record that a detail speaks of by id or code."""
        comodel = self._rcm_detail_models().get(name)
        if not comodel or not value:
            return value
        if isinstance(value, str):
            # master data of the suite, named by its code
            found = self.env[comodel].sudo().search([("code", "=", value)], limit=1)
            return found.name or value
        return self._rcm_describe_link(comodel, value)

    @api.model
    def _rcm_describe_link(self, comodel, value):
        """Name staff and our own records; others by number, they may be patients."""
        ids = value if isinstance(value, list) else [value]
        # Patient-free names only, see _rcm_audit_name.
        records = self.env[comodel].sudo().browse(ids).exists()
        if comodel in NAMED_MODELS:
            return ", ".join(records.mapped("display_name"))
        if isinstance(records, self.pool["rcm.audit.mixin"]):
            return ", ".join(records._rcm_audit_names())
        return ", ".join(f"#{id_}" for id_ in ids)

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------
    @api.depends("actor_uid", "actor_login")
    @api.depends_context("lang")
    def _compute_actor_label(self):
        for row in self:
            row.actor_label = row._rcm_actor_label()

    @api.model
    def _search_actor_label(self, operator, value):
        """By login; and by the word that stands for the system's own user."""
        system = self.env._("System").lower()
        if operator == "ilike":
            is_system = bool(value) and value.lower() in system
        elif operator == "in":
            is_system = any(str(word).lower() == system for word in value)
        else:
            return NotImplemented
        domain = fields.Domain("actor_login", operator, value)
        if is_system:
            domain |= fields.Domain("actor_uid", "=", api.SUPERUSER_ID)
        return domain

    @api.depends("event", "model")
    @api.depends_context("lang")
    def _compute_title(self):
        for row in self:
            known = row.model in self.env
            row.title = row._rcm_title(self.env[row.model] if known else None)

    def _rcm_actor_label(self):
        """The login, or a word for the system's own user."""
        self.ensure_one()
        if self.actor_uid == api.SUPERUSER_ID:
            return self.env._("System")
        return self.actor_login or ""

    @api.model
    def _web_read_group_format(self, groupby, aggregates, groups):
        """A group by actor is headed as its rows are."""
        result = super()._web_read_group_format(groupby, aggregates, groups)
        if "actor_login" in groupby:
            # the system's own login, never shown as such
            system = self.env["res.users"].sudo().browse(api.SUPERUSER_ID).login
            for group in result:
                if group["actor_login"] == system:
                    group["actor_login"] = self.env._("System")
        return result
