from odoo import fields, models

from ..settlement.claim_checks import REVERSAL


class RcmClaim(models.Model):
    """What remittances do to our claims."""

    _inherit = "rcm.claim"

    remittance_claim_ids = fields.One2many(
        "rcm.remittance.claim", "claim_id", string="Remittances", readonly=True
    )
    remittance_count = fields.Integer(compute="_compute_remittance_counts")
    denial_ids = fields.One2many("rcm.denial", "claim_id", readonly=True)
    denial_count = fields.Integer(compute="_compute_remittance_counts")
    variance_ids = fields.One2many("rcm.payment.variance", "claim_id", readonly=True)
    variance_count = fields.Integer(compute="_compute_remittance_counts")

    def _compute_remittance_counts(self):
        for claim in self:
            claim.remittance_count = len(claim.remittance_claim_ids)
            claim.denial_count = len(claim.denial_ids)
            claim.variance_count = len(claim.variance_ids)

    # ------------------------------------------------------------------
    # Sequencing: remittances that came too early go on
    # ------------------------------------------------------------------
    def _rcm_mark_submitted(self, *args, **kwargs):
        result = super()._rcm_mark_submitted(*args, **kwargs)
        self._rcm_wake_remittances()
        return result

    def _rcm_apply_status(self, *args, **kwargs):
        result = super()._rcm_apply_status(*args, **kwargs)
        self._rcm_wake_remittances()
        return result

    def _rcm_post_invoices(self, plans):
        """What waited for the invoice, or for the rest a corrected version adds."""
        result = super()._rcm_post_invoices(plans)
        self._rcm_wake_remittances()
        return result

    def _rcm_wake_remittances(self):
        """Take up remittances that wait for these claims."""
        if not self:
            return
        Remittance = self.env[
            "rcm.remittance"
        ].sudo()  # a step of the system, not theirs
        Remittance._rcm_other_remittance_of(self.mapped("name"))._rcm_wake_again()

    # ------------------------------------------------------------------
    # After posting
    # ------------------------------------------------------------------
    def _rcm_payer_decided(self, remittance, outcomes):
        """The payer has decided: lines, legs, claim, and the next payer's turn."""
        if not self:
            return
        Line = self.env["rcm.claim.line"]
        for state, ids in remittance._rcm_line_states(outcomes).items():
            lines = Line.browse(ids)
            lines.filtered(lambda line, new=state: line.state != new)._rcm_set_state(
                state
            )
        self._rcm_settle_legs(outcomes)
        numbers = {
            index: item.payer_claim_number
            for index, item in remittance._rcm_claims_by_index().items()
        }
        self._rcm_note_payer_numbers(
            {o.claim_id: numbers.get(o.index) for o in outcomes}, remittance.payer_id
        )
        self._rcm_mark_adjudicated(remittance.payer_id)
        following = {o.claim_id: o.next_payer_id for o in outcomes if o.next_payer_id}
        crossed = {outcome.claim_id for outcome in outcomes if outcome.crossover}
        # whom the plan moved the rest to is whose turn it is
        self.browse(crossed)._rcm_open_next_leg(following, crossover=True)
        self.browse(set(following) - crossed)._rcm_open_next_leg(following)

    def _rcm_settle_legs(self, outcomes):
        """The leg of the payer who decided is adjudicated."""
        decided = {(o.claim_id, o.leg_sequence) for o in outcomes}
        legs = self.leg_ids.filtered(
            lambda leg: (leg.claim_id.id, leg.sequence) in decided
            and leg.state not in ("adjudicated", "closed", "not_due")
        )
        legs._rcm_set_state("adjudicated")

    def _rcm_payer_took_back(self, payer):
        """A reversal: these claims are open again with this payer."""
        if not self:
            return
        self._rcm_reopen(payer)
        voids = self.filtered(lambda claim: claim.state == "void")
        voids.mapped("replaced_by_ids")._rcm_close_voids()
        self.line_ids.filtered(
            lambda line: line.state in ("paid", "pended", "denied", "written_off")
        )._rcm_set_state("open")

    def _rcm_credit_patients(self):
        """Where a reversal left less than nothing for the patient: credit notes, and
        what was paid too much becomes the patient's credit."""
        if not self:
            return
        balances = self._rcm_balances()
        over = self.filtered(
            lambda claim: balances[claim.id].get("patient_unbilled", 0) < 0
        )
        if over:
            over._rcm_create_patient_invoices()
            over._rcm_patient_credit()

    def _rcm_true_up_blocked(self):
        """No true-up while a variance of the claim is open or disputed."""
        blocked = super()._rcm_true_up_blocked()
        variances = self.env["rcm.payment.variance"].search(
            [("claim_id", "in", self.ids), ("state", "in", ("open", "disputed"))]
        )
        return blocked | variances.claim_id

    def _rcm_note_remittance(self, remittance, outcomes):
        """One audit row a claim, under the claim's own thread."""
        changes = {
            outcome.claim_id: {
                "remittance": [None, remittance.name],
                "paid": [None, format(outcome.paid, "f")],
                "receivable": [None, format(-outcome.receivable, "f")],
                "reversal": [None, bool(outcome.reverses)],
            }
            for outcome in outcomes
        }
        self._rcm_emit("claim.remittance_posted", changes_by_id=changes)

    def _rcm_retry_parked(self, remittance):
        """A reversal opened these claims: what waited for that may be released.

        :return: control numbers of which the payer's decision was released
        """
        parked = self.env["rcm.remittance.claim"].search(
            [("claim_id", "in", self._rcm_chain().ids), ("state", "=", "parked")]
        )
        released = parked._rcm_release_in_order().filtered(
            lambda claim: claim.payer_id == remittance.payer_id
            and claim.status != REVERSAL
        )
        return set(released.claim_id.mapped("name"))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_rcm_remittances(self):
        """Show where payers decided this claim."""
        return self._rcm_open_list("rcm.remittance.claim", self.env._("Remittances"))

    def action_rcm_denials(self):
        """Show denied amounts of this claim."""
        return self._rcm_open_list("rcm.denial", self.env._("Denials"))

    def action_rcm_variances(self):
        """Show where the payer allowed something else than the contract."""
        return self._rcm_open_list("rcm.payment.variance", self.env._("Variances"))

    def _rcm_open_list(self, model, name):
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("claim_id", "in", self.ids)],
            "context": {"create": False},
        }
