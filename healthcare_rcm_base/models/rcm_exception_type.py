from datetime import timedelta

from pytz import UTC

from odoo import api, fields, models

KINDS = [("business", "Business"), ("technical", "Technical")]
SEVERITIES = [
    ("1", "Low"),
    ("2", "Normal"),
    ("3", "High"),
    ("4", "Critical"),
]


class RcmExceptionType(models.Model):
    """One kind of failure: how bad it is, whose it is, what to do about it."""

    _name = "rcm.exception.type"
    _inherit = "rcm.audit.mixin"
    _description = "Exception Type"
    _order = "kind, severity desc, name"
    _rcm_audit_fields = (
        "kind",
        "severity",
        "sla_hours",
        "default_queue_id",
        "instructions",
        "active",
    )

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="The name the software knows it by.")
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        KINDS,
        required=True,
        default="business",
        help="Business failures go to billing owners, technical ones to integration "
        "support.",
    )
    severity = fields.Selection(SEVERITIES, required=True, default="2")
    sla_hours = fields.Float(
        string="Target (working hours)",
        required=True,
        default=16,
        help="Working hours of the company's calendar until a case is overdue.",
    )
    default_queue_id = fields.Many2one(
        "rcm.exception.queue",
        help="Queue for cases of this type that no queue's own rule picks.",
    )
    instructions = fields.Text(
        string="What to Do",
        translate=True,
        help="Shown to the owner of the case and on the blocked document.",
    )

    _code_unique = models.UniqueIndex("(code)", "An exception type has a unique code.")
    _sla_positive = models.Constraint(
        "CHECK(sla_hours > 0)", "The target must be more than zero hours."
    )

    @api.model
    def _rcm_get(self, code):
        """Return the type with this code; every code used in software is shipped."""
        # Reading the taxonomy is no right of the person whose step failed.
        found = (
            self.sudo().with_context(active_test=False).search([("code", "=", code)])
        )
        if not found:
            raise ValueError(f"unknown exception type {code!r}")
        return found

    def _rcm_due_at(self, start, company, calendar=None):
        """Return when the target ends, counted in working hours."""
        return self._rcm_hours_later(start, self.sla_hours, company, calendar)

    @api.model
    def _rcm_hours_left(self, start, end, company, calendar=None):
        """Return the working hours from ``start`` to ``end``; 0 when it is past."""
        if end <= start:
            return 0.0
        calendar = calendar or company.resource_calendar_id
        if not calendar:
            return (end - start).total_seconds() / 3600
        return calendar.get_work_hours_count(
            start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), compute_leaves=True
        )

    @api.model
    def _rcm_hours_later(self, start, hours, company, calendar=None):
        """Return ``start`` plus working ``hours`` of the calendar, else the company's.

        The calendar's time zone decides when its days begin.
        """
        calendar = calendar or company.resource_calendar_id
        if hours <= 0:
            return start
        if not calendar:
            return start + timedelta(hours=hours)
        due = calendar.plan_hours(hours, start.replace(tzinfo=UTC), compute_leaves=True)
        if not due:
            # A calendar without working time must not make cases due never.
            return start + timedelta(hours=hours)
        return due.astimezone(UTC).replace(tzinfo=None)
