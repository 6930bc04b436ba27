from odoo.tests import TransactionCase, tagged

from odoo.addons.healthcare_rcm_base.tests.migration import migration_step

from .common import ConnectorMixin

PATH = "healthcare_rcm_connectors/migrations/19.0.1.2.0/pre-sender_ids.py"


@tagged("post_install", "-at_install")
class TestMigrationSenderIds(ConnectorMixin, TransactionCase):
    def test_every_connector_gets_an_id_of_its_own(self):
        self.make_world()
        other = self.make_connector(self.make_user("svc-two", "integration"), "two")
        both = self.connector | other
        kept = other.sender_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE rcm_connector SET sender_id = NULL WHERE id = %s",
            [self.connector.id],
        )
        module = migration_step(PATH)
        for _time in range(2):  # also when it runs again
            module.migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        self.assertEqual(other.sender_id, kept)
        self.assertRegex(self.connector.sender_id, r"\A[0-9a-f]{32}\Z")
        self.assertEqual(len(set(both.mapped("sender_id"))), 2)
