from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .requests_common import RequestCase

STEP = (
    "healthcare_rcm_approvals/migrations/19.0.1.3.0/post-delegation_document_types.py"
)


@tagged("post_install", "-at_install")
class TestMigrationDelegationTypes(RequestCase):
    """An upgrade from 19.0.1.2.0: a delegation of one type of document."""

    def run_step(self, version="19.0.1.2.0"):
        migration_step(STEP).migrate(self.env.cr, version)
        self.env.invalidate_all()

    def test_its_type_stays_its_limit(self):
        one = self.delegate(self.approver, self.manager)
        every = self.delegate(self.other_approver, self.manager)
        self.run_step()
        self.assertFalse(one.document_type_ids, "nothing to take over")
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE rcm_approval_delegation ADD COLUMN document_type varchar"
        )
        self.env.cr.execute(
            "UPDATE rcm_approval_delegation SET document_type = 'vendor_bill'"
            " WHERE id = %s",
            [one.id],
        )
        for _again in range(2):
            self.run_step()
        self.assertEqual(one.document_type_ids.mapped("code"), ["vendor_bill"])
        self.assertFalse(every.document_type_ids)
        self.assertFalse(one._rcm_fits(self.ask()))
