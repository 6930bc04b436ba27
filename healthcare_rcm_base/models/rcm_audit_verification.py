import time
from itertools import islice

from odoo import api, models
from odoo.tools import SQL

from ..core.findings import ERROR, WARNING, Finding
from .rcm_audit_seal import BLOCK_HASH, GENESIS

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
            self._rcm_check_blocks(details),
            self._rcm_check_additions(),
            self._rcm_check_loose_details() if details else (),
            self._rcm_check_sealing(),
        ]
        findings = []
        for check in checks:
            findings.extend(islice(check, MAX_FINDINGS - len(findings)))
        return {
            "ok": not any(finding.is_error for finding in findings),
            "rows": self._rcm_scalar("SELECT sum(row_count) FROM rcm_audit_seal"),
            "blocks": self._rcm_scalar("SELECT count(*) FROM rcm_audit_seal"),
            "pending": self._rcm_scalar("SELECT count(*) FROM rcm_audit_pending"),
            "head": self.env["rcm.audit.seal"]._rcm_head(),
            "findings": findings,
            "seconds": time.monotonic() - started,
        }

    @api.model
    def _cron_verify(self):
        """Verify every day; a broken log opens a case on the first seal."""
        outcome = self._rcm_verify(witness=self._rcm_last_witness())
        if outcome["ok"]:
            return
        first = next(finding for finding in outcome["findings"] if finding.is_error)
        anchor = self.env["rcm.audit.seal"].search([], order="position", limit=1)
        self.env["rcm.exception.case"]._rcm_raise(
            "audit_broken",
            anchor,
            self.env._("%(code)s at %(place)s", code=first.code, place=first.location),
        )

    @api.model
    def _rcm_last_witness(self):
        """The head that was handed out last: one more thing a forger has to know of."""
        given = self.env["rcm.audit.witness"].search(
            [("last_position", "!=", 0)], order="last_position desc", limit=1
        )
        return given and {"position": given.last_position, "hash": given.last_hash}

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

    def _rcm_check_additions(self):
        """No row is outside the seals and the queue, none sealed twice or late.

        Counting is enough while every sealed row is there and no two blocks reach
        into each other; where they do, and where the count differs, rows are compared.
        """
        for after, until in self._rcm_overlaps():
            yield from self._rcm_check_range(after, until)
        rows = self._rcm_scalar("SELECT count(*) FROM rcm_audit_log")
        known = self._rcm_scalar(
            """SELECT (SELECT coalesce(sum(row_count), 0) FROM rcm_audit_seal)
                    + (SELECT count(*) FROM rcm_audit_pending p
                         JOIN rcm_audit_log l ON l.id = p.log_id)"""
        )
        if rows != known:
            yield from self._rcm_check_range(BEFORE_FIRST_ID, None)

    def _rcm_overlaps(self):
        """Yield (after, until) of the ids that lie in the span of several blocks."""
        rows = self._rcm_rows(
            "SELECT first_id, last_id FROM rcm_audit_seal ORDER BY first_id, last_id"
        )
        reach = None
        for row in rows:
            if reach is not None and row["first_id"] <= reach:
                yield row["first_id"] - 1, min(reach, row["last_id"])
            reach = max(row["last_id"], BEFORE_FIRST_ID if reach is None else reach)

    def _rcm_check_range(self, after, until):
        """Compare the rows above ``after`` (to ``until``), a window at a time."""
        while True:
            last = self._rcm_rows(
                SQL(
                    """SELECT max(id) AS last FROM (SELECT id FROM rcm_audit_log
                        WHERE id > %s %s ORDER BY id LIMIT %s) w""",
                    after,
                    SQL("AND id <= %s", until) if until is not None else SQL(),
                    ROWS_AT_ONCE,
                )
            )[0]["last"]
            if last is None:
                return
            yield from self._rcm_check_window(after, last)
            after = last

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
    def _rcm_rows(self, query):
        self.env.cr.execute(query)
        return self.env.cr.dictfetchall()

    def _rcm_scalar(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchone()[0] or 0
