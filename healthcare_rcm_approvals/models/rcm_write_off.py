from decimal import ROUND_HALF_UP, Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import ledger_local
from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

ROLES = ("biller", "collector", "denial_analyst", "finance_manager")
PAYER, PATIENT, UNBILLED = "receivable_payer", "receivable_patient", "patient_unbilled"
# kind: (label, what it may be written off from)
KINDS = {
    "denial": ("Denial that was lost", (PAYER,)),
    "administrative": ("Administrative", (PAYER, PATIENT, UNBILLED)),
    "small_balance": ("Small balance", (PAYER, PATIENT, UNBILLED)),
    "charity": ("Charity care", (PATIENT, UNBILLED)),
    "give_up": ("Given up after dunning", (PATIENT,)),
}
EXPENSES = {
    "administrative": "administrative_writeoff",
    "small_balance": "small_balance_writeoff",
}
RESPONSIBILITIES = [
    (PAYER, "Payer"),
    (PATIENT, "Patient"),
    (UNBILLED, "Patient, not billed yet"),
]
LOCKED = frozenset({"kind", "line_ids", "company_id", "reason"})


class RcmWriteOff(models.Model):
    """What is not asked for any more, of one claim or of several, once approved.

    Each line becomes a local entry of its claim; never more than what is open. What a
    payer's reversal takes back is taken back here too.
    """

    _name = "rcm.write.off"
    _inherit = ["rcm.requested.document"]
    _description = "Write-Off"
    _order = "id desc"
    _rcm_sequence = "rcm.write.off"
    _rcm_ask_roles = ROLES
    _rcm_reprocess_roles = ROLES
    _rcm_undo_roles = ROLES
    _rcm_draft_fields = LOCKED

    kind = fields.Selection(
        [(key, label) for key, (label, _from) in KINDS.items()],
        required=True,
        default="administrative",
    )
    line_ids = fields.One2many("rcm.write.off.line", "write_off_id", string="Claims")
    claim_ids = fields.Many2many(
        "rcm.claim", compute="_compute_claims", string="Claims Concerned"
    )
    claim_count = fields.Integer("Number of Claims", compute="_compute_claims")
    amount = fields.Monetary("Total", compute="_compute_amount", store=True)
    state = fields.Selection(
        selection_add=[("done", "Written off")], ondelete={"done": "cascade"}
    )

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for record in self:
            record.amount = sum(record.line_ids.mapped("amount"))

    @api.depends("line_ids.claim_id")
    def _compute_claims(self):
        for record in self:
            record.claim_ids = record.line_ids.claim_id
            record.claim_count = len(record.claim_ids)

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != self._rcm_effect:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        digits = self.currency_id.decimal_places
        claims = self.line_ids.claim_id
        plans = set(claims.payer_id.mapped("plan_type"))
        facilities = claims.facility_id
        return {
            "facts": self._rcm_facts_for(
                "write_off",
                effect,
                to_decimal(self.amount, digits),
                company=self.company_id.id,
                facility=facilities.id if len(facilities) == 1 else None,
                payer_type=plans.pop() if len(plans) == 1 else None,
            ),
            "approved": {
                "kind": self.kind,
                "reason": self.reason,
                "lines": sorted(
                    [
                        line.claim_id.id,
                        line.responsibility,
                        str(to_decimal(line.amount, digits)),
                        str(to_decimal(line.allowance, digits)),
                    ]
                    for line in self.line_ids
                ),
            },
        }

    def _rcm_check_ask(self):
        result = super()._rcm_check_ask()
        if not self.line_ids:
            raise UserError(self.env._("Add the claims to write off."))
        for line in self.line_ids:
            line._rcm_check()
        return result

    # ------------------------------------------------------------------
    # Effect
    # ------------------------------------------------------------------
    def _rcm_have_effect(self):
        self.line_ids.claim_id._rcm_ledger_lock()
        for line in self.line_ids:
            line._rcm_check()
            line._rcm_post()

    def _rcm_undo(self, reason):
        moves = self.line_ids.move_ids.filtered(lambda move: not move.reversal_move_ids)
        if not moves:
            raise UserError(self.env._("%s was taken back already.", self.name))
        self.line_ids.claim_id._rcm_reverse_local_entries(reason, only=moves)

    def action_open_claims(self):
        """The claims it is about."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims"),
            "res_model": "rcm.claim",
            "view_mode": "list,form",
            "domain": [("id", "in", self.claim_ids.ids)],
        }


class RcmWriteOffLine(models.Model):
    """So much of one claim, from who owes it."""

    _name = "rcm.write.off.line"
    _inherit = "rcm.document.mixin"
    _description = "Write-Off Line"
    _order = "id"
    _rcm_protected = ("move_ids",)
    _rcm_audit_edits = ("claim_id", "responsibility", "amount", "allowance")

    write_off_id = fields.Many2one(
        "rcm.write.off", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="write_off_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="write_off_id.state")
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

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.write_off_id._rcm_require_draft()
        return lines

    def write(self, vals):
        if {"claim_id", "responsibility", "amount", "allowance"} & vals.keys():
            self.write_off_id._rcm_require_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _only_of_drafts(self):
        self.write_off_id._rcm_require_draft()

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


class RcmClaim(models.Model):
    """Claims are written off by a document, and know it."""

    _inherit = "rcm.claim"

    write_off_line_ids = fields.One2many(
        "rcm.write.off.line", "claim_id", string="Write-Offs"
    )

    def action_write_off(self):
        """A draft for these claims: what is open of them, to be corrected."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        # balances of claims the reader sees
        balances = self.sudo()._rcm_standing_balances()
        lines = [
            {
                "claim_id": claim.id,
                "responsibility": side,
                "amount": from_decimal(balances[claim.id][side]),
            }
            for claim in self
            for side in (PAYER, PATIENT, UNBILLED)
            if balances[claim.id].get(side, ZERO) > ZERO
        ]
        if not lines:
            raise UserError(self.env._("Nothing is open that could be written off."))
        patient_side = all(line["responsibility"] != PAYER for line in lines)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write Off"),
            "res_model": "rcm.write.off",
            "view_mode": "form",
            "context": {
                "default_company_id": self.company_id[:1].id,
                "default_kind": "small_balance" if patient_side else "administrative",
                "default_line_ids": [Command.create(line) for line in lines],
            },
        }

    def action_open_write_offs(self):
        """The write-offs that name these claims."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write-Offs"),
            "res_model": "rcm.write.off",
            "view_mode": "list,form",
            "domain": [("line_ids.claim_id", "in", self.ids)],
            "context": {"create": False},
        }

    def _rcm_note_reversals(self, originals, reversals):
        """A write-off whose entries are all taken back is reversed, whoever did it."""
        result = super()._rcm_note_reversals(originals, reversals)
        # part of an effect the caller may have
        lines = (
            self.env["rcm.write.off.line"]
            .sudo()
            .search([("move_ids", "in", originals.ids)])
        )
        for write_off in lines.write_off_id:
            standing = write_off.line_ids.move_ids.filtered(
                lambda move: not move.reversal_move_ids
            )
            if write_off.state == "done" and not standing:
                write_off._rcm_set_state(
                    "reversed", reversal_reason=reversals[:1].rcm_reason
                )
        return result


class RcmPatientAccount(models.Model):
    """What a patient owes is written off claim by claim, on one document."""

    _inherit = "rcm.patient.account"

    def action_write_off(self):
        """A draft for all the patient still owes."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        claims = self.env["rcm.claim"].search(
            [
                ("patient_id", "=", self.id),
                ("state", "not in", ("superseded", "void", "draft")),
            ]
        )
        action = claims.action_write_off()
        lines = [
            command
            for command in action["context"]["default_line_ids"]
            if command[2]["responsibility"] != PAYER
        ]
        if not lines:
            raise UserError(self.env._("The patient owes nothing."))
        action["context"]["default_line_ids"] = lines
        action["context"]["default_kind"] = "small_balance"
        return action
