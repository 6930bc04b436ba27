from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..settlement.reasons import SET_ASIDE, case_type
from .rcm_deposit_batch import POSTERS

# Undoing a decision that led to one of these takes entries back.
REVERSED_STATES = ("posted", "not_ours")


class RcmRemittanceResolution(models.Model):
    """What a person decided about an unpostable claim, and whether it still holds.

    Every decision can be undone: before it posted anything by taking it back, after
    that by reversing entries. The claim is then an unpostable again, and the money
    on unapplied payer cash.
    """

    _name = "rcm.remittance.resolution"
    _inherit = "rcm.remittance.fact"
    _description = "Resolution of an Unpostable Claim"
    _order = "id desc"
    _rec_name = "kind"

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="remittance_claim_id.company_id", store=True)
    kind = fields.Selection(
        [
            ("retry", "Tried again as it was"),
            ("match", "Matched with a claim of ours"),
            ("lines", "Lines matched by hand"),
            ("cap", "Contractual capped"),
            ("cash", "Payment alone"),
            ("alone", "Posted without its reversal"),
            ("split", "Divided among claims"),
            ("part", "Part of a division"),
            ("not_ours", "Not ours"),
            ("return", "Given back to the payer"),
        ],
        string="Decision",
        required=True,
        readonly=True,
    )
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    decided_at = fields.Datetime(string="At", readonly=True)
    before = fields.Json(readonly=True, help="What had been decided before.")
    after = fields.Json(readonly=True)
    outcome = fields.Selection(
        [
            ("posted", "Posted"),
            ("parked", "Still parked"),
            ("not_ours", "Owed to the payer"),
            ("split", "Divided"),
        ],
        readonly=True,
    )
    refund_id = fields.Many2one("rcm.refund", readonly=True, index="btree_not_null")
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, index="btree_not_null"
    )
    undone_at = fields.Datetime(readonly=True)
    undone_by_id = fields.Many2one("res.users", readonly=True)
    undo_reason = fields.Char(readonly=True)

    @api.depends("kind")
    def _compute_display_name(self):
        words = dict(self._fields["kind"]._description_selection(self.env))
        for resolution in self:
            resolution.display_name = words.get(resolution.kind)

    @api.model
    def _rcm_note(self, claim, kind, before, reason, refund=None):
        """Keep a decision just carried out. Private: for the resolving step only."""
        outcomes = {"posted": "posted", "not_ours": "not_ours", "split": "split"}
        return self._rcm_create(
            [
                {
                    "remittance_claim_id": claim.id,
                    "kind": kind,
                    "reason": reason or False,
                    "user_id": self.env.uid,
                    "decided_at": fields.Datetime.now(),
                    "before": before or {},
                    "after": claim.override or {},
                    "outcome": outcomes.get(claim.state, "parked"),
                    "move_id": False if claim.state == "parked" else claim.move_id.id,
                    "refund_id": refund.id if refund else False,
                }
            ]
        )

    # ------------------------------------------------------------------
    # Undoing
    # ------------------------------------------------------------------
    def action_undo(self):
        """Ask for the reason and take this decision back."""
        self.ensure_one()
        self.env.user._rcm_require(*POSTERS)
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Undo"),
            "res_model": "rcm.remittance.undo",
            "view_mode": "form",
            "target": "new",
            "context": {"default_resolution_id": self.id},
        }

    def _rcm_undo(self, reason):
        """Take the decision back; the claim is an unpostable again.

        What it posted is taken back under the approval policies, like a whole posting.

        :return: whether it was taken back; otherwise approval was asked for
        """
        self.ensure_one()
        self._rcm_check_undo()
        claim = self.remittance_claim_id
        self._rcm_write({"undo_reason": reason})
        if claim.state in REVERSED_STATES and not claim._rcm_gate("undo"):
            claim._rcm_emit("remittance.undo_asked", {"reason": [None, reason]})
            return False
        if claim.state == "posted":
            claim._rcm_take_back_release(reason)
        elif claim.state == "not_ours":
            claim._rcm_take_back_not_ours(reason)
        elif claim.state == "split":
            claim._rcm_join()
        self._rcm_set_undone(reason)
        return True

    def _rcm_check_undo(self):
        """It still holds, nothing later builds on it."""
        claim = self.remittance_claim_id
        if self.undone_at:
            raise UserError(self.env._("This decision is undone already."))
        later = claim.resolution_ids.filtered(
            lambda item: item.id > self.id and not item.undone_at
        )
        if later:
            raise UserError(self.env._("Undo the later decision first."))
        if claim.state not in (*REVERSED_STATES, "parked", "split"):
            raise UserError(
                self.env._("%s can no longer be undone.", claim.display_name)
            )
        claim._rcm_check_take_back()

    def _rcm_set_undone(self, reason):
        """The claim waits for a person again, as it was before the decision."""
        claim = self.remittance_claim_id
        # It waits for a person, not for the next try that finds it.
        override = {**(self.before or {}), "park": True}
        claim._rcm_write_logged(
            {claim.id: {"override": override}}, "remittance.claim_override"
        )
        self._rcm_write(
            {
                "undone_at": fields.Datetime.now(),
                "undone_by_id": self.env.uid,
                "undo_reason": reason,
            }
        )
        claim._rcm_resolve_cases(None, self.env._("Undone."))
        claim._rcm_raise_case(
            case_type(SET_ASIDE),
            self.env._("A decision about it was undone: %s", reason),
            amount=claim.paid,
        )
        claim._rcm_emit(
            "remittance.resolution_undone",
            {"decision": [self.kind, None], "reason": [None, reason]},
        )


