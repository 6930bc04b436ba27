import json

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.http import request
from odoo.tools import SQL

from ..core.canonical import canonical_json, digest
from . import rcm_audit_guard

ACTOR_KINDS = [
    ("person", "Person"),
    ("automation", "Automation"),
    ("integration", "Integration"),
]


class RcmAuditLog(models.Model):
    """What happened, to which record, by whom: append-only.

    Rows are written by ``_rcm_append`` in the transaction of the change itself.
    Triggers refuse UPDATE, DELETE and TRUNCATE; there are no foreign keys, so a row
    outlives what it speaks of. The detail lies in ``rcm.audit.payload`` and can
    expire; its hash stays here.
    """

    _name = "rcm.audit.log"
    _description = "Audit Log"
    _order = "id desc"
    _log_access = False
    _rec_name = "event"

    logged_at = fields.Datetime(string="Time", required=True, readonly=True, index=True)
    event = fields.Char(required=True, readonly=True, index=True)
    model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Integer(string="Document ID", readonly=True)
    record_name = fields.Char(string="Document", readonly=True, index=True)
    company_id = fields.Integer(string="Company ID", readonly=True)
    correlation_id = fields.Char(string="Correlation ID", readonly=True, index=True)
    actor_uid = fields.Integer(string="Actor ID", readonly=True)
    actor_login = fields.Char(string="Actor", readonly=True, index=True)
    actor_kind = fields.Selection(ACTOR_KINDS, readonly=True)
    source = fields.Char(readonly=True)
    payload_hash = fields.Char(string="Detail SHA-256", readonly=True)

    _document_idx = models.Index("(model, res_id)")

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    # ------------------------------------------------------------------
    # CRUD: nobody, not even the system, goes through the ORM
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        self._rcm_refuse_change()

    def write(self, vals):
        self._rcm_refuse_change()

    def unlink(self):
        self._rcm_refuse_change()

    def _rcm_refuse_change(self):
        raise AccessError(self.env._("The audit log can only be appended to."))

    # ------------------------------------------------------------------
    # Appending
    # ------------------------------------------------------------------
    @api.model
    def _rcm_append(self, rows):
        """Append ``rows`` in one statement, within the current transaction.

        :param list rows: dicts with ``event`` and optionally ``model``, ``res_id``,
            ``record_name``, ``company_id``, ``correlation_id``, ``changes``,
            ``source``; values without patient data
        """
        if not rows:
            return
        actor = self._rcm_actor()
        prepared = [self._rcm_prepare_row(row, actor) for row in rows]
        self.env.cr.execute(
            SQL(
                """
                WITH fresh AS (
                    SELECT nextval('rcm_audit_log_id_seq')::int AS id,
                           clock_timestamp() AT TIME ZONE 'UTC' AS logged_at, r.*
                      FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
                           event text, model text, res_id int, record_name text,
                           company_id int, correlation_id text, source text,
                           payload_hash text, body text)
                ), logged AS (
                    INSERT INTO rcm_audit_log (
                           id, logged_at, event, model, res_id, record_name,
                           company_id, correlation_id, actor_uid, actor_login,
                           actor_kind, source, payload_hash)
                    SELECT id, logged_at, event, model, res_id, record_name,
                           company_id, correlation_id, %(uid)s, %(login)s,
                           %(kind)s, source, payload_hash
                      FROM fresh
                )
                INSERT INTO rcm_audit_payload (log_id, logged_at, body)
                SELECT id, logged_at, body FROM fresh WHERE body IS NOT NULL
                """,
                rows=json.dumps(prepared),
                uid=actor["uid"],
                login=actor["login"],
                kind=actor["kind"],
            )
        )

    @api.model
    def _rcm_prepare_row(self, row, actor):
        """Return ``row`` as the insert wants it, with its detail in canonical form."""
        changes = row.get("changes")
        return {
            "event": row["event"],
            "model": row.get("model") or None,
            "res_id": row.get("res_id") or None,
            "record_name": row.get("record_name") or None,
            "company_id": row.get("company_id") or None,
            "correlation_id": row.get("correlation_id") or None,
            "source": row.get("source") or actor["source"],
            "payload_hash": digest(changes) if changes else None,
            "body": canonical_json(changes).decode() if changes else None,
        }

    @api.model
    def _rcm_actor(self):
        """Who acts: the real user, also under ``sudo``, and through which door."""
        user = self.env.user
        if self.env.uid == api.SUPERUSER_ID:
            kind = "automation"
        elif user.has_group("healthcare_rcm_base.group_integration"):
            kind = "integration"
        else:
            kind = "person"
        return {
            "uid": self.env.uid,
            "login": user.sudo().login,  # a log names its actor
            "kind": kind,
            "source": "web" if request else "scheduled action",
        }
