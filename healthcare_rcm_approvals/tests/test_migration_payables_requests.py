from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .requests_common import RequestCase

STEP = "healthcare_rcm_approvals/migrations/19.0.1.3.0/post-payables_requests.py"
RULE = "healthcare_rcm_approvals.rcm_approval_log_rule_payables"
OLD = (
    "[('request_id.document_type', 'in', ('vendor_bill', 'purchase_order', "
    "'payment', 'payment_run', 'refund'))]"
)


@tagged("post_install", "-at_install")
class TestMigrationPayablesRequests(RequestCase):
    """An upgrade from 19.0.1.2.0: record rules are not updated by themselves."""

    def run_step(self):
        migration_step(STEP).migrate(self.env.cr, "19.0.1.2.0")

    def test_the_old_rule_becomes_the_new_one_and_a_changed_one_stays(self):
        rule = self.env.ref(RULE)
        new = rule.domain_force
        rule.domain_force = OLD
        self.run_step()
        self.assertEqual(rule.domain_force, new)
        rule.domain_force = "[('id', '=', 0)]"
        self.run_step()
        self.assertEqual(rule.domain_force, "[('id', '=', 0)]")
