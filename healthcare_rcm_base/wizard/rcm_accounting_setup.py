from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.ledger_accounts import JOURNALS, PURPOSES


class RcmAccountingSetup(models.TransientModel):
    """Make or map the accounts and journals of a company, its books left as they are.

    Every purpose is listed with the account that serves it, a proposed match among
    the accounts there are, or a new account to be made.
    """

    _name = "rcm.accounting.setup"
    _description = "Accounting Set-up"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]",
    )
    has_chart = fields.Boolean(compute="_compute_has_chart")
    missing = fields.Text(compute="_compute_missing")
    line_ids = fields.One2many(
        "rcm.accounting.setup.line",
        "setup_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    journal_line_ids = fields.One2many(
        "rcm.accounting.setup.journal",
        "setup_id",
        compute="_compute_journal_line_ids",
        store=True,
        readonly=False,
    )

    payer_due_days = fields.Integer(
        "Payer invoices due after (days)",
        compute="_compute_due_days",
        store=True,
        readonly=False,
    )
    patient_due_days = fields.Integer(
        "Patient invoices due after (days)",
        compute="_compute_due_days",
        store=True,
        readonly=False,
    )

    @api.depends("company_id")
    def _compute_due_days(self):
        for setup in self:
            company = setup.company_id.sudo()  # settings of the main company
            setup.payer_due_days = company.rcm_payer_due_days
            setup.patient_due_days = company.rcm_patient_due_days

    @api.depends("company_id")
    def _compute_has_chart(self):
        for setup in self:
            setup.has_chart = setup.company_id._rcm_has_chart()

    @api.depends("company_id")
    def _compute_missing(self):
        for setup in self:
            missing = setup.company_id._rcm_accounting_ready()
            setup.missing = "\n".join(missing)

    @api.depends("company_id")
    def _compute_line_ids(self):
        for setup in self:
            setup.line_ids = [
                fields.Command.clear(),
                *map(fields.Command.create, setup._prepare_line_vals()),
            ]

    @api.depends("company_id")
    def _compute_journal_line_ids(self):
        for setup in self:
            setup.journal_line_ids = [
                fields.Command.clear(),
                *map(fields.Command.create, setup._prepare_journal_vals()),
            ]

    def _prepare_line_vals(self):
        """One row a purpose: what is mapped, what could be, or a new account."""
        company = self.company_id
        mapped = company._rcm_accounts() if company else {}
        # Accounts are matched for people who hold no accounting group.
        proposals = company.sudo()._rcm_propose_accounts() if company else {}
        rows = []
        for key in PURPOSES:
            account = mapped.get(key) or proposals.get(key)
            rows.append(
                {
                    "purpose": key,
                    "account_id": account.id if account else False,
                    "status": "mapped"
                    if key in mapped
                    else "proposed"
                    if account
                    else "create",
                }
            )
        return rows

    def _prepare_journal_vals(self):
        rows = []
        for key in JOURNALS:
            root = self.company_id.sudo()  # settings of the main company
            journal = root[f"rcm_{key}_journal_id"] if root else root
            rows.append(
                {
                    "purpose": key,
                    "journal_id": journal.id if journal else False,
                    "status": "mapped" if journal else "create",
                }
            )
        return rows

    def action_save(self):
        """Map what was chosen, make what is missing, refuse what cannot serve."""
        self.ensure_one()
        self.env.user._rcm_require("administrator", "finance_manager")
        self._check_choices()
        # The role is checked above; accounts and journals belong to accounting.
        self.sudo()._save()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Accounting of %s is ready: claims and remittances can be posted.",
                    self.company_id.name,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_choices(self):
        """Name every row that stands in the way before anything is saved."""
        if self.company_id not in self.env.user.company_ids.root_id:
            raise UserError(self.env._("You do not work for this company."))
        if not self.has_chart:
            raise UserError(
                self.env._(
                    "%s has no chart of accounts yet. Choose one first: Settings → "
                    "Invoicing → Fiscal Localization.",
                    self.company_id.name,
                )
            )
        if min(self.payer_due_days, self.patient_due_days) < 0:
            raise UserError(
                self.env._("Days until invoices are due cannot be negative.")
            )
        missing = [
            line.purpose_name
            for line in self.line_ids
            if not line.account_id and not line.make
        ] + [
            self.env._("Journal: %s", line.purpose_name)
            for line in self.journal_line_ids
            if not line.journal_id and not line.make
        ]
        if missing:
            raise UserError(
                self.env._(
                    "The set-up is not complete. Choose an account or journal, or "
                    "“Make new”, for: %s",
                    ", ".join(missing),
                )
            )

    def _save(self):
        company = self.company_id.with_company(self.company_id)
        for line in self.line_ids.filtered("account_id"):
            line._map(company)
        for line in self.journal_line_ids.filtered("journal_id"):
            name = f"rcm_{line.purpose}_journal_id"
            if company[name] != line.journal_id:
                company[name] = line.journal_id
        company.rcm_payer_due_days = self.payer_due_days
        company.rcm_patient_due_days = self.patient_due_days
        company._rcm_ensure_accounting()
        company._rcm_require_accounting()


