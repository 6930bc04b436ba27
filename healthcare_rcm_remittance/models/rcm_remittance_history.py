from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..settlement import actions
from ..settlement.history import Summary, take_over
from ..settlement.outcome import NOTHING, POST
from ..settlement.plan import payment_day

HISTORY = "history"


class RcmRemittance(models.Model):
    """Older remittances: read and kept for matching and reversals, never posted.

    A file brought as history makes no entry. Where a claim was taken over with what
    this payer had done to it, and the file says the same to the cent, the file's
    decision takes the place of the opening's summary: a later reversal then finds the
    payer's own lines and codes.
    """

    _inherit = "rcm.remittance"

    history = fields.Boolean(
        string="From Before",
        readonly=True,
        copy=False,
        help="From before the books began here: nothing of it is posted.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"history"}

    def _rcm_process(self):
        older = self.filtered(lambda item: item.file_id.source == HISTORY)
        for remittance in older:
            remittance._rcm_keep_history()
        return super(RcmRemittance, self - older)._rcm_process()

    def _rcm_keep_history(self):
        """Keep what the payer decided then; nothing is posted."""
        self.ensure_one()
        if self.retry:
            self._rcm_write({"retry": False})
        if self.state not in ("balanced", "held") or self.duplicate_of_id:
            return
        if not self._rcm_resolve_parties():
            self._rcm_hold()
            return
        transaction = self._rcm_transaction()
        options = self._rcm_options()
        self._rcm_lock_claims(transaction, options)
        facts = self._rcm_claim_facts(transaction, {})
        summaries = self._rcm_opening_answers(facts)
        rules = self.env["rcm.posting.rule"]._rcm_book(self.company_id)
        day = payment_day(transaction, options)
        outcomes, used = [], set()
        for claim in transaction.claims:
            known = facts.get(claim.control_number)
            answer = known and known.id not in used and summaries.get(known.id)
            outcome = take_over(
                claim,
                known,
                answer._rcm_summary() if answer else None,
                rules,
                self.payer_id.id,
                day,
            )
            if outcome.decision == POST:
                used.add(known.id)
            outcomes.append(outcome)
        self._rcm_store_history(outcomes, summaries)

    def _rcm_opening_answers(self, facts):
        """``{claim id: the opening's summary of this payer's decision}``"""
        answers = self.env["rcm.remittance.claim"].search(
            [
                ("claim_id", "in", [item.id for item in facts.values()]),
                ("payer_id", "=", self.payer_id.id),
                ("state", "=", "posted"),
                ("remittance_id.history", "=", True),
                ("remittance_id.file_id", "=", False),
            ]
        )
        return {answer.claim_id.id: answer for answer in answers}

    def _rcm_store_history(self, outcomes, summaries):
        """Claims get their state; what replaces a summary takes its sums."""
        if self.state == "held":
            self._rcm_set_state("balanced")
        self._rcm_end_hold()
        self._rcm_store_outcomes(outcomes)
        records = self._rcm_claims_by_index()
        for outcome in outcomes:
            record = records[outcome.index]
            if outcome.decision == NOTHING:
                record._rcm_set_state("nothing")
                continue
            old = summaries[outcome.claim_id]
            record._rcm_set_state(
                "posted",
                posted_receivable=old.posted_receivable,
                posted_kinds=old.posted_kinds,
            )
            old._rcm_set_state("cancelled")
        self._rcm_write({"history": True})
        for state in ("matched", "posted", "reconciled"):
            self._rcm_set_state(state)
        kept = [item for item in outcomes if item.decision == POST]
        self._rcm_emit(
            "remittance.history_kept",
            {"claims": [None, len(outcomes)], "in_place_of_opening": [None, len(kept)]},
        )

    def _rcm_check_unpost(self):
        if self.history:
            raise UserError(
                self.env._("It was never posted: it is from before the books began.")
            )
        return super()._rcm_check_unpost()


class RcmRemittanceClaim(models.Model):
    """The opening's summary of a decision, in numbers."""

    _inherit = "rcm.remittance.claim"

    def _rcm_summary(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        patient = (
            to_decimal(item.posted_amount, digits)
            for item in self.adjustment_ids
            if item.action == actions.PATIENT
        )
        return Summary(
            to_decimal(self.paid, digits),
            to_decimal(self.posted_receivable, digits),
            sum(patient, Decimal(0)),
        )
