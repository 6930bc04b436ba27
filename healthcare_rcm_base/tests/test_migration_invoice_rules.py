from odoo.tests import TransactionCase, tagged

from . import builders
from .migration import migration_step

FOLDER = "healthcare_rcm_base/migrations/19.0.1.1.0"


@tagged("post_install", "-at_install")
class TestMigrationInvoiceRules(TransactionCase):
    """Payers' own selections become rules; claims and books follow."""

    def run_step(self, name):
        migration_step(f"{FOLDER}/{name}-invoice_rules.py").migrate(
            self.env.cr, "19.0.1.0.0"
        )
        self.env.invalidate_all()

    def test_upgrade_from_the_first_version(self):
        company = builders.company(self.env, "Upgraded Clinic")
        waits = builders.payer(self.env, company)
        at_once = builders.payer(self.env, company)
        for one in (waits, at_once):
            builders.contract(self.env, one)
        claims = [
            builders.claim(self.env, payers=(one,), company=company)
            for one in (waits, at_once)
        ]
        company.rcm_account_mapping_ids.filtered(
            lambda one: one.purpose == "receivable_client"
        ).unlink()
        self.env.flush_all()
        cr = self.env.cr
        cr.execute("ALTER TABLE rcm_payer ADD COLUMN invoice_rule varchar")
        cr.execute("UPDATE rcm_payer SET invoice_rule = 'now'")
        cr.execute(
            "UPDATE rcm_payer SET invoice_rule = 'adjudicated' WHERE id = %s",
            [waits.id],
        )
        cr.execute("UPDATE rcm_claim SET invoice_rule = NULL")
        for _again in range(2):
            self.run_step("pre")
            self.run_step("post")
        rules = self.env["rcm.invoice.rule"].search([("company_id", "=", company.id)])
        self.assertEqual((rules.payer_id, rules.rule), (waits, "adjudicated"))
        self.assertEqual(
            [claim.invoice_rule for claim in claims], ["adjudicated", "now"]
        )
        self.assertEqual(claims[0].encounter_id.charge_ids.origin, "encounter")
        self.assertFalse(company._rcm_accounting_ready())
