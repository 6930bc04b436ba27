from decimal import ROUND_HALF_UP, Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import ledger_local
from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from .rcm_write_off import EXPENSES, KINDS, PAYER, RESPONSIBILITIES


class RcmWriteOffLine(models.Model):
    """So much of one claim, from who owes it."""

    _name = "rcm.write.off.line"
    _inherit = "rcm.requested.line.mixin"
    _description = "Write-Off Line"
    _order = "id"
    _rcm_protected = ("move_ids",)
    _rcm_audit_edits = ("claim_id", "responsibility", "amount", "allowance")
    _rcm_asked_field = "write_off_id"
    _rcm_asked_values = frozenset(_rcm_audit_edits)

    write_off_id = fields.Many2one(
        "rcm.write.off", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="write_off_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="write_off_id.state", string="Status")
    claim_id = fields.Many2one("rcm.claim", required=True, index=True)
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    payer_id = fields.Many2one(related="claim_id.payer_id")
    responsibility = fields.Selection(
        RESPONSIBILITIES, string="Owed By", required=True, default=PAYER
    )
    open_amount = fields.Monetary(
        "Open", compute="_compute_open_amount", help="What the ledger says now."
    )
    amount = fields.Monetary(required=True)
    allowance = fields.Monetary(
        compute="_compute_allowance",
        store=True,
        readonly=False,
        help="Of a lost denial: the part that was not expected to be paid. It comes "
        "from the contractual reserve, the rest is the loss.",
    )
    move_ids = fields.Many2many(
        "account.move",
        "rcm_write_off_line_move_rel",
        "line_id",
        "move_id",
        string="Entries",
        readonly=True,
        copy=False,
    )

    entry_names = fields.Char(
        "Journal Entries",
        compute="_compute_entry_names",
        compute_sudo=True,
        help="Their numbers, for people who have no accounting rights as well.",
    )

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "The amount must be above zero."
    )
    _once_per_claim = models.UniqueIndex(
        "(write_off_id, claim_id, responsibility)",
        "A claim stands once on a write-off for each who owes it.",
    )

    @api.depends("move_ids.name")
    def _compute_entry_names(self):
        for line in self:
            line.entry_names = ", ".join(line.move_ids.mapped("name"))

    @api.depends("claim_id", "responsibility")
    def _compute_open_amount(self):
        claims = self.sudo().claim_id  # balances of claims the reader sees
        balances = claims._rcm_standing_balances()
        for line in self:
            own = balances[line.claim_id.id] if line.claim_id else {}
            line.open_amount = from_decimal(own.get(line.responsibility, ZERO))

    @api.depends("amount", "claim_id", "responsibility", "write_off_id.kind")
    def _compute_allowance(self):
        claims = self.sudo().claim_id  # as above
        balances = claims._rcm_standing_balances()
        for line in self:
            own = balances[line.claim_id.id] if line.claim_id else {}
            line.allowance = from_decimal(line._rcm_usual_allowance(own))

    def _rcm_usual_allowance(self, balances):
        """The reserve's share of the amount, as of what is open."""
        open_amount = balances.get(PAYER, ZERO)
        if self.write_off_id.kind != "denial" or open_amount <= ZERO:
            return ZERO
        reserve = max(-balances.get("reserve", ZERO), ZERO)
        amount = to_decimal(self.amount)
        share = (reserve * amount / open_amount).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
        return min(share, amount, reserve)

    def _rcm_audit_name(self):
        return f"{self.write_off_id.name} · {self.claim_id.name}"

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    def _rcm_check(self):
        """Refuse what is more than open, or open to somebody else."""
        self.ensure_one()
        write_off, claim = self.write_off_id, self.claim_id
        kind, allowed = KINDS[write_off.kind]
        if claim.company_id != write_off.company_id:
            raise UserError(
                self.env._("Claim %s belongs to another company.", claim.display_name)
            )
        if self.responsibility not in allowed:
            raise UserError(
                self.env._(
                    "“%(kind)s” is not for what is owed by: %(who)s.",
                    kind=kind,
                    who=dict(RESPONSIBILITIES)[self.responsibility],
                )
            )
        open_amount = to_decimal(self.open_amount) - self._rcm_asked_elsewhere()
        if to_decimal(self.amount) > open_amount:
            raise UserError(
                self.env._(
                    "Claim %(claim)s: %(amount)s is more than the %(open)s that are "
                    "open and not asked to be written off already.",
                    claim=claim.display_name,
                    amount=to_decimal(self.amount),
                    open=max(open_amount, ZERO),
                )
            )
        if to_decimal(self.allowance) > to_decimal(self.amount):
            raise UserError(
                self.env._("The allowance is a part of the amount, not more.")
            )

    def _rcm_asked_elsewhere(self):
        """What other write-offs that wait would take off the same debt."""
        others = self.search(
            [
                ("claim_id", "=", self.claim_id.id),
                ("responsibility", "=", self.responsibility),
                ("write_off_id.state", "in", ("requested", "approved")),
                ("write_off_id", "!=", self.write_off_id.id),
            ]
        )
        return sum((to_decimal(line.amount) for line in others), ZERO)

    # ------------------------------------------------------------------
    # Ledger
    # ------------------------------------------------------------------
    def _rcm_post(self):
        """The local entry of this line. Private: approved, checked and locked."""
        self.ensure_one()
        claim, kind = self.claim_id, self.write_off_id.kind
        reason = f"{self.write_off_id.name}: {self.write_off_id.reason}"
        amount = to_decimal(self.amount)
        if kind == "denial":
            moves = claim._rcm_lose_denial(reason, amount, to_decimal(self.allowance))
        elif kind == "charity":
            moves = claim._rcm_charity(reason, amount, receivable=self.responsibility)
        elif kind == "give_up":
            moves = claim._rcm_give_up(reason, amount)
        else:
            moves = claim._rcm_decide(
                kind,
                reason,
                ledger_local.write_off,
                claim._rcm_standing_balances()[claim.id],
                amount,
                EXPENSES[kind],
                self.responsibility,
            )
        self._rcm_write({"move_ids": [Command.set(moves.ids)]})
