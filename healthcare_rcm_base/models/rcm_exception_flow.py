from odoo import fields, models
from odoo.tools import SQL

from .rcm_exception_type import KINDS, SEVERITIES


class RcmExceptionFlow(models.Model):
    """Cases that came and cases that were closed: one row for each."""

    _name = "rcm.exception.flow"
    _description = "Exception Throughput"
    _auto = False
    _rec_name = "case_id"
    _order = "moved_at desc"

    case_id = fields.Many2one("rcm.exception.case", readonly=True)
    movement = fields.Selection(
        [("opened", "Opened"), ("resolved", "Resolved"), ("dismissed", "Dismissed")],
        readonly=True,
    )
    moved_at = fields.Datetime(string="When", readonly=True)
    type_id = fields.Many2one("rcm.exception.type", readonly=True)
    queue_id = fields.Many2one("rcm.exception.queue", readonly=True)
    owner_id = fields.Many2one("res.users", string="Owner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    severity = fields.Selection(SEVERITIES, readonly=True)
    in_time = fields.Boolean(
        readonly=True, help="The target of the case was not missed."
    )
    amount = fields.Monetary(string="Amount at Stake", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    @property
    def _table_query(self):
        columns = SQL(
            """c.id AS case_id, c.type_id, c.queue_id, c.owner_id, c.company_id,
               c.facility_id, c.payer_id, c.kind, c.severity, c.amount,
               NOT coalesce(c.breached, false) AS in_time, co.currency_id
               FROM rcm_exception_case c JOIN res_company co ON co.id = c.company_id"""
        )
        return SQL(
            """
            SELECT 2 * c.id AS id, 'opened' AS movement, c.first_seen_at AS moved_at,
                   %(columns)s
             UNION ALL
            SELECT 2 * c.id + 1, c.state, c.resolved_at, %(columns)s
             WHERE c.state IN ('resolved', 'dismissed')
            """,
            columns=columns,
        )
