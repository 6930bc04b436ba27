from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.ledger_accounts import PURPOSES


class RcmAccountMapping(models.Model):
    """Which account of a company serves which purpose of the revenue cycle."""

    _name = "rcm.account.mapping"
    _inherit = "rcm.audit.mixin"
    _description = "Revenue Cycle Account"
    _order = "company_id, sequence, id"
    _rec_name = "purpose"
    _rcm_audit_fields = ("company_id", "purpose", "account_id")

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company.root_id,
        help="Branches share the accounts of their main company.",
    )
    purpose = fields.Selection(
        selection=lambda self: [(key, spec.name) for key, spec in PURPOSES.items()],
        required=True,
        readonly=True,
        help="The role the account plays in the entries of claims and remittances.",
    )
    account_id = fields.Many2one(
        "account.account",
        required=True,
        # Loading another chart deletes the accounts of an unused one; the mapping
        # goes with them and is made again.
        ondelete="cascade",
        domain="[('company_ids', 'parent_of', company_id)]",
    )
    account_code = fields.Char(compute="_compute_account_code", string="Code")
    account_type = fields.Selection(related="account_id.account_type")
    sequence = fields.Integer(compute="_compute_sequence", store=True)

    _purpose_unique = models.Constraint(
        "UNIQUE(company_id, purpose)",
        "A company has one account for each purpose.",
    )

    @api.depends("purpose")
    def _compute_sequence(self):
        order = {key: position for position, key in enumerate(PURPOSES)}
        for mapping in self:
            mapping.sequence = order.get(mapping.purpose, len(order))

    @api.depends("account_id", "company_id")
    def _compute_account_code(self):
        for mapping in self:
            mapping.account_code = mapping.account_id.with_company(
                mapping.company_id
            ).code

    @api.constrains("account_id", "purpose", "company_id")
    def _check_account(self):
        """An account of another kind would book money to the wrong statement."""
        for mapping in self:
            spec = PURPOSES[mapping.purpose]
            problem = mapping._account_problem(spec, mapping.account_id)
            if problem:
                raise ValidationError(problem)
            if mapping.company_id != mapping.company_id.root_id:
                raise ValidationError(
                    self.env._("Accounts are set up for the main company.")
                )

    @api.constrains("account_id", "company_id")
    def _check_account_used_once(self):
        """One account, one purpose: balances by purpose are balances of accounts."""
        groups = self._read_group(
            [
                ("company_id", "in", self.company_id.ids),
                ("account_id", "in", self.account_id.ids),
            ],
            ["company_id", "account_id"],
            ["__count"],
        )
        for company, account, count in groups:
            if count > 1:
                raise ValidationError(
                    self.env._(
                        "%(company)s: account %(account)s already serves another "
                        "purpose of the revenue cycle.",
                        company=company.name,
                        account=account.with_company(company).display_name,
                    )
                )

    @api.model
    def _account_problem(self, spec, account):
        """Why ``account`` cannot serve ``spec``, or False."""
        allowed = self._allowed_types(spec)
        if account.account_type not in allowed:
            return self.env._(
                "%(account)s cannot serve “%(purpose)s”: it has another account type.",
                account=account.display_name,
                purpose=spec.name,
            )
        if spec.reconcile and not account.reconcile:
            return self.env._(
                "%(account)s cannot serve “%(purpose)s”: it does not allow "
                "reconciliation.",
                account=account.display_name,
                purpose=spec.name,
            )
        if not account.active:
            return self.env._(
                "%(account)s cannot serve “%(purpose)s”: it is archived.",
                account=account.display_name,
                purpose=spec.name,
            )
        return False

    @api.model
    def _allowed_types(self, spec):
        """Account types that may serve a purpose: its own, or a near relative."""
        families = (
            {"asset_current", "asset_prepayments", "asset_non_current"},
            {"liability_current", "liability_non_current"},
            {"income", "income_other"},
            {"expense", "expense_other", "expense_direct_cost"},
        )
        for family in families:
            if spec.account_type in family:
                # Write-offs reduce revenue; companies that show them as an expense
                # may keep doing so.
                extra = {"expense"} if spec.key in self._contra_revenue() else set()
                return family | extra
        return {spec.account_type}

    @api.model
    def _contra_revenue(self):
        return {
            "contractual",
            "sequestration",
            "concession",
            "denial_writeoff",
            "administrative_writeoff",
            "small_balance_writeoff",
            "charity",
        }

    def write(self, vals):
        """An account with claim postings keeps its purpose."""
        if "account_id" in vals:
            moved = self.filtered(lambda m: m.account_id.id != vals["account_id"])
            moved._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()

    def _check_unused(self):
        """Open balances of a purpose must not be split over two accounts."""
        lines = self.env["account.move.line"].sudo()  # reads across facilities
        for mapping in self:
            if lines.search_count(
                [
                    ("account_id", "=", mapping.account_id.id),
                    ("rcm_purpose", "=", mapping.purpose),
                    ("company_id", "child_of", mapping.company_id.id),
                ],
                limit=1,
            ):
                raise UserError(
                    self.env._(
                        "“%(purpose)s” of %(company)s is in use: claims are posted to "
                        "%(account)s. Its account cannot be changed any more.",
                        purpose=PURPOSES[mapping.purpose].name,
                        company=mapping.company_id.name,
                        account=mapping.account_id.display_name,
                    )
                )
