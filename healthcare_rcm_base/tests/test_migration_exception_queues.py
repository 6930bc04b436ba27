from odoo.tests import TransactionCase, tagged
from odoo.tools.sql import column_exists

from . import common_ground as ground
from .migration import migration_step

FOLDER = "healthcare_rcm_base/migrations/19.0.1.2.0"
QUEUES = "rcm_exception_queue"


def run(cr, step):
    migration_step(f"{FOLDER}/{step}-exception_queues.py").migrate(cr, "19.0.1.1.0")


@tagged("post_install", "-at_install")
class TestMigrationExceptionQueues(TransactionCase):
    """The first versions told the owner, then one more person after some hours."""

    def setUp(self):
        super().setUp()
        self.owner = ground.role_user(self.env, "biller")
        self.boss = ground.role_user(self.env, "finance_manager")
        Queue = self.env["rcm.exception.queue"]
        self.owned = Queue.create(
            {"name": "A", "code": "mig-a", "owner_id": self.owner.id}
        )
        self.orphan = Queue.create({"name": "B", "code": "mig-b"})
        self.env.cr.execute(
            "ALTER TABLE rcm_exception_queue ADD COLUMN escalation_user_id int,"
            " ADD COLUMN escalation_hours float8, ADD COLUMN last_member_id int"
        )
        self.env.cr.execute(
            "UPDATE rcm_exception_queue SET escalation_user_id = %s,"
            " escalation_hours = 6 WHERE id IN %s",
            [self.boss.id, (self.owned | self.orphan)._ids],
        )

    def upgrade(self):
        run(self.env.cr, "pre")
        run(self.env.cr, "post")
        self.env.invalidate_all()

    def test_one_more_person_becomes_a_chain(self):
        for _again in range(2):
            self.upgrade()
        steps = self.owned.escalation_ids
        self.assertEqual(steps.user_id, self.owner | self.boss)
        self.assertEqual(steps.mapped("after_hours"), [0.0, 6.0])
        steps = self.orphan.escalation_ids
        self.assertEqual((steps.user_id, steps.after_hours), (self.boss, 0.0))
        for name in ("escalation_user_id", "escalation_hours", "last_member_id"):
            for column in (name, f"{name}_before"):
                self.assertFalse(column_exists(self.env.cr, QUEUES, column), column)

    def test_a_type_that_nothing_raises_is_gone_but_for_its_cases(self):
        Type = self.env["rcm.exception.type"].with_context(active_test=False)
        vals = {"name": "Invariant", "code": "ledger_invariant", "kind": "technical"}
        Type.create(vals)
        self.upgrade()
        self.assertFalse(Type.search([("code", "=", "ledger_invariant")]))
        kept = Type.create(vals)
        case = ground.make_case(self.env, code="ledger_invariant")
        self.upgrade()
        self.assertFalse(kept.active)
        self.assertEqual(case.type_id, kept)
