from odoo import models
from odoo.tools import SQL

from ..core.findings import ERROR, Finding
from .rcm_audit_seal import (
    BLOCK_ROWS,
    DETAIL_BYTES,
    ROW_BYTES,
    ROW_DIGEST,
    ROW_DIGEST_1,
)
from .rcm_audit_verification import BLOCKS_AT_ONCE, MAX_FINDINGS

# A block that spans more ids than this is read by its list of ids, not by its span.
MAX_SPAN = 4 * BLOCK_ROWS

_NO_BYTES = SQL("''::bytea")

# Rows of block ``s`` in order; ``straight``: its span holds its rows and no others.
_ROWS = SQL(
    """CASE
    WHEN s.version = 1 THEN (
        SELECT string_agg(CASE WHEN l.id IS NULL THEN '' ELSE %(digest_1)s END,
                          %(none)s ORDER BY u.ord) = s.digests
          FROM unnest(s.ids) WITH ORDINALITY u(id, ord)
          LEFT JOIN rcm_audit_log l ON l.id = u.id)
    WHEN c.straight THEN (
        SELECT array_agg(w.id) = s.ids
               AND sha256(string_agg(w.bytes, %(none)s)) = s.rows_hash
          FROM (SELECT l.id, %(bytes)s AS bytes FROM rcm_audit_log l
                 WHERE l.id BETWEEN s.first_id AND s.last_id ORDER BY l.id) w)
    ELSE (
        SELECT bool_and(w.id IS NOT NULL)
               AND sha256(string_agg(w.bytes, %(none)s)) = s.rows_hash
          FROM (SELECT l.id, %(bytes)s AS bytes
                  FROM unnest(s.ids) WITH ORDINALITY u(id, ord)
                  LEFT JOIN rcm_audit_log l ON l.id = u.id ORDER BY u.ord) w)
    END""",
    bytes=ROW_BYTES,
    digest_1=ROW_DIGEST_1,
    none=_NO_BYTES,
)
_DETAILS = SQL(
    """CASE
    WHEN s.details_hash IS NULL THEN false
    WHEN c.straight THEN (
        SELECT count(*) = s.detail_count
               AND sha256(coalesce(string_agg(w.bytes, %(none)s), %(none)s))
                   = s.details_hash
          FROM (SELECT %(bytes)s AS bytes FROM rcm_audit_payload p
                 WHERE p.log_id BETWEEN s.first_id AND s.last_id
                 ORDER BY p.log_id) w)
    ELSE (
        SELECT count(*) = s.detail_count
               AND sha256(coalesce(string_agg(w.bytes, %(none)s), %(none)s))
                   = s.details_hash
          FROM (SELECT %(bytes)s AS bytes
                  FROM unnest(s.ids) WITH ORDINALITY u(id, ord)
                  JOIN rcm_audit_payload p ON p.log_id = u.id ORDER BY u.ord) w)
    END""",
    bytes=DETAIL_BYTES,
    none=_NO_BYTES,
)
# Details there should be while retention has dropped none.
_COUNTED = """SELECT (SELECT coalesce(sum(detail_count), 0) FROM rcm_audit_seal)
    + (SELECT count(*) FROM rcm_audit_pending w
         JOIN rcm_audit_payload p ON p.log_id = w.log_id)"""
# What is wrong with the detail ``p`` of row ``l``.
_DETAIL_IS_WRONG = SQL(
    """CASE WHEN p.log_id IS NULL THEN l.payload_hash IS NOT NULL
            ELSE encode(sha256(convert_to(p.body, 'UTF8')), 'hex')
                 IS DISTINCT FROM l.payload_hash END"""
)


