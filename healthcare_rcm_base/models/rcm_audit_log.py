import json
from hashlib import sha256

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import SQL

from ..core.canonical import canonical_json
from . import rcm_audit_guard

ACTOR_KINDS = [
    ("person", "Person"),
    ("automation", "Automation"),
    ("integration", "Integration"),
]
# Key in the cursor's cache, out of reach of any context: the rule that acts now.
RUNNING_RULE = "rcm_running_rule"


class RcmAuditLog(models.Model):
    """What happened, to which record, by whom: append-only.

    Rows are written by ``_rcm_append`` in the transaction of the change itself.
    Triggers refuse UPDATE, DELETE and TRUNCATE; there are no foreign keys, so a row
    outlives what it speaks of. The detail lies in ``rcm.audit.payload`` and can
    expire; its hash stays here.
    """

    _name = "rcm.audit.log"
    _inherit = "rcm.append.only.mixin"
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

    company_name = fields.Char(
        string="Company", compute="_compute_company_name", compute_sudo=True
    )
    changes_text = fields.Char(string="Changes", compute="_compute_changes")
    changes_json = fields.Text(string="Detail", compute="_compute_changes")
    seal_position = fields.Integer(string="Sealed in Block", compute="_compute_seal")

    _document_idx = models.Index("(model, res_id)")

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("company_id")
    def _compute_company_name(self):
        companies = self.env["res.company"].browse(set(self.mapped("company_id")))
        names = {company.id: company.name for company in companies.exists()}
        for row in self:
            row.company_name = names.get(row.company_id, "")

    @api.depends("payload_hash")
    def _compute_changes(self):
        bodies = self._rcm_bodies()
        for row in self:
            body = bodies.get(row.id)
            row.changes_json = (
                json.dumps(body, indent=2, ensure_ascii=False) if body else ""
            )
            words = row._rcm_in_words(body)
            parts = [words["state"], *words["changes"]]
            row.changes_text = "; ".join(
                self._rcm_change_text(part) for part in parts if part
            )

    @api.depends("logged_at")
    def _compute_seal(self):
        for row in self:
            row.seal_position = row._rcm_seal_position()

    def _rcm_change_text(self, change):
        if change["masked"]:
            return self.env._("%s changed", change["label"])
        return (
            f"{change['label']}: {change['before'] or '–'} → {change['after'] or '–'}"
        )

    def _rcm_seal_position(self):
        """Number of the block that holds this row, 0 while it waits for one."""
        self.env.cr.execute(
            SQL(
                """SELECT position FROM rcm_audit_seal
                    WHERE first_id <= %(id)s AND last_id >= %(id)s
                      AND ids @> ARRAY[%(id)s]::int[] LIMIT 1""",
                id=self.id or 0,
            )
        )
        found = self.env.cr.fetchone()
        return found[0] if found else 0

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_record(self):
        """Open the document this row speaks of."""
        self.ensure_one()
        self.check_access("read")
        record = (
            self.env[self.model].browse(self.res_id).exists()
            if self.model in self.env
            else None
        )
        if not record:
            raise UserError(self.env._("The document does not exist any more."))
        if not record.has_access("read"):
            raise AccessError(self.env._("You may not open this document."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "views": [[False, "form"]],
        }

    def action_export(self):
        """Export the chosen rows."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Export Audit Log"),
            "res_model": "rcm.audit.export",
            "view_mode": "form",
            "target": "new",
            "context": {"default_log_ids": self.ids},
        }

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
        appending = self._rcm_appending(rows, SQL("res_id"), SQL(""))
        self.env.cr.execute(SQL("WITH %s SELECT", appending))
        self._rcm_appended(rows)

    @api.model
    def _rcm_append_stored(self, insert, rows):
        """Run ``insert`` and append ``rows`` for what it stored, in one statement.

        :param SQL insert: it returns ``id`` and, as ``name``, what names each row
        :param dict rows: {name: row as for :meth:`_rcm_append`, without ``res_id``}
        :return: {name: id} of what was stored; of the rest nothing is logged
        """
        appending = self._rcm_appending(
            [{**row, "name": name} for name, row in rows.items()],
            SQL("stored.id"),
            SQL("JOIN stored ON stored.name = r.name"),
        )
        self.env.cr.execute(
            SQL(
                "WITH stored AS (%s), %s SELECT name, id FROM stored",
                insert,
                appending,
            ),
            log_exceptions=False,  # what is stored may be patient data
        )
        stored = dict(self.env.cr.fetchall())
        self._rcm_appended(
            [{**rows[name], "res_id": id_} for name, id_ in stored.items()]
        )
        return stored

    @api.model
    def _rcm_appended(self, rows):
        """What else is done with rows that were appended."""

    @api.model
    def _rcm_appending(self, rows, res_id, join):
        """The parts of a WITH that append ``rows``.

        :param SQL res_id: of which document, and with ``join`` from where it comes
        """
        actor = self._rcm_actor()
        return SQL(
            """
            fresh AS (
                SELECT nextval('rcm_audit_log_id_seq')::int AS id,
                       clock_timestamp() AT TIME ZONE 'UTC' AS logged_at,
                       %(res_id)s AS res_id, event, model, record_name, company_id,
                       correlation_id, source, payload_hash, body
                  FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(
                       event text, model text, res_id int, name text,
                       record_name text, company_id int, correlation_id text,
                       source text, payload_hash text, body text)
                  %(join)s
            ), logged AS (
                INSERT INTO rcm_audit_log (
                       id, logged_at, event, model, res_id, record_name,
                       company_id, correlation_id, actor_uid, actor_login,
                       actor_kind, source, payload_hash)
                SELECT id, logged_at, event, model, res_id, record_name,
                       company_id, correlation_id, %(uid)s, %(login)s,
                       %(kind)s, source, payload_hash
                  FROM fresh
            ), detailed AS (
                INSERT INTO rcm_audit_payload (log_id, logged_at, body)
                SELECT id, logged_at, body FROM fresh WHERE body IS NOT NULL
            )
            """,
            rows=json.dumps([self._rcm_prepare_row(row, actor) for row in rows]),
            res_id=res_id,
            join=join,
            uid=actor["uid"],
            login=actor["login"],
            kind=actor["kind"],
        )

    @api.model
    def _rcm_prepare_row(self, row, actor):
        """Return ``row`` as the insert wants it, with its detail in canonical form."""
        changes = row.get("changes")
        body = canonical_json(changes) if changes else None
        return {
            "event": row["event"],
            "model": row.get("model") or None,
            "res_id": row.get("res_id") or None,
            "name": row.get("name"),
            "record_name": row.get("record_name") or None,
            "company_id": row.get("company_id") or None,
            "correlation_id": row.get("correlation_id") or None,
            "source": actor["rule"] or row.get("source") or actor["source"],
            "payload_hash": sha256(body).hexdigest() if body else None,
            "body": body.decode() if body else None,
        }

    @api.model
    def _rcm_actor(self):
        """Who acts: the real user, also under ``sudo``, and through which door.

        What an automation rule does on a person's save is the rule's work.
        """
        user = self.env.user
        rule = self.env.cr.cache.get(RUNNING_RULE)
        if rule or self.env.uid == api.SUPERUSER_ID:
            kind = "automation"
        elif user.has_group("healthcare_rcm_base.group_integration"):
            kind = "integration"
        else:
            kind = "person"
        # One name for it, whatever language the person reads.
        rule_name = rule.with_context(lang=None).name if rule else None
        return {
            "uid": self.env.uid,
            "login": self._rcm_login(self.env.uid),
            "kind": kind,
            "source": rule_name or self._rcm_door(),
            "rule": rule_name,
        }

    @api.model
    @tools.ormcache("uid")
    def _rcm_login(self, uid):
        """What the actor signs in with; Odoo forgets it when it changes."""
        # a log names its actor
        return self.env["res.users"].sudo().browse(uid).login

    @api.model
    def _rcm_door(self):
        """Through which door the actor came, when the step does not say.

        Odoo takes the web request away while it serves XML-RPC and JSON-RPC.
        """
        if request:
            return "web"
        if not self.env.registry.ready:
            return "installation"
        scheduled = self.env.context.get("ir_cron_progress_id")  # no client sends it
        if scheduled or self.env.uid == api.SUPERUSER_ID:
            return "scheduled action"
        return "remote call"
