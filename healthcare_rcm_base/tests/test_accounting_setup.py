from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from ..core.ledger_accounts import JOURNALS, PURPOSES
from . import builders


@tagged("post_install", "-at_install")
class TestAccountingSetup(TransactionCase):
    """Accounts and journals of a company: made, mapped, refused."""

    def new_company(self, name="Setup Clinic", chart="generic_coa"):
        company = self.env["res.company"].create(
            {"name": name, "country_id": self.env.ref("base.us").id}
        )
        if chart:
            self.env["account.chart.template"].try_loading(
                chart, company=company, install_demo=False
            )
        return company

    def own_books(self):
        """A company that keeps its own chart and has posted to it."""
        company = self.env["res.company"].create(
            {"name": "Old Books Clinic", "currency_id": self.env.ref("base.USD").id}
        )
        accounts = self.env["account.account"].with_company(company)
        made = {
            code: accounts.create(
                {
                    "code": code,
                    "name": name,
                    "account_type": account_type,
                    "company_ids": [Command.set(company.ids)],
                    "reconcile": reconcile,
                }
            )
            for code, name, account_type, reconcile in (
                ("1100", "Receivables from Payers", "asset_receivable", True),
                ("1190", "Contractual reserve", "asset_current", False),
                ("4000", "Gross Service Revenue", "income", False),
                ("4999", "Other income", "income", False),
            )
        }
        journal = self.env["account.journal"].create(
            {
                "name": "General",
                "code": "GEN",
                "type": "general",
                "company_id": company.id,
            }
        )
        move = self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "line_ids": [
                    Command.create({"account_id": made["1100"].id, "balance": 100}),
                    Command.create({"account_id": made["4999"].id, "balance": -100}),
                ],
            }
        )
        move._post()
        return company, made

    def test_a_currency_without_cents_is_refused(self):
        """Amounts are kept in cents: a third decimal would be lost without a word."""
        company = self.new_company()
        self.assertFalse(company._rcm_ensure_accounting())
        currencies = self.env["res.currency"].with_context(active_test=False)
        for name in ("KWD", "JPY"):
            currency = currencies.search([("name", "=", name)])
            currency.active = True
            company.currency_id = currency
            with self.subTest(currency=name):
                with self.assertRaisesRegex(UserError, f"two decimal places.*{name}"):
                    company._rcm_require_accounting()

    def test_saving_the_form_keeps_every_purpose(self):
        """The browser sends what the form shows; purposes are read-only in it."""
        company = self.new_company("Form Clinic")
        user = new_test_user(
            self.env,
            "setup_form",
            groups="healthcare_rcm_base.group_administrator",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        wizard = Form(self.env["rcm.accounting.setup"].with_user(user)).save()
        self.assertEqual(wizard.line_ids.mapped("purpose"), list(PURPOSES))
        self.assertEqual(wizard.journal_line_ids.mapped("purpose"), list(JOURNALS))
        wizard.action_save()
        self.assertEqual(company._rcm_accounting_ready(), [])

    def setup_of(self, company, user=None):
        wizard = self.env["rcm.accounting.setup"]
        if user:
            wizard = wizard.with_user(user)
        return wizard.create({"company_id": company.id})

    def test_company_that_gets_a_chart_is_ready(self):
        company = self.new_company()
        self.assertEqual(company._rcm_accounting_ready(), [])
        self.assertEqual(len(company.rcm_account_mapping_ids), len(PURPOSES))

    def test_setup_again_changes_nothing(self):
        company = self.new_company()
        before = company.rcm_account_mapping_ids.account_id
        journals = company._rcm_journals()
        self.assertEqual(company._rcm_ensure_accounting(), [])
        self.assertEqual(company.rcm_account_mapping_ids.account_id, before)
        self.assertEqual(company._rcm_journals(), journals)

    def test_made_accounts_have_type_and_reconciliation(self):
        company = self.new_company()
        for key, spec in PURPOSES.items():
            with self.subTest(purpose=key):
                account = company._rcm_account(key)
                self.assertEqual(account.account_type, spec.account_type)
                self.assertEqual(account.reconcile, spec.reconcile)

    def test_remittance_journal_is_sealed_and_journals_have_own_prefix(self):
        company = self.new_company()
        self.assertTrue(company._rcm_journal("remittance").restrict_mode_hash_table)
        codes = [company._rcm_journal(kind).code for kind in JOURNALS]
        self.assertEqual(codes, ["RCMC", "RCMP", "RCMR", "RCMA"])

    def test_journals_of_others_stay_the_default(self):
        company = self.new_company()
        for move_type in ("out_invoice", "entry"):
            move = (
                self.env["account.move"]
                .with_company(company)
                .create({"move_type": move_type})
            )
            self.assertNotIn(move.journal_id, company._rcm_journals())

    def test_company_without_chart_is_left_alone_and_told(self):
        company = self.new_company("No Chart", chart=None)
        missing = company._rcm_ensure_accounting()
        self.assertEqual(len(missing), len(PURPOSES) + len(JOURNALS))
        self.assertFalse(company.rcm_account_mapping_ids)
        with self.assertRaisesRegex(UserError, "Accounting Set-up"):
            company._rcm_account("revenue")
        with self.assertRaisesRegex(UserError, "Accounting Set-up"):
            company._rcm_journal("claims")
        with self.assertRaisesRegex(UserError, "no chart of accounts"):
            self.setup_of(company).action_save()

    def test_taken_codes_are_stepped_over(self):
        company = self.new_company("Codes", chart=None)
        accounts = self.env["account.account"].with_company(company)
        for code, account_type in (
            ("121000", "asset_receivable"),
            ("410000", "income"),
        ):
            accounts.create(
                {
                    "code": code,
                    "name": f"Own {code}",
                    "account_type": account_type,
                    "company_ids": [Command.set(company.ids)],
                }
            )
        self.env["account.journal"].create(
            {"name": "Own", "code": "RCMC", "type": "sale", "company_id": company.id}
        )
        self.assertEqual(company._rcm_ensure_accounting(), [])
        revenue = company._rcm_account("revenue")
        self.assertEqual(revenue.with_company(company).code, "410001")
        self.assertEqual(company._rcm_journal("claims").code, "RCMC1")

    def test_chart_loaded_again_over_an_unused_one_sets_up_again(self):
        company = self.new_company()
        before = company.rcm_account_mapping_ids.account_id
        # As after choosing another chart: the old accounts and journals are deleted.
        company.chart_template = False
        self.env["account.chart.template"].try_loading("generic_coa", company=company)
        self.assertFalse(before.exists())
        self.assertEqual(company._rcm_accounting_ready(), [])

    # -- wizard --------------------------------------------------------------------

    def test_wizard_proposes_by_name_and_makes_the_rest(self):
        company, made = self.own_books()
        names = {account: account.name for account in made.values()}
        codes = {
            code: account.with_company(company).code for code, account in made.items()
        }
        self.assertFalse(company.rcm_account_mapping_ids)
        wizard = self.setup_of(company)
        rows = {line.purpose: line for line in wizard.line_ids}
        self.assertEqual(rows["receivable_payer"].account_id, made["1100"])
        self.assertEqual(rows["revenue"].account_id, made["4000"])
        # Named alike, but it does not allow reconciliation: not proposed.
        self.assertFalse(rows["reserve"].account_id)
        self.assertEqual(rows["reserve"].status, "create")
        self.env.user.group_ids += self.env.ref(
            "healthcare_rcm_base.group_administrator"
        )
        self.env.user.company_ids += company
        wizard.action_save()
        self.assertEqual(company._rcm_accounting_ready(), [])
        self.assertEqual(company._rcm_account("receivable_payer"), made["1100"])
        self.assertEqual(
            len(company._rcm_account("clearing").with_company(company).code), 4
        )
        self.assertEqual({account: account.name for account in made.values()}, names)
        self.assertEqual(
            {
                code: account.with_company(company).code
                for code, account in made.items()
            },
            codes,
        )

    def test_installing_leaves_books_to_the_wizard(self):
        company, _made = self.own_books()
        module = self.env.ref("base.module_healthcare_rcm_base")
        module.demo = False
        self.env["res.company"]._rcm_ensure_all_accounting()
        self.assertFalse(company.rcm_account_mapping_ids)

    def test_wizard_names_what_is_missing(self):
        company, _made = self.own_books()
        self.env.user.group_ids += self.env.ref(
            "healthcare_rcm_base.group_administrator"
        )
        self.env.user.company_ids += company
        wizard = self.setup_of(company)
        wizard.line_ids.filtered(lambda line: line.purpose == "clearing").make = False
        wizard.journal_line_ids[0].make = False
        with self.assertRaisesRegex(UserError, "EFT and ERA clearing.*Journal: Claims"):
            wizard.action_save()
        self.assertFalse(company.rcm_account_mapping_ids)

    def test_account_of_wrong_type_or_used_twice_is_refused(self):
        company = self.new_company()
        mappings = {m.purpose: m for m in company.rcm_account_mapping_ids}
        with self.assertRaises(ValidationError):
            mappings["revenue"].account_id = mappings["clearing"].account_id
        with self.assertRaises(ValidationError):
            mappings["contractual"].account_id = mappings["revenue"].account_id

    def test_roles(self):
        company = self.new_company()
        for role, allowed in (
            ("finance_manager", True),
            ("administrator", True),
            ("biller", False),
            ("cash_poster", False),
            ("auditor", False),
        ):
            user = new_test_user(
                self.env,
                f"setup_{role}",
                groups=f"healthcare_rcm_base.group_{role}",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            with self.subTest(role=role):
                if allowed:
                    self.setup_of(company, user).action_save()
                else:
                    with self.assertRaises(AccessError):
                        self.setup_of(company, user)

    def test_companies_do_not_share(self):
        one, two = self.new_company("One"), self.new_company("Two")
        self.assertFalse(
            one.rcm_account_mapping_ids.account_id
            & two.rcm_account_mapping_ids.account_id
        )
        self.assertFalse(one._rcm_journals() & two._rcm_journals())

    def test_branch_uses_the_main_company(self):
        company = self.new_company()
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": company.id}
        )
        self.assertEqual(
            branch._rcm_account("revenue"), company._rcm_account("revenue")
        )
        self.assertEqual(branch._rcm_accounting_ready(), [])
        self.assertFalse(branch.rcm_account_mapping_ids)

    def test_builder_company_is_ready(self):
        company = builders.company(self.env, "Built")
        self.assertEqual(company._rcm_accounting_ready(), [])

    def test_partners_registered_before_the_setup_get_their_receivable(self):
        company = self.new_company("Late", chart=None)
        env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
        payer = builders.payer(env, company)
        guarantor = builders.patient(env, builders.facility(env, company)).guarantor_id
        self.env["account.chart.template"].try_loading("generic_coa", company=company)
        for partner, purpose in (
            (payer.partner_id, "receivable_payer"),
            (guarantor, "receivable_patient"),
            (builders.payer(env, company).partner_id, "receivable_payer"),
        ):
            self.assertEqual(
                partner.with_company(company).property_account_receivable_id,
                company._rcm_account(purpose),
            )
