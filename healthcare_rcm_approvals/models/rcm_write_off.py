from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

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
        approved = {
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
        }
        return self._rcm_approval_item("write_off", effect, approved)

    def _rcm_approval_scope(self):
        """Each claim is a part of it: none hides behind another."""
        parts = [claim._rcm_part_scope() for claim in self.line_ids.claim_id]
        return self._rcm_with_parts(super()._rcm_approval_scope(), parts)

    @api.model
    def _rcm_approval_columns(self):
        names = ["claim_id", "responsibility", "amount", "allowance"]
        return {"lines": ("rcm.write.off.line", names)}

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
