from odoo import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from .common_ground import ROLES, role_user

MODULE = "healthcare_rcm_base"
ALONG = ["User", "Documents", "See patient identity", "See clinical codes"]


class PrivilegeCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one = cls.env.ref(f"{MODULE}.privilege_healthcare_rcm")
        cls.biller = cls.group("biller")
        cls.analyst = cls.group("denial_analyst")
        cls.invoicing = cls.env.ref("account.group_account_invoice")

    @classmethod
    def group(cls, name):
        return cls.env.ref(f"{MODULE}.group_{name}")

    def hierarchy(self):
        return self.env["res.groups"]._get_view_group_hierarchy()

    def boxes(self, privilege=None):
        """What the form shows of a combining privilege, with its category."""
        privilege = privilege or self.one
        return [
            (category["name"], box)
            for category in self.hierarchy()["categories"]
            for box in category["rcm_combining"]
            if box["id"] == privilege.id
        ]


@tagged("post_install", "-at_install")
class TestOnePrivilege(PrivilegeCase):
    """All roles stand under one privilege and combine all the same."""

    def test_every_group_of_the_suite_stands_under_it(self):
        names = self.env["ir.model.data"].search(
            [("module", "=like", "healthcare_rcm%"), ("model", "=", "res.groups")]
        )
        groups = self.env["res.groups"].browse(names.mapped("res_id"))
        self.assertGreaterEqual(len(groups), len(ROLES) + len(ALONG))
        self.assertEqual(groups.privilege_id, self.one)
        privileges = self.env["ir.model.data"].search(
            [
                ("module", "=like", "healthcare_rcm%"),
                ("model", "=", "res.groups.privilege"),
            ]
        )
        self.assertEqual(privileges.mapped("res_id"), self.one.ids)
        self.assertEqual(self.biller.full_name, "Healthcare RCM / Biller")

    def test_the_form_gets_roles_and_what_they_bring_along(self):
        [(category, box)] = self.boxes()
        self.assertEqual((category, box["name"]), ("Revenue Cycle", "Healthcare RCM"))
        self.assertEqual(box["group_ids"], [self.group(role).id for role in ROLES])
        along = self.env["res.groups"].browse(box["along_ids"])
        self.assertEqual(along.mapped("name"), ALONG)

    def test_a_group_that_combines_is_no_level(self):
        hierarchy = self.hierarchy()
        self.assertNotIn(self.one.id, hierarchy["privileges"])
        shown = [id_ for c in hierarchy["categories"] for id_ in c["privilege_ids"]]
        self.assertNotIn(self.one.id, shown)
        told = hierarchy["groups"][self.biller.id]
        self.assertFalse(told["privilege_id"])
        self.assertTrue(told["rcm_combines"])
        self.assertTrue(told["comment"])
        self.assertIn(self.group("documents").id, told["all_implied_ids"])

    def test_other_privileges_are_told_as_odoo_tells_them(self):
        ours = self.hierarchy()
        self.one.rcm_combine = False
        stock = self.hierarchy()
        own = set(self.one.group_ids.ids)
        self.assertEqual(
            {key: value for key, value in stock["groups"].items() if key not in own},
            {key: value for key, value in ours["groups"].items() if key not in own},
        )
        del stock["privileges"][self.one.id]
        self.assertEqual(stock["privileges"], ours["privileges"])
        levels = {c["id"]: c["privilege_ids"] for c in ours["categories"]}
        for category in stock["categories"]:
            expected = [id_ for id_ in category["privilege_ids"] if id_ != self.one.id]
            self.assertEqual(levels[category["id"]], expected)

    def test_the_box_of_a_privilege_decides_at_once(self):
        self.assertTrue(self.boxes())
        self.one.rcm_combine = False
        told = self.hierarchy()
        self.assertEqual(told["groups"][self.biller.id]["privilege_id"], self.one.id)
        self.assertIn(self.one.id, told["privileges"])
        self.one.rcm_combine = True
        self.assertTrue(self.boxes())
        self.assertFalse(self.hierarchy()["groups"][self.biller.id]["privilege_id"])

    def test_one_without_a_category_is_shown_under_other(self):
        house = self.env["res.groups.privilege"].create(
            {"name": "House", "rcm_combine": True}
        )
        self.assertFalse(self.boxes(house))  # nothing to show yet
        groups = self.env["res.groups"].create(
            [{"name": name, "privilege_id": house.id} for name in ("Keys", "Car")]
        )
        [(category, box)] = self.boxes(house)
        self.assertEqual(category, "Other")
        self.assertEqual((box["group_ids"], box["along_ids"]), (groups.ids, []))

    def test_several_roles_are_saved_and_others_stay(self):
        """As the form saves: the whole set, over ``web_save``."""
        manager = new_test_user(self.env, "t_keeper", groups="base.group_erp_manager")
        user = new_test_user(
            self.env, "t_many", groups="account.group_account_invoice,base.group_user"
        )
        kept = user.group_ids.ids
        roles = self.biller | self.analyst
        before = self.count_rows(user)
        [saved] = user.with_user(manager).web_save(
            {"group_ids": [Command.set([*kept, *roles.ids])]}, {"group_ids": {}}
        )
        self.assertEqual(set(saved["group_ids"]), {*kept, *roles.ids})
        self.assertEqual(user.group_ids & self.one.group_ids, roles)
        self.assertIn(self.invoicing, user.group_ids)
        self.assertTrue(user._rcm_has_role("biller"))
        self.assertTrue(user._rcm_has_role("denial_analyst"))
        self.assertEqual(self.count_rows(user), before + 1)  # in the audit log
        user.with_user(manager).web_save(
            {"group_ids": [Command.set([*kept, *self.analyst.ids])]}, {"group_ids": {}}
        )
        self.assertEqual(user.group_ids & self.one.group_ids, self.analyst)
        self.assertIn(self.invoicing, user.group_ids)

    def count_rows(self, user):
        return self.env["rcm.audit.log"].search_count(
            [("model", "=", "res.users"), ("res_id", "=", user.id)]
        )


