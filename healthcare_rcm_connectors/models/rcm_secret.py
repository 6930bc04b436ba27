import base64
import logging
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.tools.caches import forget

from ..tools import at_rest
from ..tools.last_use import note_use

_logger = logging.getLogger(__name__)

SECRET_BYTES = 32
OVERLAP_HOURS = 24


class RcmSecret(models.Model):
    """A signing secret of an endpoint or a sender: its dates, never its value.

    The value lies, encrypted where the server has a key for that, in a column that no
    field reads; it is shown once, when it is made, and afterwards only signs and
    verifies. The one before stays valid for a while, so that the other side can change
    over without losing a message.
    """

    _name = "rcm.secret"
    _inherit = ["rcm.audit.mixin", "rcm.remembered.mixin"]
    _description = "Signing Secret"
    _order = "id desc"
    _rec_name = "res_model"
    _rcm_audit_fields = ("res_model", "res_id", "valid_until")

    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Of", model_field="res_model", required=True, readonly=True
    )
    valid_until = fields.Datetime(
        readonly=True, help="Empty: valid until it is replaced or revoked."
    )
    last_used_at = fields.Datetime(string="Last Use", readonly=True)

    _by_owner = models.Index("(res_model, res_id)")

    def init(self):
        self.env.cr.execute(
            SQL("ALTER TABLE rcm_secret ADD COLUMN IF NOT EXISTS secret varchar")
        )

    @api.model
    def _rcm_rotate(self, record, overlap_hours=OVERLAP_HOURS):
        """Make a new secret of ``record`` and return its text, the only time.

        :param float overlap_hours: how long the present one goes on being valid
        """
        record.ensure_one()
        now = fields.Datetime.now()
        until = now + timedelta(hours=overlap_hours)
        self._rcm_of(record).filtered(
            lambda old: not old.valid_until or old.valid_until > until
        ).write({"valid_until": until})
        made = self.create({"res_model": record._name, "res_id": record.id})
        text = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        made._rcm_set_text(text)
        return text

    @api.model
    def _rcm_keep(self, record, text):
        """Keep a credential that another system gave us for ``record``.

        It replaces the one before at once; like a signing secret it is never shown.
        """
        record.ensure_one()
        self._rcm_revoke_of(record)
        made = self.create({"res_model": record._name, "res_id": record.id})
        made._rcm_set_text(text)

    def _rcm_set_text(self, text):
        self.flush_recordset()
        try:
            stored = at_rest.seal(text)
        except at_rest.SecretLocked as error:
            raise UserError(
                self.env._("The server's key for secrets cannot be used: %s.", error)
            ) from error
        self._rcm_store(self.id, stored)
        forget(self.env)

    def _rcm_store(self, id_, stored):
        self.env.cr.execute(
            SQL("UPDATE rcm_secret SET secret = %s WHERE id = %s", stored, id_),
            log_exceptions=False,
        )

    # ------------------------------------------------------------------
    # Encryption at rest
    # ------------------------------------------------------------------
    @api.autovacuum
    def _rcm_seal_again(self):
        """Encrypt by the present key what lies plain or under an earlier one."""
        if not at_rest.is_configured():
            return
        for id_, stored in self._rcm_stored():
            if at_rest.state(stored) in (at_rest.PLAIN, at_rest.OLDER):
                self._rcm_store(id_, at_rest.seal(at_rest.unseal(stored)))

    @api.model
    def _rcm_states_at_rest(self):
        """How secrets lie in the database: the states of :mod:`..tools.at_rest`."""
        return {at_rest.state(stored) for _id, stored in self._rcm_stored()}

    @api.model
    def _rcm_stored(self):
        return self.env.execute_query(
            SQL("SELECT id, secret FROM rcm_secret WHERE secret IS NOT NULL")
        )

    # ------------------------------------------------------------------
    # For signing and verifying
    # ------------------------------------------------------------------

    @api.model
    def _rcm_revoke_of(self, records):
        """Make every secret of these records useless at once."""
        now = fields.Datetime.now()
        for record in records:
            self._rcm_of(record).write({"valid_until": now})

    @api.model
    def _rcm_of(self, record):
        """The secrets of ``record`` that are valid now, newest first."""
        return self.search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                "|",
                ("valid_until", "=", False),
                ("valid_until", ">", fields.Datetime.now()),
            ]
        )

    @api.model
    def _rcm_texts_of(self, model, ids):
        """``{record id: [secret, …]}``, valid ones, newest first; for signing only."""
        found = {}
        for res_id, text, _until in self._rcm_dated_texts(model, ids):
            found.setdefault(res_id, []).append(text)
        return found

    @api.model
    def _rcm_dated_texts(self, model, ids):
        """[(record id, secret, valid until or None), …], newest first.

        A secret that no key of this server opens is left out, and told of.
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, res_id, secret, valid_until FROM rcm_secret
                 WHERE res_model = %s AND res_id = ANY(%s) AND secret IS NOT NULL
                   AND (valid_until IS NULL OR valid_until > %s)
                 ORDER BY id DESC
                """,
                model,
                list(ids),
                fields.Datetime.now(),
            )
        )
        found = []
        for id_, res_id, stored, until in rows:
            try:
                found.append((res_id, at_rest.unseal(stored), until))
            except at_rest.SecretLocked as error:
                _logger.error("Secret %s cannot be used: %s", id_, error)
        return found

    @api.model
    def _rcm_touch(self, connector_id):
        note_use(
            self,
            SQL(
                "res_model = 'rcm.connector' AND res_id = %s AND (valid_until IS NULL"
                " OR valid_until > now() AT TIME ZONE 'UTC')",
                connector_id,
            ),
        )

    def _rcm_audit_name(self):
        return f"{self.res_model},{self.res_id}"
