from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .master_common import MasterCase


@tagged("post_install", "-at_install")
class TestResUsers(MasterCase):
    """Who may take a step."""

    def test_role_opens_its_step_only(self):
        biller = self.role("biller")
        biller.with_user(biller)._rcm_require("cash_poster", "biller")
        with self.assertRaisesRegex(AccessError, "Cash poster, Collector"):
            biller.with_user(biller)._rcm_require("cash_poster", "collector")

    def test_sudo_does_not_stand_for_a_role(self):
        approver = self.role("approver")
        with self.assertRaises(AccessError):
            approver.with_user(approver).sudo()._rcm_require("biller")

    def test_administrator_inherits_no_role(self):
        admin = self.role("administrator")
        with self.assertRaises(AccessError):
            admin.with_user(admin)._rcm_require("biller")

    def test_system_passes_for_itself_only(self):
        robot = self.env["res.users"].browse(SUPERUSER_ID)
        robot._rcm_require("biller")
        clerk = self.role("auditor")
        with self.assertRaises(AccessError):
            robot.with_user(clerk)._rcm_require("biller")

    def test_user_managers_limit_people_to_facilities(self):
        """They keep users without being of the revenue cycle themselves."""
        manager = self.user_of("t_manager", "base.group_erp_manager")
        biller = self.role("biller")
        biller.with_user(manager).rcm_facility_ids = self.main
        self.assertEqual(biller.rcm_facility_ids, self.main)
        with self.assertRaises(AccessError):
            biller.with_user(biller).write({"rcm_facility_ids": [(5, 0, 0)]})

    def test_no_role_opens_the_books(self):
        for group in self.env["res.groups"].search(
            [
                (
                    "privilege_id.category_id",
                    "=",
                    self.env.ref(
                        "healthcare_rcm_base.module_category_revenue_cycle"
                    ).id,
                )
            ]
        ):
            implied = group.all_implied_ids.mapped("full_name")
            with self.subTest(group=group.name):
                accounting = self.env.ref("account.group_account_readonly")
                accounting |= self.env.ref("account.group_account_invoice")
                self.assertFalse(group.all_implied_ids & accounting, implied)

    def test_patient_identity_belongs_to_six_roles(self):
        patient_data = self.env.ref("healthcare_rcm_base.group_patient_data")
        roles = patient_data.all_implied_by_ids - patient_data
        roles -= self.env.ref("healthcare_rcm_base.group_clinical")
        self.assertEqual(
            set(roles.mapped("name")),
            {
                "Front desk",
                "Biller",
                "Coder",
                "Cash poster",
                "Denial analyst",
                "Collector",
            },
        )
