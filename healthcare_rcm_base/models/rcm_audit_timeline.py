import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

MAX_ROWS = 500
MAX_CHANGES = 8
READERS = "healthcare_rcm_base.group_documents,healthcare_rcm_base.group_payables"


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
        threads = [correlation_id for correlation_id, _first, _last, _count in groups]
        # as above; a thread has more steps than those of the document itself
        steps = self.sudo()._read_group(
            self._rcm_visible_domain() & fields.Domain("correlation_id", "in", threads),
            ["correlation_id"],
            ["__count"],
        )
        steps = dict(steps)
        return [
            {
                "correlation_id": correlation_id,
                "name": term,
                "from": fields.Datetime.to_string(first),
                "to": fields.Datetime.to_string(last),
                "count": steps[correlation_id],
            }
            for correlation_id, first, last, _count in groups
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
        described = self._rcm_described(model, changes)
        state = changes.get("state")
        return {
            "title": self._rcm_title(model),
            "state": self._rcm_describe_change(model, "state", state)
            if state
            else None,
            "changes": described[:MAX_CHANGES],
            "more": max(len(described) - MAX_CHANGES, 0),
        }
