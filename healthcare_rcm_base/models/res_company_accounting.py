import logging
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.ledger_accounts import JOURNALS, PURPOSES, first_code

_logger = logging.getLogger(__name__)

# Decimal places of every amount of the suite.
CENTS = 2


def _plain(name):
    """A name without case, punctuation and extra blanks, for comparing."""
    return " ".join("".join(c if c.isalnum() else " " for c in name).lower().split())


class ResCompany(models.Model):
    """Accounts and journals of the revenue cycle, one set per main company."""

    _inherit = "res.company"

    rcm_account_mapping_ids = fields.One2many("rcm.account.mapping", "company_id")
    rcm_claims_journal_id = fields.Many2one(
        "account.journal",
        string="Claims journal",
        domain="[('type', '=', 'sale'), ('company_id', '=', id)]",
        help="Claim invoices to payers, and self-pay invoices.",
    )
    rcm_patient_journal_id = fields.Many2one(
        "account.journal",
        string="Patient journal",
        domain="[('type', '=', 'sale'), ('company_id', '=', id)]",
        help="Invoices to guarantors for what payers left to the patient.",
    )
    rcm_remittance_journal_id = fields.Many2one(
        "account.journal",
        string="Remittance journal",
        domain="[('type', '=', 'general'), ('company_id', '=', id)]",
        help="One sealed entry for each payer remittance.",
    )
    rcm_adjustment_journal_id = fields.Many2one(
        "account.journal",
        string="Adjustment journal",
        domain="[('type', '=', 'general'), ('company_id', '=', id)]",
        help="Write-offs, true-ups and other entries decided by us.",
    )

    rcm_payer_due_days = fields.Integer(
        "Payer invoices due after (days)",
        default=30,
        help="Due date of claim invoices, counted from the invoice date.",
    )
    rcm_patient_due_days = fields.Integer(
        "Patient invoices due after (days)",
        default=30,
        help="Due date of invoices to guarantors, counted from the invoice date.",
    )

    # -- what documents ask --------------------------------------------------------

    def _rcm_account(self, purpose):
        """The account of this company for ``purpose``; a UserError when not set up."""
        self.ensure_one()
        account_id = self._rcm_account_ids_by_purpose().get(purpose)
        if account_id:
            return self.env["account.account"].browse(account_id)
        if purpose not in PURPOSES:
            raise ValueError(f"unknown ledger purpose {purpose!r}")
        raise UserError(self._rcm_accounting_message([PURPOSES[purpose].name]))

    def _rcm_accounts(self):
        """All mapped accounts of this company: ``{purpose: account}``."""
        self.ensure_one()
        accounts = self.env["account.account"]
        return {
            purpose: accounts.browse(account_id)
            for purpose, account_id in self._rcm_account_ids_by_purpose().items()
        }

    def _rcm_journal(self, kind):
        """The journal of this company for ``kind``; a UserError when not set up."""
        self.ensure_one()
        spec = JOURNALS[kind]
        # A branch user may not read the main company's settings.
        journal = self.root_id.sudo()[f"rcm_{kind}_journal_id"]
        if not journal:
            raise UserError(self._rcm_accounting_message([spec.name]))
        return journal.sudo(self.env.su)

    def _rcm_journals(self):
        """The journals the revenue cycle keeps in this main company."""
        self.ensure_one()
        journals = self.env["account.journal"]
        for key in JOURNALS:
            journals |= self[f"rcm_{key}_journal_id"]
        return journals

    def _rcm_accounting_ready(self):
        """What is still missing, by name; empty when ready.

        Accounts, journals, and a currency that is counted in cents: all amounts are
        kept with two decimals, so another one would be rounded without a word.
        """
        self.ensure_one()
        root = self.root_id.sudo()
        mapped = self._rcm_account_ids_by_purpose()
        missing = [spec.name for key, spec in PURPOSES.items() if key not in mapped]
        missing += [
            self.env._("Journal: %s", spec.name)
            for key, spec in JOURNALS.items()
            if not root[f"rcm_{key}_journal_id"]
        ]
        if root.currency_id.decimal_places != CENTS:
            missing.append(
                self.env._(
                    "A currency with two decimal places (not %s)", root.currency_id.name
                )
            )
        return missing

    def _rcm_require_accounting(self):
        """Raise unless every account and journal is there, naming what is not."""
        for company in self:
            missing = company._rcm_accounting_ready()
            if missing:
                raise UserError(company._rcm_accounting_message(missing))

    def _rcm_accounting_message(self, missing):
        return self.env._(
            "Accounting of %(company)s is not set up for the revenue cycle. Missing: "
            "%(missing)s. A finance manager or administrator completes it under "
            "Revenue Cycle → Configuration → Accounting → Accounting Set-up.",
            company=self.root_id.sudo().name,
            missing=", ".join(missing),
        )

    def _rcm_account_ids_by_purpose(self):
        """``{purpose: account id}`` of the main company, from the record cache."""
        # Every document needs them, whatever its user may read.
        return {
            mapping.purpose: mapping.account_id.id
            for mapping in self.root_id.sudo().rcm_account_mapping_ids
        }

    def write(self, vals):
        result = super().write(vals)
        if any(
            name.startswith("rcm_") and name.endswith("_journal_id") for name in vals
        ):
            self._rcm_check_journals()
        return result

    def _rcm_check_journals(self):
        """Each journal serves one purpose, in its own company and of its type."""
        for company in self:
            seen = set()
            for key, spec in JOURNALS.items():
                journal = company[f"rcm_{key}_journal_id"]
                if not journal:
                    continue
                if journal.type != spec.journal_type or journal.company_id != company:
                    raise UserError(
                        self.env._(
                            "%(journal)s cannot be the “%(purpose)s” journal of "
                            "%(company)s: it has another type or company.",
                            journal=journal.display_name,
                            purpose=spec.name,
                            company=company.name,
                        )
                    )
                if journal.id in seen:
                    raise UserError(
                        self.env._(
                            "%(journal)s already serves another purpose of the revenue "
                            "cycle.",
                            journal=journal.display_name,
                        )
                    )
                seen.add(journal.id)

    def _rcm_propose_accounts(self):
        """Existing accounts that could serve purposes still open: ``{key: account}``.

        Only a clear match is proposed: the name of the purpose, or the code and type
        a set-up would give it. Whoever completes the set-up decides.
        """
        self.ensure_one()
        mapping = self.env["rcm.account.mapping"]
        accounts = self.env["account.account"].with_company(self)
        used = set(self._rcm_account_ids_by_purpose().values())
        candidates = accounts.search([("company_ids", "in", self.ids)])
        digits = self._rcm_code_digits()
        proposals = {}
        for key, spec in PURPOSES.items():
            fitting = candidates.filtered(
                lambda account, spec=spec: account.id not in used
                and account.account_type == spec.account_type
                and not mapping._account_problem(spec, account)
            )
            match = fitting.filtered(
                lambda account, spec=spec: _plain(account.name) == _plain(spec.name)
            ) or fitting.filtered(
                lambda account, spec=spec: account.code == first_code(spec, digits)
            )
            if match:
                proposals[key] = match[0]
                used.add(match[0].id)
        return proposals

    # -- set-up --------------------------------------------------------------------

    @api.model
    def _rcm_ensure_all_accounting(self):
        """Set up every main company that has a chart and no books of its own yet.

        Companies with books are left to the set-up wizard, where a person decides
        which of their accounts to use.
        """
        demo = self.env.ref("base.module_healthcare_rcm_base").sudo().demo
        for company in self.sudo().search([("parent_id", "=", False)]):
            if demo or company._rcm_without_books():
                company._rcm_ensure_accounting()
            else:
                _logger.info(
                    "company %s has books already: complete Revenue Cycle > "
                    "Configuration > Accounting > Accounting Set-up",
                    company.id,
                )

    def _rcm_without_books(self):
        self.ensure_one()
        return (
            not self.env["account.move"]
            .sudo()
            .search_count(
                [("company_id", "child_of", self.id), ("state", "=", "posted")], limit=1
            )
        )

    def _rcm_ensure_accounting(self):
        """Make the accounts and journals that are missing; return what still is.

        Per main company, and safe to repeat. Existing accounts and journals are never
        renamed or changed. Without a chart of accounts nothing is made: loading one
        later would delete it again.
        """
        self.ensure_one()
        company = self.root_id.sudo().with_company(self.root_id)
        if not company._rcm_has_chart():
            _logger.info("company %s has no chart of accounts yet", company.id)
            return company._rcm_accounting_ready()
        for key, spec in PURPOSES.items():
            if key not in company._rcm_account_ids_by_purpose():
                account = company._rcm_find_made("account.account", key)
                company._rcm_map(key, account or company._rcm_make_account(spec))
        for key, spec in JOURNALS.items():
            if not company[f"rcm_{key}_journal_id"]:
                journal = company._rcm_find_made("account.journal", f"journal_{key}")
                company[f"rcm_{key}_journal_id"] = journal or company._rcm_make_journal(
                    spec
                )
        return company._rcm_accounting_ready()

    def _rcm_has_chart(self):
        """Whether this company has accounts to post to at all."""
        accounts = self.env["account.account"].sudo()
        return bool(
            accounts.search_count(
                [
                    ("company_ids", "in", self.ids),
                    ("account_type", "=", "asset_receivable"),
                ],
                limit=1,
            )
        )

    def _rcm_map(self, purpose, account):
        self.env["rcm.account.mapping"].create(
            {"company_id": self.id, "purpose": purpose, "account_id": account.id}
        )

    def _rcm_find_made(self, model, key):
        """What an earlier set-up made for ``key``, if it is still there and active."""
        record = self.env.ref(self._rcm_xmlid(key), raise_if_not_found=False)
        if not record or record._name != model or not record.active:
            return self.env[model]
        if model == "account.account":
            used = self.env["rcm.account.mapping"].search_count(
                [("company_id", "=", self.id), ("account_id", "=", record.id)], limit=1
            )
            return record.browse() if used else record
        return record

    def _rcm_xmlid(self, key):
        return f"account.{self.id}_rcm_{key}"

    def _rcm_make_account(self, spec):
        accounts = self.env["account.account"].with_company(self)
        code = accounts._search_new_account_code(
            first_code(spec, self._rcm_code_digits()), cache={}
        )
        account = accounts.create(
            {
                "name": spec.name,
                "code": code,
                "account_type": spec.account_type,
                "reconcile": spec.reconcile,
                "company_ids": [fields.Command.set(self.ids)],
                "tax_ids": [fields.Command.clear()],
            }
        )
        self._rcm_remember(spec.key, account)
        return account

    def _rcm_code_digits(self):
        """How long the account codes of this company usually are."""
        accounts = self.env["account.account"].with_company(self)
        codes = accounts.search([("company_ids", "in", self.ids)]).mapped("code")
        lengths = Counter(len(code) for code in codes if code and code.isdigit())
        return max(lengths.most_common(1)[0][0], 4) if lengths else 6

    def _rcm_make_journal(self, spec):
        values = {
            "name": spec.name,
            "code": self._rcm_free_journal_code(spec.code),
            "type": spec.journal_type,
            "company_id": self.id,
            # Last in line, so that new invoices of others keep their own journal.
            "sequence": 90,
            "show_on_dashboard": False,
            "refund_sequence": True,
            "restrict_mode_hash_table": spec.hashed,
        }
        if spec.key == "claims":
            values["default_account_id"] = self._rcm_account("revenue").id
        if spec.key == "patient":
            values["default_account_id"] = self._rcm_account("patient_unbilled").id
        journal = self.env["account.journal"].create(values)
        self._rcm_remember(f"journal_{spec.key}", journal)
        return journal

    def _rcm_free_journal_code(self, code):
        journals = self.env["account.journal"].with_context(active_test=False)
        taken = set(journals.search([("company_id", "=", self.id)]).mapped("code"))
        candidates = [code, *(f"{code[:4]}{n}" for n in range(1, 10))]
        candidates += [f"{code[:3]}{n}" for n in range(10, 100)]
        return next(candidate for candidate in candidates if candidate not in taken)

    def _rcm_remember(self, key, record):
        """Name what we made, so that a later set-up finds it again."""
        self.env["ir.model.data"]._update_xmlids(
            [{"xml_id": self._rcm_xmlid(key), "record": record, "noupdate": True}]
        )
