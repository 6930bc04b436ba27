from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .test_rcm_approval_request import ApprovalCase

STEP = "healthcare_rcm_approvals/migrations/19.0.1.2.0/post-policy_versions.py"


@tagged("post_install", "-at_install")
class TestMigrationPolicyVersions(ApprovalCase):
    """An upgrade from 19.0.1.1.0: texts of payer types, requests without versions."""

    def run_step(self):
        migration_step(STEP).migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()

    def test_texts_become_records_and_versions_are_kept(self):
        claim = self.make_claim("300.00")
        claim._rcm_gate("clear")
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "ALTER TABLE rcm_approval_policy ADD COLUMN IF NOT EXISTS payer_types text"
        )
        cr.execute(
            "UPDATE rcm_approval_policy SET payer_types = 'medicare , medicaid'"
            " WHERE id = %s",
            [self.high.id],
        )
        cr.execute("UPDATE rcm_approval_request SET policy_version_id = NULL")
        cr.execute(
            "DELETE FROM rcm_approval_policy_version WHERE policy_id IN %s",
            [(self.low.id, self.high.id)],
        )
        self.env.invalidate_all()
        cr.execute(
            "ALTER TABLE rcm_approval_policy ADD COLUMN IF NOT EXISTS version integer"
        )
        cr.execute(
            "UPDATE rcm_approval_policy SET version = 4, amount_from = NULLIF("
            "amount_from, 0) WHERE id IN %s",
            [(self.low.id, self.high.id)],
        )
        for _again in range(2):
            self.run_step()
        self.assertEqual((self.low.version, self.high.version), (4, 4))
        self.assertEqual(
            self.env["rcm.approval.policy"].search_count(
                [("id", "=", self.low.id), ("amount_from", "=", 0)]
            ),
            1,
        )
        self.assertEqual(
            set(self.high.payer_type_ids.mapped("code")), {"medicare", "medicaid"}
        )
        self.assertFalse(self.low.payer_type_ids)
        self.assertEqual(len(self.high.version_ids), 1)
        self.assertEqual(
            self.high.version_ids._rcm_policy().payer_types,
            frozenset({"medicare", "medicaid"}),
        )
        self.assertEqual(self.request_of(claim).policy_version_id.policy_id, self.high)
