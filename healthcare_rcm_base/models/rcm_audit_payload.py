from odoo import api, fields, models
from odoo.tools import SQL

from . import rcm_audit_guard

BATCH_ROWS = 10_000


class RcmAuditPayload(models.Model):
    """The detail of an audit row: canonical JSON of {field: [before, after]}.

    Kept apart so that retention can drop it; the log row keeps its SHA-256.
    """

    _name = "rcm.audit.payload"
    _inherit = "rcm.append.only.mixin"
    _description = "Audit Detail"
    _order = "log_id desc"
    _log_access = False
    _rec_name = "log_id"

    log_id = fields.Integer(string="Audit Row", required=True, readonly=True)
    logged_at = fields.Datetime(string="Time", readonly=True, index=True)
    body = fields.Text(string="Changes", readonly=True)

    _log_unique = models.UniqueIndex("(log_id)", "An audit row has one detail.")

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    # ------------------------------------------------------------------
    # Retention (which details, and when: rcm.audit.retention)
    # ------------------------------------------------------------------
    @api.model
    def _rcm_drop_batch(self, condition, rule, limit=BATCH_ROWS):
        """Drop up to ``limit`` sealed details whose log row ``l`` fits ``condition``.

        The log names the ranges that were dropped and the rule it was done by, so
        the verification knows which details may be gone; the log's own records of
        holds and retention stay for ever.

        :param SQL condition: over the log row ``l``
        :param str rule: name of the retention rule, for the log
        :return: number of details dropped
        """
        cr = self.env.cr
        rcm_audit_guard.open_door(cr)
        cr.execute(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM rcm_audit_payload WHERE log_id IN (
                        SELECT p.log_id FROM rcm_audit_payload p
                          JOIN rcm_audit_log l ON l.id = p.log_id
                         WHERE %(condition)s AND l.event NOT LIKE 'rcm.audit.%%'
                           AND NOT EXISTS (SELECT FROM rcm_audit_pending w
                                            WHERE w.log_id = l.id)
                         ORDER BY p.log_id LIMIT %(limit)s)
                    RETURNING log_id
                ), islands AS (
                    SELECT log_id,
                           log_id - row_number() OVER (ORDER BY log_id) AS island
                      FROM gone
                )
                SELECT min(log_id), max(log_id) FROM islands
                 GROUP BY island ORDER BY 1
                """,
                condition=condition,
                limit=limit,
            )
        )
        ranges = cr.fetchall()
        rcm_audit_guard.close_door(cr)
        if not ranges:
            return 0
        self.invalidate_model()
        dropped = sum(last - first + 1 for first, last in ranges)
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "rcm.audit.retention.dropped",
                    "record_name": rule,
                    "changes": {"rows": [None, dropped], "ranges": [None, ranges]},
                }
            ]
        )
        return dropped
