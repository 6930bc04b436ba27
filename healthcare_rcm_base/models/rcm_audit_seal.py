import json
import logging

from odoo import api, fields, models
from odoo.tools import SQL

from . import rcm_audit_guard

_logger = logging.getLogger(__name__)

BLOCK_ROWS = 10_000
# Details of one block that are hashed at once; more are checked row by row.
DETAIL_BYTES_AT_ONCE = 64_000_000
VERSION = 2
GENESIS = "0" * 64
# One sealer at a time in a database (any constant that others do not use).
_LOCK = 7_241_905_113

# A block is hashed by the rules of its version; older blocks keep theirs.
#
# Version 2: a row is PostgreSQL's binary form of these 13 values (number of values;
# for each its type, length and bytes), which has no ambiguous borders, is quick to
# make and can be made again outside. The block chains one hash over all its rows,
# one over all its details (where none was missing when it was sealed), and one for
# each row, by which a changed row is named.
ROW_BYTES = SQL("""record_send(ROW(
    l.id, l.logged_at, l.event::text, l.model::text, l.res_id, l.record_name::text,
    l.company_id, l.correlation_id::text, l.actor_uid, l.actor_login::text,
    l.actor_kind::text, l.source::text, l.payload_hash::text))""")
ROW_DIGEST = SQL("sha256(%s)", ROW_BYTES)
DETAIL_BYTES = SQL("record_send(ROW(p.log_id, p.body::text))")

# Version 1: a row is a JSON array.
ROW_DIGEST_1 = SQL("""sha256(convert_to(jsonb_build_array(
    l.id, l.logged_at, l.event, l.model, l.res_id, l.record_name, l.company_id,
    l.correlation_id, l.actor_uid, l.actor_login, l.actor_kind, l.source,
    l.payload_hash)::text, 'UTF8'))""")

# SHA-256 of a block ``s``: its place, its rows and the block before it.
BLOCK_HASH = SQL("""encode(sha256(convert_to(concat_ws('|', s.version, s.position,
    to_jsonb(s.sealed_at)::text, s.prev_hash, array_to_string(s.ids, ','),
    CASE WHEN s.version > 1 THEN concat_ws('|', encode(s.rows_hash, 'hex'),
        coalesce(encode(s.details_hash, 'hex'), '-'), s.detail_count) END),
    'UTF8') || s.digests), 'hex')""")


