import time

from odoo import api, models
from odoo.tools import SQL

from ..core.findings import ERROR, WARNING, Finding
from .rcm_audit_seal import BLOCK_HASH, GENESIS, ROW_DIGEST

BLOCKS_AT_ONCE = 20
ROWS_AT_ONCE = 100_000
MAX_FINDINGS = 100
BEFORE_FIRST_ID = -(2**31)


class RcmAuditVerification(models.AbstractModel):
    """Check of the audit log against its seals, in bounded memory.

    Everything is compared inside the database, window by window; only what is wrong
    comes out, named by row or block.
    """

    _name = "rcm.audit.verification"
    _description = "Audit Log Verification"

    @api.model
    def _rcm_verify(self, witness=None, details=True):
        """Check chain, rows, additions and details.

        :param dict witness: an exported head; finds a chain that was cut or rebuilt
        :param bool details: compare the stored details with their hashes as well
        :return: dict with ``ok``, ``rows``, ``blocks``, ``pending``, ``seconds``,
            ``head`` and ``findings`` (at most 100 ``Finding``)
        """
        started = time.monotonic()
        checks = [
            self._rcm_check_chain(),
            self._rcm_check_witness(witness),
            self._rcm_check_rows(),
            self._rcm_check_additions(),
            self._rcm_check_details() if details else (),
            self._rcm_check_sealing(),
        ]
        findings = []
        for check in checks:
            for finding in check:
                findings.append(finding)
                if len(findings) >= MAX_FINDINGS:
                    break
        return {
            "ok": not any(finding.is_error for finding in findings),
            "rows": self._rcm_scalar("SELECT sum(row_count) FROM rcm_audit_seal"),
            "blocks": self._rcm_scalar("SELECT count(*) FROM rcm_audit_seal"),
            "pending": self._rcm_scalar("SELECT count(*) FROM rcm_audit_pending"),
            "head": self.env["rcm.audit.seal"]._rcm_head(),
            "findings": findings[:MAX_FINDINGS],
            "seconds": time.monotonic() - started,
        }

    @api.model
    def _cron_verify(self):
        """Verify every day; a broken log opens a case on the first seal."""
        outcome = self._rcm_verify()
        if outcome["ok"]:
            return
        first = next(finding for finding in outcome["findings"] if finding.is_error)
        anchor = self.env["rcm.audit.seal"].search([], order="position", limit=1)
        self.env["rcm.exception.case"]._rcm_raise(
            "audit_broken",
            anchor,
            self.env._("%(code)s at %(place)s", code=first.code, place=first.location),
        )

    # ------------------------------------------------------------------
    # Checks: generators of findings
    # ------------------------------------------------------------------
    def _rcm_check_chain(self):
        """Every block has its number, its own hash and the hash of the one before."""
        expected_position, expected_prev, last = 1, GENESIS, 0
        while True:
            rows = self._rcm_rows(
                SQL(
                    """SELECT s.position, s.prev_hash, s.hash, %s AS computed
                         FROM rcm_audit_seal s WHERE s.position > %s
                        ORDER BY s.position LIMIT %s""",
                    BLOCK_HASH,
                    last,
                    BLOCKS_AT_ONCE,
                )
            )
            if not rows:
                return
            for row in rows:
                place = f"block {row['position']}"
                if row["position"] != expected_position:
                    yield Finding(
                        "block_missing",
                        ERROR,
                        f"block {expected_position}",
                        expected_position,
                        row["position"],
                    )
                if row["hash"] != row["computed"]:
                    yield Finding(
                        "block_changed", ERROR, place, row["hash"], row["computed"]
                    )
                if row["prev_hash"] != expected_prev:
                    yield Finding(
                        "chain_broken", ERROR, place, expected_prev, row["prev_hash"]
                    )
                expected_position = row["position"] + 1
                expected_prev = row["hash"]
                last = row["position"]

    def _rcm_check_witness(self, witness):
        """The chain still contains the head somebody keeps outside."""
        if not witness:
            return
        rows = self._rcm_rows(
            SQL(
                "SELECT hash FROM rcm_audit_seal WHERE position = %s",
                int(witness["position"]),
            )
        )
        place = f"block {witness['position']}"
        if not rows:
            yield Finding("tail_cut", ERROR, place, witness["hash"], None)
        elif rows[0]["hash"] != witness["hash"]:
            yield Finding(
                "chain_rebuilt", ERROR, place, witness["hash"], rows[0]["hash"]
            )

    def _rcm_check_rows(self):
        """Every sealed row is there and unchanged.

        Whole blocks are compared; only a block that differs is taken apart.
        """
        last = 0
        while True:
            blocks = self._rcm_rows(
                SQL(
                    """
                    SELECT s.position,
                           (SELECT string_agg(CASE WHEN l.id IS NULL THEN '' ELSE %s
                                              END, ''::bytea ORDER BY u.ord)
                              FROM unnest(s.ids) WITH ORDINALITY u(id, ord)
                              LEFT JOIN rcm_audit_log l ON l.id = u.id
                           ) = s.digests AS same
                      FROM rcm_audit_seal s
                     WHERE s.position > %s ORDER BY s.position LIMIT %s
                    """,
                    ROW_DIGEST,
                    last,
                    BLOCKS_AT_ONCE,
                )
            )
            if not blocks:
                return
            for block in blocks:
                if not block["same"]:
                    yield from self._rcm_check_block_rows(block["position"])
            last = blocks[-1]["position"]

    def _rcm_check_block_rows(self, position):
        """Name the rows of one block that are missing or changed."""
        rows = self._rcm_rows(
            SQL(
                """
                SELECT u.id, l.id IS NULL AS missing
                  FROM (SELECT ids, digests FROM rcm_audit_seal
                         WHERE position = %s) s
                 CROSS JOIN unnest(s.ids) WITH ORDINALITY u(id, ord)
                  LEFT JOIN rcm_audit_log l ON l.id = u.id
                 WHERE l.id IS NULL
                    OR %s <> substring(s.digests from (u.ord::int - 1) * 32 + 1 for 32)
                 ORDER BY u.id LIMIT %s
                """,
                position,
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

    def _rcm_check_additions(self):
        """No row is outside the seals and the queue, none sealed twice or late."""
        last = BEFORE_FIRST_ID
        while True:
            window = self._rcm_rows(
                SQL(
                    """SELECT max(id) AS last FROM (SELECT id FROM rcm_audit_log
                        WHERE id > %s ORDER BY id LIMIT %s) w""",
                    last,
                    ROWS_AT_ONCE,
                )
            )[0]["last"]
            if window is None:
                return
            yield from self._rcm_check_window(last, window)
            last = window

    def _rcm_check_window(self, after, until):
        rows = self._rcm_rows(
            SQL(
                """
                WITH sealed AS (
                    SELECT u.id, count(*) AS times
                      FROM rcm_audit_seal s CROSS JOIN unnest(s.ids) AS u(id)
                     WHERE s.first_id <= %(until)s AND s.last_id > %(after)s
                       AND u.id > %(after)s AND u.id <= %(until)s
                     GROUP BY u.id
                )
                SELECT l.id, z.times
                  FROM rcm_audit_log l
                  LEFT JOIN sealed z ON z.id = l.id
                  LEFT JOIN rcm_audit_pending p ON p.log_id = l.id
                 WHERE l.id > %(after)s AND l.id <= %(until)s
                   AND (CASE WHEN p.log_id IS NULL THEN 0 ELSE 1 END
                        + coalesce(z.times, 0)) <> 1
                 ORDER BY l.id LIMIT %(limit)s
                """,
                after=after,
                until=until,
                limit=MAX_FINDINGS,
            )
        )
        for row in rows:
            code = "row_sealed_twice" if row["times"] else "row_inserted"
            yield Finding(code, ERROR, f"row {row['id']}", 1, row["times"] or 0)

    def _rcm_check_details(self):
        """Stored details have the hash of their row; none is gone before its time."""
        cutoff = self._rcm_detail_cutoff()
        last = BEFORE_FIRST_ID
        while True:
            until = self._rcm_rows(
                SQL(
                    """SELECT max(id) AS last FROM (SELECT id FROM rcm_audit_log
                        WHERE id > %s ORDER BY id LIMIT %s) w""",
                    last,
                    ROWS_AT_ONCE,
                )
            )[0]["last"]
            if until is None:
                return
            rows = self._rcm_rows(
                SQL(
                    """
                    SELECT coalesce(l.id, p.log_id) AS id, p.log_id IS NULL AS missing
                      FROM (SELECT id, logged_at, payload_hash FROM rcm_audit_log
                             WHERE id > %(after)s AND id <= %(until)s) l
                      FULL JOIN (SELECT log_id, body FROM rcm_audit_payload
                                  WHERE log_id > %(after)s AND log_id <= %(until)s) p
                        ON p.log_id = l.id
                     WHERE CASE WHEN p.log_id IS NULL
                           THEN l.payload_hash IS NOT NULL
                                AND l.logged_at >= %(cutoff)s
                           ELSE encode(sha256(convert_to(p.body, 'UTF8')), 'hex')
                                IS DISTINCT FROM l.payload_hash END
                     ORDER BY 1 LIMIT %(limit)s
                    """,
                    after=last,
                    until=until,
                    cutoff=cutoff,
                    limit=MAX_FINDINGS,
                )
            )
            for row in rows:
                code = "detail_missing" if row["missing"] else "detail_changed"
                yield Finding(code, ERROR, f"row {row['id']}")
            last = until

    def _rcm_check_sealing(self):
        """Rows that wait for their seal longer than an hour are reported."""
        waiting = self._rcm_scalar(
            """SELECT count(*) FROM rcm_audit_pending
                WHERE queued_at < (now() AT TIME ZONE 'UTC') - interval '1 hour'"""
        )
        if waiting:
            yield Finding("sealing_overdue", WARNING, "", 0, waiting)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_detail_cutoff(self):
        """Details older than this were dropped by retention, and that was logged."""
        return (
            self._rcm_scalar(
                """SELECT max(record_name) FROM rcm_audit_log
                    WHERE event = 'rcm.audit.detail_dropped'"""
            )
            or "1970-01-01"
        )

    def _rcm_rows(self, query):
        self.env.cr.execute(query)
        return self.env.cr.dictfetchall()

    def _rcm_scalar(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchone()[0] or 0
