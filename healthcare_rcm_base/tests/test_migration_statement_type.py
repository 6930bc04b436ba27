from odoo.tests import TransactionCase, tagged

from . import common_ground as ground
from .migration import migration_step

STEP = "healthcare_rcm_base/migrations/19.0.1.3.0/post-statement_type.py"
OLD = "The patient owes a part and got no statement or invoice for days. Mend it."


@tagged("post_install", "-at_install")
class TestMigrationStatementType(TransactionCase):
    """Databases of before shipped a type that nothing raises, switched on."""

    def setUp(self):
        super().setUp()
        self.type = ground.exception_type(self.env, "statement_delayed")
        self.type.write({"active": True, "instructions": OLD})
        self.env.flush_all()

    def migrate(self):
        step = migration_step(STEP)
        for _again in range(2):
            step.migrate(self.env.cr, "19.0.1.2.0")
        self.env.invalidate_all()

    def test_it_is_switched_off_and_says_why(self):
        self.migrate()
        self.assertFalse(self.type.active)
        self.assertTrue(self.type.instructions.startswith("Switched off: nothing"))
        self.assertEqual(self.type.instructions.count("Switched off"), 1)

    def test_one_in_use_and_own_words_stay(self):
        self.type.instructions = "Ours"
        ground.make_case(self.env, "OWN", code="statement_delayed")
        self.env.flush_all()
        self.migrate()
        self.assertTrue(self.type.active)
        self.assertEqual(self.type.instructions, "Ours")
