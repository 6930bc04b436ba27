from odoo.tests import TransactionCase, tagged

from .migration import migration_step

STEP = "healthcare_rcm_base/migrations/19.0.1.1.0/post-audit_retention.py"


@tagged("post_install", "-at_install")
class TestMigrationAuditRetention(TransactionCase):
    """The first version kept all details for one number of days."""

    def test_upgrade_from_the_first_version(self):
        cron = self.env.ref("healthcare_rcm_base.cron_drop_audit_detail")
        cron.model_id = self.env["ir.model"]._get("rcm.audit.payload")
        key = "healthcare_rcm_base.audit_detail_days"
        self.env["ir.config_parameter"].set_param(key, "400")
        own = self.env.ref("healthcare_rcm_base.audit_retention_claims")
        own.keep_days = 900
        step = migration_step(STEP)
        for _again in range(2):
            step.migrate(self.env.cr, "19.0.1.0.0")
        self.assertEqual(cron.model_id.model, "rcm.audit.retention")
        self.assertEqual(own.keep_days, 900)
        other = self.env.ref("healthcare_rcm_base.audit_retention_other")
        self.assertEqual(other.keep_days, 400)
        self.assertFalse(self.env["ir.config_parameter"].get_param(key))
