from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.money import to_decimal

ROLES = ("finance_manager", "administrator")
RECEIVABLES = ("receivable_payer", "receivable_patient")
BATCH = 200


class RcmOpening(models.Model):
    """Open claims of an earlier system, taken over on a day and tied to the ledger.

    The file makes claims that later remittances and reversals find, with one entry
    each against an opening account. It is closed when the file, the ledger and the
    total that a person typed in are the same to the cent, and can be undone as long
    as nothing was posted on its claims.
    """

    _name = "rcm.opening"
    _inherit = "rcm.document.mixin"
    _description = "Opening Balance"
    _order = "date desc, id desc"
    _check_company_auto = True
    _rcm_state_machine = "opening"
    _rcm_protected = ("state", "imported_total", "row_count", "file_hash")
    _rcm_audit_fields = (
        "date",
        "clearing_account_id",
        "control_total",
        "control_count",
        "provider_group_id",
    )

    name = fields.Char(
        required=True, default=lambda self: self.env._("Opening balances"), copy=False
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Opening Day",
        required=True,
        default=fields.Date.context_today,
        help="The entries are dated on it; nothing in the file may be later.",
    )
    provider_group_id = fields.Many2one(
        "rcm.provider.group",
        string="Billing Group",
        check_company=True,
        help="Who bills the claims of the file.",
    )
    clearing_account_id = fields.Many2one(
        "account.account",
        string="Opening Account",
        domain="[('company_ids', 'parent_of', company_id),"
        " ('account_type', 'in', ['equity', 'asset_current', 'liability_current'])]",
        help="Takes the other side of every entry. Book the receivables of the old "
        "books against it too: it is zero when both are the same.",
    )
    control_total = fields.Monetary(
        help="What the earlier system says is open: typed in from its own report.",
    )
    control_count = fields.Integer(
        string="Control Number of Claims", help="How many claims its report has."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("imported", "Imported"),
            ("closed", "Closed"),
            ("undone", "Undone"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    file_hash = fields.Char(string="File (SHA-256)", readonly=True, copy=False)
    row_count = fields.Integer(string="Rows", readonly=True, copy=False)
    imported_total = fields.Monetary(
        string="In The File", readonly=True, copy=False, help="Open in the file."
    )
    claim_ids = fields.One2many("rcm.claim", "opening_id", string="Claims")
    claim_count = fields.Integer(compute="_compute_tie_out")
    ledger_total = fields.Monetary(
        string="In The Ledger",
        compute="_compute_tie_out",
        help="On the receivable accounts, from the entries of this opening.",
    )
    claims_total = fields.Monetary(
        string="On The Claims",
        compute="_compute_tie_out",
        help="Open on the claims as they were taken over.",
    )
    clearing_balance = fields.Monetary(
        string="Opening Account Now",
        compute="_compute_tie_out",
        help="Zero once the receivables of the old books are booked against it.",
    )
    ledger_difference = fields.Monetary(compute="_compute_tie_out")
    control_difference = fields.Monetary(compute="_compute_tie_out")
    is_tied = fields.Boolean(compute="_compute_tie_out")

    # ------------------------------------------------------------------
    # Tie-out
    # ------------------------------------------------------------------
    @api.depends(
        "control_total", "control_count", "imported_total", "claim_ids", "state"
    )
    def _compute_tie_out(self):
        for opening in self:
            rows = opening._rcm_ledger_rows()
            ledger = float(sum((rows.get(key, 0) for key in RECEIVABLES), Decimal(0)))
            currency = opening.currency_id
            # Claims belong to facilities; the tie-out is of the whole opening.
            claims = opening.sudo().claim_ids
            opening.claim_count = len(claims)
            opening.ledger_total = ledger
            opening.claims_total = sum(claims.mapped("opening_amount"))
            opening.clearing_balance = opening._rcm_clearing_balance()
            opening.ledger_difference = currency.round(opening.imported_total - ledger)
            opening.control_difference = currency.round(
                opening.imported_total - opening.control_total
            )
            opening.is_tied = (
                opening.state in ("imported", "closed")
                and currency.is_zero(opening.ledger_difference)
                and currency.is_zero(opening.control_difference)
                and currency.is_zero(opening.claims_total - opening.imported_total)
                and opening.control_count in (0, opening.claim_count)
            )

    def _rcm_ledger_rows(self):
        """``{purpose: Decimal}`` of the opening's entries, by the accounts they hit."""
        self.ensure_one()
        if not isinstance(self.id, int):
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mapping.purpose, SUM(line.balance)::text
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN rcm_claim claim ON claim.id = move.rcm_claim_id
                  JOIN rcm_account_mapping mapping
                    ON mapping.account_id = line.account_id
                   AND mapping.company_id = %s
                 WHERE claim.opening_id = %s AND move.rcm_kind = 'opening'
                   AND move.state = 'posted'
                 GROUP BY mapping.purpose
                """,
                self.sudo().company_id.root_id.id,
                self.id,
            )
        )
        return {purpose: Decimal(amount) for purpose, amount in rows}

    def _rcm_clearing_balance(self):
        self.ensure_one()
        if not self.clearing_account_id:
            return 0.0
        # One balance of one account the reader chose.
        [[balance]] = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "=", self.clearing_account_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("parent_state", "=", "posted"),
                ],
                [],
                ["balance:sum"],
            )
        )
        return balance or 0.0

    # ------------------------------------------------------------------
    # Guards
    # ------------------------------------------------------------------
    def write(self, vals):
        fixed = {"date", "company_id", "clearing_account_id", "provider_group_id"}
        if fixed & vals.keys() and any(one.state != "draft" for one in self):
            raise UserError(
                self.env._("Day, accounts and billing group are fixed by the import.")
            )
        if any(one.state in ("closed", "undone") for one in self) and (
            {"control_total", "control_count"} & vals.keys()
        ):
            raise UserError(self.env._("This opening is closed."))
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_import(self):
        """Open the import of the file; it checks first and changes nothing then."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        self._rcm_check_ready()
        return self.env["rcm.table.import"]._rcm_open(
            "opening_claims", opening_id=self.id
        )

    def action_close(self):
        """The opening ties: nothing of it changes any more."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        for opening in self:
            # Debts and credits may come to nothing: then their number is the control.
            if not opening.control_total and not opening.control_count:
                raise UserError(
                    self.env._(
                        "Type in first what the earlier system says is open, and how "
                        "many claims."
                    )
                )
            if not opening.is_tied:
                raise UserError(
                    self.env._(
                        "The opening does not tie: %(file)s in the file, %(ledger)s in "
                        "the ledger, %(control)s by the earlier system (%(claims)s "
                        "claims, %(expected)s expected). Undo it, correct the file and "
                        "import it again.",
                        file=opening._rcm_money(opening.imported_total),
                        ledger=opening._rcm_money(opening.ledger_total),
                        control=opening._rcm_money(opening.control_total),
                        claims=opening.claim_count,
                        expected=opening.control_count or opening.claim_count,
                    )
                )
            opening._rcm_set_state("closed")

    def action_undo(self):
        """Take the claims and their entries back, while nothing was posted on them."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        for opening in self:
            # Claims, encounters and entries are not theirs to change one by one.
            opening.sudo()._rcm_undo()

    def action_open_claims(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims of %s", self.name),
            "res_model": "rcm.claim",
            "view_mode": "list,form",
            "domain": [("opening_id", "=", self.id)],
        }

    def _rcm_money(self, amount):
        return f"{amount:,.2f}"


class RcmClaim(models.Model):
    """Claims that were open when the books began here."""

    _inherit = "rcm.claim"

    opening_id = fields.Many2one(
        "rcm.opening",
        string="Opening Balance",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Taken over from an earlier system with this opening.",
    )
    opening_amount = fields.Monetary(
        string="Open When Taken Over", readonly=True, copy=False
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"opening_id", "opening_amount"}

    def _rcm_invoiced_amounts(self, self_pay):
        """A claim taken over was invoiced by the earlier system, at its charge."""
        amounts = super()._rcm_invoiced_amounts(self_pay)
        for claim in self.filtered("opening_id"):
            digits = claim.currency_id.decimal_places
            amounts = amounts._replace(
                charge=amounts.charge + to_decimal(claim.total_charge, digits),
                contractual=amounts.contractual
                + to_decimal(claim.expected_contractual, digits),
                sequestration=amounts.sequestration
                + to_decimal(claim.expected_sequestration, digits),
                concession=amounts.concession
                + to_decimal(claim.expected_concession, digits),
            )
        return amounts
