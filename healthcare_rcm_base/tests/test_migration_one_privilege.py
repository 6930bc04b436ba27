from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from .common_ground import ROLES
from .migration import migration_step

MODULE = "healthcare_rcm_base"
STEP = f"{MODULE}/migrations/19.0.1.4.0/post-one_privilege.py"


@tagged("post_install", "-at_install")
class TestMigrationOnePrivilege(TransactionCase):
    """Databases of before had a privilege for each role."""

    def setUp(self):
        super().setUp()
        self.one = self.env.ref(f"{MODULE}.privilege_healthcare_rcm")
        self.roles = self.env["res.groups"].union(
            *(self.env.ref(f"{MODULE}.group_{role}") for role in ROLES)
        )
        self.former = self.env["res.groups.privilege"].create(
            [{"name": name, "category_id": self.one.category_id.id} for name in ROLES]
        )
        self.env["ir.model.data"].create(
            [
                {
                    "module": MODULE,
                    "name": f"privilege_{privilege.name}",
                    "model": "res.groups.privilege",
                    "res_id": privilege.id,
                }
                for privilege in self.former
            ]
        )
        # a group the house made under a role's privilege
        self.own = self.env["res.groups"].create(
            {"name": "Night shift", "privilege_id": self.former[1].id}
        )
        self.users = self.env["res.users"]
        for number, roles in enumerate([self.roles[:2], self.roles[4], self.own]):
            user = new_test_user(self.env, f"t_role_{number}")
            user.group_ids = [Command.link(group.id) for group in roles]
            self.users |= user

    def migrate(self):
        step = migration_step(STEP)
        for _again in range(2):
            step.migrate(self.env.cr, "19.0.1.3.0")
        self.env.invalidate_all()

    def holders(self):
        """Who is in which group, directly and by other groups."""
        groups = self.one.group_ids | self.own | self.roles
        return {
            group.id: (group.user_ids.ids, sorted(group.all_user_ids.ids))
            for group in groups
        }

    def test_nobody_loses_or_gains_a_role(self):
        before = self.holders()
        rights = {user.id: sorted(user.all_group_ids.ids) for user in self.users}
        self.migrate()
        self.assertEqual(self.holders(), before)
        self.assertEqual(
            {user.id: sorted(user.all_group_ids.ids) for user in self.users}, rights
        )

    def test_the_former_privileges_are_gone_with_their_names(self):
        self.migrate()
        self.assertFalse(self.former.exists())
        self.assertFalse(self.env.ref(f"{MODULE}.privilege_biller", False))
        self.assertTrue(self.one.exists())
        self.assertEqual(self.roles.privilege_id, self.one)

    def test_groups_of_the_house_come_along(self):
        self.migrate()
        self.assertEqual(self.own.privilege_id, self.one)
        self.assertIn(self.users[2], self.own.user_ids)

    def test_privileges_of_others_stay(self):
        other = self.env["res.groups.privilege"].create({"name": "Other"})
        group = self.env["res.groups"].create({"name": "O", "privilege_id": other.id})
        self.migrate()
        self.assertEqual(group.privilege_id, other)
