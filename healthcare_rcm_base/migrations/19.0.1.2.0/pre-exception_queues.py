"""Queues told one person of overdue cases; now they have a chain."""

from odoo.tools.sql import column_exists, rename_column

TABLE = "rcm_exception_queue"


def migrate(cr, version):
    """Put the old columns aside, before the update drops them with their fields."""
    for name in ("escalation_user_id", "escalation_hours"):
        if column_exists(cr, TABLE, name):
            rename_column(cr, TABLE, name, f"{name}_before")
