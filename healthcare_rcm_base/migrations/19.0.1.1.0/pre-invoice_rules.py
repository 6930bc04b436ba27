"""The payer's own selection of when to invoice becomes rule records."""

from odoo.tools.sql import column_exists


def migrate(cr, version):
    """Put the old column aside, before the update drops it with its field."""
    if column_exists(cr, "rcm_payer", "invoice_rule"):
        cr.execute(
            "ALTER TABLE rcm_payer RENAME COLUMN invoice_rule TO invoice_rule_before"
        )
