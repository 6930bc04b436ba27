import json
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date, format_datetime

MAX_ROWS = 500
MAX_CHANGES = 8
READERS = "healthcare_rcm_base.group_documents,healthcare_rcm_base.group_payables"
HASH = re.compile(r"[0-9a-f]{40,}")
# Models outside the suite whose names never hold patient data.
NAMED_MODELS = (
    "account.account",
    "account.journal",
    "account.move",
    "res.company",
    "res.currency",
    "res.users",
)


class RcmAuditTimeline(models.Model):
    """One thread of the log as people read it: what happened, in words."""

    _inherit = "rcm.audit.log"

    # ------------------------------------------------------------------
    # Public: the timeline widget and screen
    # ------------------------------------------------------------------
    @api.model
    @api.readonly
    def get_timeline(self, correlation_id):
        """Return the thread ``correlation_id`` as a list of dicts, oldest first.

        For those who work on documents: rows hold no patient data, and a document is
        linked only if the reader may open it.
        """
        self._rcm_require_reader()
        if not correlation_id:
            return []
        domain = self._rcm_visible_domain() & fields.Domain(
            "correlation_id", "=", correlation_id
        )
        return self._rcm_thread(domain)

    @api.model
    @api.readonly
    def find_threads(self, term):
        """Return threads whose correlation id or document name is ``term``."""
        self._rcm_require_reader()
        term = (term or "").strip()
        if not term:
            return []
        domain = self._rcm_visible_domain() & (
            fields.Domain("correlation_id", "=", term)
            | fields.Domain("record_name", "=", term)
        )
        # Patient-free columns of rows the reader's companies own; see the domain.
        groups = self.sudo()._read_group(
            domain & fields.Domain("correlation_id", "!=", False),
            ["correlation_id"],
            ["logged_at:min", "logged_at:max", "__count"],
            order="logged_at:max desc",
            limit=20,
        )
        return [
            {
                "correlation_id": correlation_id,
                "name": term,
                "from": fields.Datetime.to_string(first),
                "to": fields.Datetime.to_string(last),
                "count": count,
            }
            for correlation_id, first, last, count in groups
        ]

    def _rcm_require_reader(self):
        if not self.env.su and not self.env.user.has_groups(READERS):
            raise AccessError(
                self.env._("The timeline is for those who work on documents.")
            )

    def _rcm_visible_domain(self):
        """Rows of the reader's companies, and those of no company."""
        return fields.Domain("company_id", "in", [False, 0, *self.env.companies.ids])

    def _rcm_thread(self, domain):
        # The reader was checked above; the log itself is the auditor's.
        rows = self.sudo().search(domain, order="id desc", limit=MAX_ROWS)
        bodies = rows._rcm_bodies()
        openable = rows._rcm_openable(self.env)
        return [
            {
                "id": row.id,
                "time": fields.Datetime.to_string(row.logged_at),
                "model": row.model if (row.model, row.res_id) in openable else False,
                "res_id": row.res_id,
                "document": row.record_name or "",
                "actor": row._rcm_actor_label(),
                "kind": row.actor_kind,
                "source": row.source or "",
                **row._rcm_in_words(bodies.get(row.id)),
            }
            for row in reversed(rows)
        ]

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_bodies(self):
        """Return {row id: changes} of the details that retention has kept."""
        payloads = (
            self.env["rcm.audit.payload"].sudo().search([("log_id", "in", self.ids)])
        )
        return {payload.log_id: json.loads(payload.body) for payload in payloads}

    def _rcm_openable(self, env):
        """Return the (model, id) pairs that the person of ``env`` may open."""
        ids_by_model = {}
        for row in self:
            if row.model in env and row.res_id:
                ids_by_model.setdefault(row.model, set()).add(row.res_id)
        return {
            (model, id_)
            for model, ids in ids_by_model.items()
            if env[model].has_access("read")
            for id_ in env[model].browse(ids).exists()._filtered_access("read").ids
        }

    def _rcm_in_words(self, changes):
        """Return title and changes of one row in the reader's language."""
        self.ensure_one()
        changes = dict(changes or {})
        model = self.env[self.model] if self.model in self.env else None
        described = [
            self._rcm_describe_change(model, name, change)
            for name, change in changes.items()
            if name != "state"
        ]
        state = changes.get("state")
        return {
            "title": self._rcm_title(model),
            "state": self._rcm_describe_change(model, "state", state)
            if state
            else None,
            "changes": described[:MAX_CHANGES],
            "more": max(len(described) - MAX_CHANGES, 0),
        }

    def _rcm_title(self, model):
        """Turn ``rcm.claim.state_changed`` or ``claim.cleared`` into words."""
        event = self.event
        subject = ""
        if model is not None:
            # the model's own description is translated with the interface
            subject = self.env["ir.model"]._get(self.model).name
            for prefix in (f"{self.model}.", f"{self.model.removeprefix('rcm.')}."):
                event = event.removeprefix(prefix)
        if subject and event == "state_changed":
            return subject  # the states beside it say the rest
        words = event.removeprefix("rcm.").replace(".", " ").replace("_", " ")
        return f"{subject}: {words}" if subject else words.capitalize()

    @api.model
    def _rcm_describe_change(self, model, name, change):
        field = model._fields.get(name) if model is not None else None
        label = field.string if field else name.replace("_", " ").capitalize()
        if not (isinstance(change, list) and len(change) == 2):
            # masked: only that it changed
            return {"label": label, "masked": True, "before": "", "after": ""}
        before, after = (self._rcm_describe_value(field, value) for value in change)
        return {"label": label, "masked": False, "before": before, "after": after}

    @api.model
    def _rcm_describe_value(self, field, value):
        if value in (None, "", []):
            return ""
        if value is False and field and field.type != "boolean":
            return ""  # an empty field, not an answer
        if isinstance(value, bool):
            return self.env._("yes") if value else self.env._("no")
        if field and field.type == "selection" and isinstance(value, str):
            return dict(field._description_selection(self.env)).get(value, value)
        if field and field.relational:
            return self._rcm_describe_link(field, value)
        if field and field.type in ("date", "datetime") and isinstance(value, str):
            return self._rcm_describe_time(field, value)
        if field and field.type in ("monetary", "float") and not isinstance(value, str):
            return f"{value:,.2f}"
        text = str(value)
        # a hash is recognised by its beginning; the audit row has it whole
        return f"{text[:12]}…" if HASH.fullmatch(text) else text

    @api.model
    def _rcm_describe_time(self, field, value):
        """A day or a moment as the reader writes it, in the reader's time zone."""
        if field.type == "date":
            return format_date(self.env, value[:10])
        moment = fields.Datetime.to_datetime(value.replace("T", " ").removesuffix("Z"))
        return format_datetime(self.env, moment)

    def _rcm_actor_label(self):
        """The login, or a word for the system's own user."""
        self.ensure_one()
        if self.actor_uid == api.SUPERUSER_ID:
            return self.env._("System")
        return self.actor_login or ""

    @api.model
    def _rcm_describe_link(self, field, value):
        """Name staff and our own records; others by number, they may be patients."""
        ids = value if isinstance(value, list) else [value]
        # Patient-free names only, see _rcm_audit_name.
        records = self.env[field.comodel_name].sudo().browse(ids).exists()
        if field.comodel_name in NAMED_MODELS:
            return ", ".join(records.mapped("display_name"))
        if isinstance(records, self.pool["rcm.audit.mixin"]):
            return ", ".join(records._rcm_audit_names())
        return ", ".join(f"#{id_}" for id_ in ids)
