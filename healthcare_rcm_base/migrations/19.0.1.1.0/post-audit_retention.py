"""One number of days for all audit details becomes days by category."""

from odoo import SUPERUSER_ID, api

PARAMETER = "healthcare_rcm_base.audit_detail_days"


def migrate(cr, version):
    # upgrade of the module by the loader
    env = api.Environment(cr, SUPERUSER_ID, {})
    # The scheduled action is an administrator's (noupdate), its model is ours.
    cron = env.ref(
        "healthcare_rcm_base.cron_drop_audit_detail", raise_if_not_found=False
    )
    if cron:
        cron.model_id = env["ir.model"]._get("rcm.audit.retention")
    days = env["ir.config_parameter"].search([("key", "=", PARAMETER)])
    if days and days.value.isdigit() and int(days.value):
        categories = env["rcm.audit.retention"].search([("keep_days", "=", 0)])
        categories.keep_days = int(days.value)
    days.unlink()