class RcmRemittanceClaim(models.Model):
    """Taking back what a person's decision posted, for one claim."""

    _inherit = "rcm.remittance.claim"

    resolution_ids = fields.One2many(
        "rcm.remittance.resolution", "remittance_claim_id", string="Resolutions"
    )

    def _rcm_approval_facts(self, effect):
        """Taking back what a decision posted: nobody's everyday step."""
        if effect != "undo":
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        asked = self._rcm_undo_asked()
        amount = abs(to_decimal(self.paid, self.currency_id.decimal_places))
        approved = {
            "amount": str(amount),
            "decision": asked.id,
            "entry": self.move_id.id,
            "reason": asked.undo_reason or "",
        }
        return self._rcm_approval_item("override", effect, approved, amount)

    def _rcm_gate_approved(self, effect):
        """Approved: what was asked for is taken back."""
        if effect == "undo":
            for claim in self:
                asked = claim._rcm_undo_asked().sudo()  # approved, by its facts
                if asked:
                    asked._rcm_undo(asked.undo_reason)
        return super()._rcm_gate_approved(effect)

    def _rcm_undo_asked(self):
        """The decision that is to be undone and is not yet."""
        return self.resolution_ids.filtered(
            lambda item: item.undo_reason and not item.undone_at
        )[:1]

    def _rcm_check_take_back(self):
        """Nothing later builds on what is taken back."""
        self.ensure_one()
        if self.state == "split":
            self._rcm_check_join()
        if self.state == "posted" and self.move_id == self.remittance_id.move_id:
            raise UserError(
                self.env._("It was posted with its remittance; unpost that instead.")
            )
        if self.state == "not_ours" and self._rcm_not_ours_record().filtered(
            lambda item: item.state != "open"
            or not item.currency_id.is_zero(item.used_amount)
        ):
            raise UserError(self.env._("The payer has its money back already."))

    def _rcm_not_ours_record(self):
        return self.env["rcm.payer.overpayment"].search(
            [
                ("remittance_claim_id", "=", self.id),
                ("kind", "=", "not_ours"),
                ("state", "!=", "cancelled"),
            ]
        )

    def _rcm_take_back_release(self, reason):
        """Reverse the entry of a release; the cash is unapplied again."""
        self.ensure_one()
        remittance = self.remittance_id
        remittance._rcm_reverse_entries(self.move_id.sudo(), reason)  # its own entry
        remittance._rcm_take_back_amounts(self)
        self._rcm_reopen_claim()
        self._rcm_set_state("open", move_id=False)
        self._rcm_set_state("parked")
        remittance._rcm_after_undo()
        remittance._rcm_check_receivables(self.claim_id)

    def _rcm_reopen_claim(self):
        """Denials, variances and the payer's decision of this claim are undone."""
        own = [("remittance_claim_id", "=", self.id)]
        self.env["rcm.denial"].search(
            [*own, ("state", "in", ("open", "in_work", "appealed"))]
        )._rcm_set_state("reversed", closed_at=fields.Datetime.now())
        self.env["rcm.payment.variance"].search(
            [*own, ("state", "!=", "reversed")]
        )._rcm_set_state("reversed")
        if self.reverses_id:
            self.reverses_id._rcm_set_state("posted")
            if self.claim_id.state == "reopened":
                self.claim_id._rcm_mark_adjudicated(self.payer_id)
        else:
            self.claim_id._rcm_payer_took_back(self.payer_id)

    def _rcm_take_back_not_ours(self, reason):
        """The money is no longer owed to the payer; it waits on unapplied cash."""
        self.ensure_one()
        record = self._rcm_not_ours_record()
        self._rcm_drop_refunds()
        self.remittance_id._rcm_reverse_entries(
            self.move_id.sudo(),  # its own entry
            reason,
        )
        record._rcm_set_state("cancelled")
        self._rcm_set_state("parked", move_id=False)
        self.remittance_id._rcm_after_undo()

    def _rcm_drop_refunds(self):
        """Refunds of this payment that were asked for and not paid yet."""
        refunds = self.env["rcm.refund"].search(
            [
                ("remittance_claim_id", "=", self.id),
                ("state", "in", ("draft", "requested", "approved", "refused")),
            ]
        )
        refunds._rcm_set_state("cancelled")
        refunds._rcm_approval_void(refunds._rcm_open_requests())


class RcmRemittance(models.Model):
    """A remittance of which a claim is parked again."""

    _inherit = "rcm.remittance"

    def _rcm_after_undo(self):
        """Count again; what was posted whole has a parked claim now."""
        self._rcm_after_release()
        if self.state in ("posted", "reconciled"):
            self._rcm_set_state("posted_with_parked")