class RcmAuditVerificationRows(models.AbstractModel):
    """The rows and details of the blocks.

    One hash a block tells whether all its rows are as they were sealed, and another
    whether all its details are; only a block that differs is taken apart.
    """

    _inherit = "rcm.audit.verification"

    def _rcm_check_blocks(self, details=True):
        """Every sealed row is there and unchanged, and so is its detail."""
        dropped = self._rcm_load_dropped() if details else None
        last = 0
        while blocks := self._rcm_compare_blocks(last, details):
            for block in blocks:
                if not block["same"]:
                    yield from self._rcm_check_block_rows(block["position"])
                if not block["details_same"]:
                    yield from self._rcm_check_block_details(block["position"], dropped)
            last = blocks[-1]["position"]

    def _rcm_compare_blocks(self, after, details):
        return self._rcm_rows(
            SQL(
                """
                SELECT s.position, %(rows)s AS same, %(details)s AS details_same
                  FROM rcm_audit_seal s
                 CROSS JOIN LATERAL (SELECT s.last_id - s.first_id < %(span)s AND (
                       SELECT count(*) FROM rcm_audit_log l
                        WHERE l.id BETWEEN s.first_id AND s.last_id) = s.row_count
                       AS straight) c
                 WHERE s.position > %(after)s ORDER BY s.position LIMIT %(limit)s
                """,
                rows=_ROWS,
                details=_DETAILS if details else SQL("true"),
                span=MAX_SPAN,
                after=after,
                limit=BLOCKS_AT_ONCE,
            )
        )

    # ------------------------------------------------------------------
    # A block that differs
    # ------------------------------------------------------------------
    def _rcm_check_block_rows(self, position):
        """Name the rows of one block that are missing or changed."""
        rows = self._rcm_rows(
            SQL(
                """
                SELECT u.id, l.id IS NULL AS missing
                  FROM (SELECT version, ids, digests FROM rcm_audit_seal
                         WHERE position = %s) s
                 CROSS JOIN unnest(s.ids) WITH ORDINALITY u(id, ord)
                  LEFT JOIN rcm_audit_log l ON l.id = u.id
                 WHERE l.id IS NULL
                    OR CASE WHEN s.version = 1 THEN %s ELSE %s END
                       <> substring(s.digests from (u.ord::int - 1) * 32 + 1 for 32)
                 ORDER BY u.id LIMIT %s
                """,
                position,
                ROW_DIGEST_1,
                ROW_DIGEST,
                MAX_FINDINGS,
            )
        )
        for row in rows:
            yield Finding(
                "row_missing" if row["missing"] else "row_changed",
                ERROR,
                f"row {row['id']}",
                f"block {position}",
            )
        if not rows:
            yield Finding("block_changed", ERROR, f"block {position}")

    def _rcm_check_block_details(self, position, dropped):
        """Name the details of one block that are gone before their time or changed."""
        yield from self._rcm_name_details(
            SQL(
                """FROM (SELECT ids FROM rcm_audit_seal WHERE position = %s) s
                   CROSS JOIN unnest(s.ids) u(id)
                   JOIN rcm_audit_log l ON l.id = u.id
                   LEFT JOIN rcm_audit_payload p ON p.log_id = l.id""",
                position,
            ),
            dropped,
        )

    def _rcm_check_loose_details(self):
        """Details of rows that wait for their seal, and details without a row."""
        yield from self._rcm_name_details(
            SQL(
                """FROM rcm_audit_pending w
                   JOIN rcm_audit_log l ON l.id = w.log_id
                   LEFT JOIN rcm_audit_payload p ON p.log_id = l.id"""
            ),
            SQL("false"),
        )
        if self._rcm_scalar(_COUNTED) == self._rcm_scalar(
            "SELECT count(*) FROM rcm_audit_payload"
        ):
            return
        rows = self._rcm_rows(
            SQL(
                """SELECT p.log_id AS id FROM rcm_audit_payload p
                    WHERE NOT EXISTS (SELECT FROM rcm_audit_log l
                                       WHERE l.id = p.log_id)
                    ORDER BY 1 LIMIT %s""",
                MAX_FINDINGS,
            )
        )
        for row in rows:
            yield Finding("detail_orphan", ERROR, f"row {row['id']}")

    def _rcm_name_details(self, source, dropped):
        rows = self._rcm_rows(
            SQL(
                """SELECT l.id, p.log_id IS NULL AS missing %s
                    WHERE %s AND NOT (p.log_id IS NULL AND %s)
                    ORDER BY l.id LIMIT %s""",
                source,
                _DETAIL_IS_WRONG,
                dropped,
                MAX_FINDINGS,
            )
        )
        for row in rows:
            code = "detail_missing" if row["missing"] else "detail_changed"
            yield Finding(code, ERROR, f"row {row['id']}")

    def _rcm_load_dropped(self):
        """Return SQL that says whether retention dropped the detail of row ``l``.

        Each retention batch logs the ranges it dropped; what was taken away past it
        is in none of them. The ranges count only if their own hash is right.
        """
        cr = self.env.cr
        cr.execute("DROP TABLE IF EXISTS pg_temp.rcm_audit_dropped")
        cr.execute(
            """
            CREATE TEMP TABLE rcm_audit_dropped ON COMMIT DROP AS
            WITH batches AS MATERIALIZED (
                SELECT p.body FROM rcm_audit_log l
                  JOIN rcm_audit_payload p ON p.log_id = l.id
                 WHERE l.event = 'rcm.audit.retention.dropped'
                   AND encode(sha256(convert_to(p.body, 'UTF8')), 'hex')
                       = l.payload_hash)
            SELECT (r ->> 0)::int AS first_id, (r ->> 1)::int AS last_id
              FROM batches,
                   jsonb_array_elements(body::jsonb -> 'ranges' -> 1) AS r
            """
        )
        if not cr.rowcount:
            return SQL("false")
        cr.execute("CREATE INDEX ON rcm_audit_dropped (first_id, last_id)")
        return SQL(
            """coalesce((SELECT d.last_id FROM rcm_audit_dropped d
                          WHERE d.first_id <= l.id
                          ORDER BY d.first_id DESC LIMIT 1) >= l.id, false)"""
        )