class RcmAuditSeal(models.Model):
    """A block of sealed log rows, chained to the block before it: append-only.

    The log's insert trigger queues every row; only committed rows are visible in
    the queue, so a transaction that commits late is sealed later and never skipped.
    """

    _name = "rcm.audit.seal"
    _inherit = ["rcm.append.only.mixin", "rcm.audit.mixin"]
    _description = "Audit Seal"
    _order = "position desc"
    _log_access = False
    _rec_name = "position"

    position = fields.Integer(required=True, readonly=True, aggregator="max")
    sealed_at = fields.Datetime(required=True, readonly=True)
    version = fields.Integer(readonly=True, aggregator=None)
    row_count = fields.Integer(string="Rows", readonly=True)
    first_id = fields.Integer(string="First Row", readonly=True, aggregator=None)
    last_id = fields.Integer(string="Last Row", readonly=True, aggregator=None)
    prev_hash = fields.Char(string="Previous Hash", readonly=True)
    hash = fields.Char(readonly=True)

    _position_unique = models.UniqueIndex("(position)", "Seals are numbered once.")
    _range_idx = models.Index("(first_id, last_id)")

    def init(self):
        self.env.cr.execute(
            "ALTER TABLE rcm_audit_seal "
            "ADD COLUMN IF NOT EXISTS ids integer[], "
            "ADD COLUMN IF NOT EXISTS digests bytea, "
            "ADD COLUMN IF NOT EXISTS rows_hash bytea, "
            "ADD COLUMN IF NOT EXISTS details_hash bytea, "
            "ADD COLUMN IF NOT EXISTS detail_count integer"
        )
        rcm_audit_guard.install(self.env.cr, self._table)

    # ------------------------------------------------------------------
    # Sealing
    # ------------------------------------------------------------------
    @api.model
    def _rcm_seal_block(self, limit=BLOCK_ROWS):
        """Seal up to ``limit`` waiting rows as one block; return how many.

        A row that vanished between its commit and its sealing is sealed as zeros,
        so the verification reports it as missing.
        """
        cr = self.env.cr
        cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", _LOCK))
        if not cr.fetchone()[0]:
            return 0
        rcm_audit_guard.open_door(cr)
        cr.execute(
            SQL(
                """
                WITH taken AS (
                    DELETE FROM rcm_audit_pending WHERE log_id IN (
                        SELECT log_id FROM rcm_audit_pending
                         ORDER BY log_id LIMIT %(limit)s)
                    RETURNING log_id
                ), read AS (
                    SELECT t.log_id, l.id IS NULL AS gone, %(bytes)s AS bytes,
                           octet_length(p.body) AS size,
                           CASE WHEN p.log_id IS NOT NULL THEN %(detail)s END
                               AS detail,
                           encode(sha256(convert_to(p.body, 'UTF8')), 'hex')
                               IS NOT DISTINCT FROM l.payload_hash AS agrees
                      FROM taken t
                      LEFT JOIN rcm_audit_log l ON l.id = t.log_id
                      LEFT JOIN rcm_audit_payload p ON p.log_id = t.log_id
                ), head AS (
                    SELECT position, hash FROM rcm_audit_seal
                     ORDER BY position DESC LIMIT 1
                ), s AS (
                    SELECT %(version)s AS version,
                           coalesce((SELECT position FROM head), 0) + 1 AS position,
                           clock_timestamp() AT TIME ZONE 'UTC' AS sealed_at,
                           coalesce((SELECT hash FROM head), %(genesis)s) AS prev_hash,
                           count(*)::int AS row_count,
                           min(log_id) AS first_id, max(log_id) AS last_id,
                           array_agg(log_id ORDER BY log_id) AS ids,
                           string_agg(CASE WHEN gone THEN %(zeros)s
                                      ELSE sha256(bytes) END, ''::bytea
                                      ORDER BY log_id) AS digests,
                           sha256(string_agg(bytes, ''::bytea ORDER BY log_id)
                                  FILTER (WHERE NOT gone)) AS rows_hash,
                           CASE WHEN bool_and(agrees)
                                 AND coalesce(sum(size), 0) < %(at_once)s
                           THEN sha256(coalesce(string_agg(detail, ''::bytea
                                  ORDER BY log_id), ''::bytea)) END AS details_hash,
                           count(detail)::int AS detail_count
                      FROM read
                )
                INSERT INTO rcm_audit_seal (version, position, sealed_at, prev_hash,
                       row_count, first_id, last_id, ids, digests, rows_hash,
                       details_hash, detail_count, hash)
                SELECT version, position, sealed_at, prev_hash, row_count, first_id,
                       last_id, ids, digests, rows_hash, details_hash, detail_count,
                       %(block)s
                  FROM s WHERE row_count > 0
                RETURNING row_count
                """,
                limit=limit,
                bytes=ROW_BYTES,
                detail=DETAIL_BYTES,
                at_once=DETAIL_BYTES_AT_ONCE,
                zeros=SQL("decode(%s, 'hex')", GENESIS),
                version=VERSION,
                genesis=GENESIS,
                block=BLOCK_HASH,
            )
        )
        sealed = cr.fetchone()
        rcm_audit_guard.close_door(cr)
        return sealed[0] if sealed else 0

    @api.model
    def _cron_seal(self):
        """Seal everything that waits, block by block, each in its transaction."""
        Cron = self.env["ir.cron"]
        self.env.cr.execute("SELECT count(*) FROM rcm_audit_pending")
        Cron._commit_progress(remaining=self.env.cr.fetchone()[0])
        while sealed := self._rcm_seal_block():
            if not Cron._commit_progress(sealed):
                break

    # ------------------------------------------------------------------
    # The head: what an outside witness keeps
    # ------------------------------------------------------------------
    @api.model
    def _rcm_head(self):
        """Return the newest seal as a dict to be kept outside; None before one."""
        self.env.cr.execute(
            """SELECT position, hash, to_jsonb(sealed_at) #>> '{}' AS sealed_at,
                      (SELECT sum(row_count) FROM rcm_audit_seal) AS rows
                 FROM rcm_audit_seal ORDER BY position DESC LIMIT 1"""
        )
        found = self.env.cr.dictfetchone()
        return found and {
            **found,
            "rows": int(found["rows"]),
            "database": self.env.cr.dbname,
        }

    @api.model
    def _rcm_head_file(self):
        """Return the head as the bytes of a small JSON file."""
        return (json.dumps(self._rcm_head(), indent=2, sort_keys=True) + "\n").encode()