@tagged("post_install", "-at_install")
class TestRolesInTheBrowser(PrivilegeCase, HttpCase):
    def test_an_administrator_gives_two_roles_and_takes_one(self):
        admin = self.env.ref("base.user_admin")
        self.user = new_test_user(
            self.env,
            "t_two_roles",
            name="Two Roles",
            groups="base.group_user,account.group_account_invoice",
        )
        extra = self.env["res.groups"].create({"name": "T Extra right"})
        self.user.group_ids |= extra
        self.assertTrue(admin.has_group("base.group_system"))
        self.start_tour(
            f"/odoo/users/{self.user.id}", "rcm_two_roles_tour", login="admin"
        )
        self.env.invalidate_all()
        self.assertEqual(self.user.group_ids & self.one.group_ids, self.analyst)
        # a level of another application, and what the form does not show
        self.assertIn(self.invoicing, self.user.group_ids)
        self.assertIn(extra, self.user.group_ids)

    def test_a_new_user_gets_roles_at_once(self):
        self.start_tour("/odoo/users/new", "rcm_new_user_tour", login="admin")
        user = self.env["res.users"].search([("login", "=", "t_new_biller")])
        self.assertEqual(
            user.group_ids & self.one.group_ids, self.biller | self.group("collector")
        )

    def test_a_form_to_read_shows_boxes_nobody_can_tick(self):
        user = role_user(self.env, "biller")
        view = self.env["ir.ui.view"].create(
            {
                "name": "users to read",
                "model": "res.users",
                "arch": """<form edit="0"><sheet>
                    <field name="group_ids" widget="res_user_group_ids" nolabel="1"/>
                </sheet></form>""",
            }
        )
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Users to read",
                "res_model": "res.users",
                "view_mode": "form",
                "view_id": view.id,
            }
        )
        self.browser_js(
            f"/odoo/action-{action.id}/{user.id}",
            """
            const boxes = [...document.querySelectorAll(".o_rcm_combining input")];
            const ticked = boxes.filter((box) => box.checked).length;
            if (boxes.length < 18 || ticked !== 1) {
                throw new Error(`${boxes.length} boxes, ${ticked} ticked`);
            }
            if (boxes.some((box) => !box.disabled)) {
                throw new Error("a box may be ticked");
            }
            console.log("test successful");
            """,
            ready="!!document.querySelector('.o_rcm_combining input')",
            login="admin",
        )