class RcmAccountingSetupLine(models.TransientModel):
    """One purpose and the account that shall serve it."""

    _name = "rcm.accounting.setup.line"
    _description = "Accounting Set-up: Account"
    _order = "id"

    setup_id = fields.Many2one(
        "rcm.accounting.setup", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="setup_id.company_id")
    purpose = fields.Selection(
        selection=lambda self: [(key, spec.name) for key, spec in PURPOSES.items()],
        required=True,
        readonly=True,
    )
    purpose_name = fields.Char(compute="_compute_purpose_name")
    account_id = fields.Many2one("account.account", ondelete="cascade")
    account_code = fields.Char(compute="_compute_account_code", string="Code")
    available_account_ids = fields.Many2many(
        "account.account", compute="_compute_available_account_ids"
    )
    make = fields.Boolean(
        "Make new",
        compute="_compute_make",
        store=True,
        readonly=False,
        help="A new account is made for this purpose.",
    )
    status = fields.Selection(
        [("mapped", "In use"), ("proposed", "Proposed"), ("create", "To be made")],
        readonly=True,
    )

    @api.depends("purpose")
    def _compute_purpose_name(self):
        for line in self:
            line.purpose_name = PURPOSES[line.purpose].name if line.purpose else False

    @api.depends("account_id", "setup_id.company_id")
    def _compute_account_code(self):
        for line in self:
            company = line.setup_id.company_id
            line.account_code = line.account_id.with_company(company).code

    @api.depends("account_id")
    def _compute_make(self):
        for line in self:
            line.make = not line.account_id

    @api.depends("purpose", "setup_id.company_id")
    def _compute_available_account_ids(self):
        mapping = self.env["rcm.account.mapping"]
        for line in self:
            spec = PURPOSES.get(line.purpose)
            company = line.setup_id.company_id
            line.available_account_ids = spec and self.env["account.account"].search(
                [
                    *self.env["account.account"]._check_company_domain(company),
                    ("account_type", "in", list(mapping._allowed_types(spec))),
                    ("reconcile", "in", [True] if spec.reconcile else [True, False]),
                ]
            )

    def _map(self, company):
        """Let the chosen account serve the purpose."""
        mapping = company.rcm_account_mapping_ids.filtered(
            lambda m: m.purpose == self.purpose
        )
        if not mapping:
            company._rcm_map(self.purpose, self.account_id)
        elif mapping.account_id != self.account_id:
            mapping.account_id = self.account_id


class RcmAccountingSetupJournal(models.TransientModel):
    """One kind of entry and the journal that shall hold it."""

    _name = "rcm.accounting.setup.journal"
    _description = "Accounting Set-up: Journal"
    _order = "id"

    setup_id = fields.Many2one(
        "rcm.accounting.setup", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="setup_id.company_id")
    purpose = fields.Selection(
        selection=lambda self: [(key, spec.name) for key, spec in JOURNALS.items()],
        required=True,
        readonly=True,
    )
    purpose_name = fields.Char(compute="_compute_purpose_name")
    journal_type = fields.Char(compute="_compute_purpose_name")
    journal_id = fields.Many2one(
        "account.journal",
        ondelete="cascade",
        domain="[('type', '=', journal_type), ('company_id', '=', company_id)]",
    )
    make = fields.Boolean(
        "Make new", compute="_compute_make", store=True, readonly=False
    )
    status = fields.Selection(
        [("mapped", "In use"), ("create", "To be made")], readonly=True
    )

    @api.depends("purpose")
    def _compute_purpose_name(self):
        for line in self:
            spec = JOURNALS.get(line.purpose)
            line.purpose_name = spec.name if spec else False
            line.journal_type = spec.journal_type if spec else False

    @api.depends("journal_id")
    def _compute_make(self):
        for line in self:
            line.make = not line.journal_id
