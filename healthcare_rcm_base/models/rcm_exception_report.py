from odoo import fields, models
from odoo.tools import SQL

from .rcm_exception_case import RESOLUTIONS, ROOT_CAUSES, STATES
from .rcm_exception_type import KINDS, SEVERITIES


class RcmExceptionReport(models.Model):
    """Exception cases with their age, for ageing by owner and throughput."""

    _name = "rcm.exception.report"
    _description = "Exception Analysis"
    _auto = False
    _rec_name = "case_id"
    _order = "age_days desc"

    case_id = fields.Many2one("rcm.exception.case", readonly=True)
    type_id = fields.Many2one("rcm.exception.type", readonly=True)
    queue_id = fields.Many2one("rcm.exception.queue", readonly=True)
    owner_id = fields.Many2one("res.users", string="Owner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    severity = fields.Selection(SEVERITIES, readonly=True)
    state = fields.Selection(STATES, string="Status", readonly=True)
    is_open = fields.Boolean(string="Open", readonly=True)
    breached = fields.Boolean(string="Overdue", readonly=True)
    root_cause = fields.Selection(ROOT_CAUSES, readonly=True)
    resolution_code = fields.Selection(RESOLUTIONS, string="Resolution", readonly=True)
    amount = fields.Monetary(string="Amount at Stake", readonly=True)
    occurrence_count = fields.Integer(string="Occurrences", readonly=True)
    first_seen_at = fields.Datetime(string="Opened", readonly=True)
    resolved_at = fields.Datetime(string="Closed", readonly=True)
    due_at = fields.Datetime(string="Due", readonly=True)
    age_days = fields.Float(string="Age (days)", readonly=True, aggregator="avg")
    age_bucket = fields.Selection(
        [
            ("a", "Up to 1 day"),
            ("b", "2–3 days"),
            ("c", "4–7 days"),
            ("d", "8–30 days"),
            ("e", "Over 30 days"),
        ],
        string="Age",
        readonly=True,
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT aged.*,
                   CASE WHEN age_days <= 1 THEN 'a' WHEN age_days <= 3 THEN 'b'
                        WHEN age_days <= 7 THEN 'c' WHEN age_days <= 30 THEN 'd'
                        ELSE 'e' END AS age_bucket
              FROM (
                SELECT c.id, c.id AS case_id, c.type_id, c.queue_id, c.owner_id,
                       c.company_id, c.facility_id, c.payer_id,
                       co.currency_id, c.kind, c.severity, c.state,
                       c.state IN ('open', 'in_progress', 'waiting') AS is_open,
                       c.breached, c.root_cause, c.resolution_code, c.amount,
                       c.occurrence_count, c.first_seen_at, c.resolved_at, c.due_at,
                       extract(epoch FROM coalesce(c.resolved_at,
                           now() AT TIME ZONE 'UTC') - c.first_seen_at) / 86400
                           AS age_days
                  FROM rcm_exception_case c
                  JOIN res_company co ON co.id = c.company_id
              ) aged
            """
        )
