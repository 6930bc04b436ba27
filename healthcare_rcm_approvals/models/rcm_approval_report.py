from odoo import fields, models
from odoo.tools import SQL

from .rcm_approval_policy import document_types
from .rcm_approval_policy_step import APPROVER_KINDS

OUTCOMES = [
    ("pending", "Waiting"),
    ("info_requested", "Information asked"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
    ("voided", "Voided"),
    ("expired", "Expired"),
]


class RcmApprovalReport(models.Model):
    """Turnaround and missed times of approvals: a row for each step that began."""

    _name = "rcm.approval.report"
    _description = "Approval Turnaround"
    _auto = False
    _rec_name = "request_id"
    _order = "opened_at desc"

    request_id = fields.Many2one("rcm.approval.request", "Request", readonly=True)
    policy_id = fields.Many2one("rcm.approval.policy", "Policy", readonly=True)
    document_type = fields.Selection(document_types, "Documents", readonly=True)
    step_name = fields.Char("Who", readonly=True)
    approver_kind = fields.Selection(APPROVER_KINDS, "Kind of Step", readonly=True)
    group_id = fields.Many2one("res.groups", "Role", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", "Facility", readonly=True)
    requester_id = fields.Many2one("res.users", "Requested by", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    is_open = fields.Boolean("Open", readonly=True)
    amount = fields.Monetary(readonly=True)
    opened_at = fields.Datetime("Asked", readonly=True)
    closed_at = fields.Datetime("Ended", readonly=True)
    due_at = fields.Datetime("Due", readonly=True)
    hours_taken = fields.Float(
        "Business Hours",
        readonly=True,
        aggregator="avg",
        help="From the question to its end; of steps that have ended.",
    )
    hours_elapsed = fields.Float(
        "Elapsed Hours", readonly=True, aggregator="avg", help="By the clock."
    )
    sla_hours = fields.Float("Allowed Hours", readonly=True, aggregator="avg")
    breached = fields.Boolean("Overdue", readonly=True)
    breach_count = fields.Integer("Times Missed", readonly=True)
    breach_share = fields.Float(
        "Missed (%)",
        readonly=True,
        aggregator="avg",
        help="Of the steps that had a time limit.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT s.id, s.request_id, r.policy_id, r.document_type,
                   s.name AS step_name, s.approver_kind, s.group_id, r.company_id,
                   c.currency_id, r.facility_id, r.requester_id, r.state AS outcome,
                   s.state = 'open' AS is_open, r.amount, s.opened_at, s.closed_at,
                   s.due_at, s.sla_hours,
                   CASE WHEN s.closed_at IS NOT NULL THEN s.hours_taken END
                       AS hours_taken,
                   extract(epoch FROM coalesce(s.closed_at,
                       now() AT TIME ZONE 'UTC') - s.opened_at) / 3600
                       AS hours_elapsed,
                   s.breached_at IS NOT NULL AS breached,
                   (s.breached_at IS NOT NULL)::int AS breach_count,
                   CASE WHEN s.sla_hours > 0
                        THEN (s.breached_at IS NOT NULL)::int * 100.0 END
                       AS breach_share
              FROM rcm_approval_request_step s
              JOIN rcm_approval_request r ON r.id = s.request_id
              JOIN res_company c ON c.id = r.company_id
             WHERE s.opened_at IS NOT NULL
            """
        )
