"""Who sees which part of the app, and that no entry ends at a closed door."""

from odoo.tests import tagged

from .common import SuiteCase

ROOT = "healthcare_rcm_base.rcm_root_menu"
EVERYTHING_OF_BILLING = {
    "My Work",
    "Billing",
    "Remittances",
    "Approvals",
    "Exceptions",
    "Patients",
    "Reporting",
    "Configuration",
}
SECTIONS = {
    "front_desk": {"Patients"},
    "biller": EVERYTHING_OF_BILLING,
    "coder": EVERYTHING_OF_BILLING - {"Remittances", "Reporting", "Approvals"},
    "cash_poster": EVERYTHING_OF_BILLING - {"Configuration"},
    "denial_analyst": EVERYTHING_OF_BILLING - {"Approvals"},
    "collector": EVERYTHING_OF_BILLING - {"Configuration", "Approvals"},
    "payables": {"My Work", "Approvals", "Payables", "Exceptions"},
    "approver": {
        "My Work",
        "Billing",
        "Remittances",
        "Approvals",
        "Payables",
        "Exceptions",
    },
    "finance_manager": EVERYTHING_OF_BILLING | {"Audit", "Payables"},
    "executive": {"Exceptions", "Reporting"},
    "auditor": EVERYTHING_OF_BILLING - {"My Work"}
    | {"Audit", "Integration", "Payables"},
    "integration_support": {
        "My Work",
        "Exceptions",
        "Audit",
        "Integration",
        "Configuration",
    },
    "administrator": EVERYTHING_OF_BILLING - {"My Work"}
    | {"Audit", "Integration", "Payables"},
}


@tagged("post_install", "-at_install")
class TestMenus(SuiteCase):
    def setUp(self):
        super().setUp()
        self.users = {
            user.login: user
            for user in self.env["res.users"].search([("login", "in", list(SECTIONS))])
        }

    def test_each_role_sees_the_sections_it_works_in(self):
        for role, expected in SECTIONS.items():
            with self.subTest(role=role):
                menus = self._menus(role)
                children = menus[self.env.ref(ROOT).id]["children"]
                shown = {menus[child]["name"] for child in children}
                self.assertEqual(shown, expected)

    def test_no_entry_opens_something_its_role_may_not_read(self):
        offences = []
        for role, user in self.users.items():
            for menu in self._below(self._menus(role), self.env.ref(ROOT).id):
                model = self._model_of(menu)
                if model and not self.env[model].with_user(user).has_access("read"):
                    offences.append(f"{role}: {menu['name']} ({model})")
        self.assertEqual(offences, [])

    def test_no_section_is_empty(self):
        for role in self.users:
            menus = self._menus(role)
            for menu in self._below(menus, self.env.ref(ROOT).id):
                with self.subTest(role=role, menu=menu["name"]):
                    self.assertTrue(menu["children"] or menu["action_model"])

    def _menus(self, role):
        return self.env["ir.ui.menu"].with_user(self.users[role]).load_menus(False)

    def _below(self, menus, root):
        for child in menus[root]["children"]:
            yield menus[child]
            yield from self._below(menus, child)

    def _model_of(self, menu):
        if menu["action_model"] != "ir.actions.act_window":
            return None
        return self.env[menu["action_model"]].browse(menu["action_id"]).sudo().res_model
