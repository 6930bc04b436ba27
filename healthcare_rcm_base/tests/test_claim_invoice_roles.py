"""Who sees entries of the revenue cycle."""

from decimal import Decimal as D

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from . import builders
from .ledger_common import LedgerCase


@tagged("post_install", "-at_install")
class TestClaimInvoiceRoles(LedgerCase):
    """Read by their roles and facilities, changed by nobody."""

    def test_roles_read_entries_of_the_revenue_cycle_and_nothing_else(self):
        claim = builders.invoiced_claim(self.env)
        other = self.post_other({"bank": D("10"), "gateway": D("-10")})
        for role in ("biller", "cash_poster", "finance_manager", "auditor"):
            user = self.user(role)
            with self.subTest(role=role):
                move = claim.invoice_id.with_user(user)
                self.assertEqual(move.amount_total, 1000)
                self.assertEqual(
                    self.env["account.move"]
                    .with_user(user)
                    .search([("id", "in", (move | other).ids)]),
                    move,
                )
                with self.assertRaises(AccessError):
                    move.write({"ref": "x"})
                with self.assertRaises(UserError):  # an AccessError is one too
                    move.button_draft()
                self.assertFalse(
                    user.has_group("account.group_account_invoice")
                    or user.has_group("account.group_account_readonly")
                )
        for role in ("front_desk", "executive", "integration"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                claim.invoice_id.with_user(self.user(role)).read(["name"])

    def test_facility_limits_entries(self):
        claim = builders.invoiced_claim(self.env)
        user = self.user("biller")
        elsewhere = builders.facility(self.env)
        user.rcm_facility_ids = elsewhere
        found = (
            self.env["account.move"]
            .with_user(user)
            .search_count([("id", "=", claim.invoice_id.id)])
        )
        self.assertFalse(found)

    def test_entry_opens_in_the_form_of_the_revenue_cycle(self):
        claim = builders.invoiced_claim(self.env)
        own = self.env.ref("healthcare_rcm_base.account_move_view_form_rcm").id
        move = claim.invoice_id
        self.assertEqual(move.with_user(self.user("biller")).get_formview_id(), own)
        accountant = new_test_user(
            self.env,
            "entry_accountant",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertNotEqual(move.with_user(accountant).get_formview_id(), own)

    def user(self, role):
        login = f"entry_{role}"
        found = self.env["res.users"].search([("login", "=", login)])
        return found or new_test_user(
            self.env,
            login,
            groups=f"healthcare_rcm_base.group_{role}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
