import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.errors import PredecessorMissing, RcmPermanent
from ..tools import bulk_update

BEFORE_SUBMISSION = ("draft", "validated", "cleared", "on_hold")
WITH_PAYER = ("submitted", "accepted", "rejected")
LEG_AT_PAYER = (
    "ready",
    "submitted",
    "crossover_pending",
    "accepted",
    "rejected",
    "pended",
    "reversed",
)
STATUSES = ("accepted", "rejected", "pended", "adjudicated")
# A reason is kept when it is a code (277CA category:status), never as free text.
REASON_CODE = re.compile(r"[A-Z]?[0-9]{1,3}(:[A-Z0-9]{1,4}){0,3}")


class RcmClaim(models.Model):
    """The way of a claim from the gate to its close."""

    _inherit = "rcm.claim"

    # ------------------------------------------------------------------
    # Clear and invoice
    # ------------------------------------------------------------------
    def _rcm_clear(self):
        """Ask the gate; what it lets through is cleared and due for its invoice.

        :return: the claims that are cleared now
        """
        asking = self.filtered(lambda claim: claim.state == "validated")
        allowed = asking._rcm_gate("clear")
        if waiting := (asking - allowed).filtered("work"):
            waiting._rcm_write({"work": False})
        allowed._rcm_set_state("cleared")
        due = allowed.filtered(lambda claim: claim._rcm_invoice_when() == "now")
        due._rcm_set_work("invoice")
        (allowed - due).filtered("work")._rcm_set_work(False)
        first = allowed.leg_ids.filtered(
            lambda leg: leg.state == "not_due" and leg == leg.claim_id.leg_ids[:1]
        )
        first._rcm_set_state("ready")
        allowed.encounter_id._rcm_mark_billed()
        return allowed

    def _rcm_set_work(self, work):
        """Note the next automatic step.

        The scheduled action that does these steps need not be woken by its own
        doing, and rules run record by record: it passes them by.
        """
        if not self:
            return
        if self.env.context.get("ir_cron_progress_id"):
            bulk_update(self, {claim.id: {"work": work} for claim in self})
        else:
            self._rcm_write({"work": work})

    def _rcm_gate_approved(self, effect):
        """A granted approval lets the claim go on."""
        if effect == "clear":
            self._rcm_clear()
        return super()._rcm_gate_approved(effect)

    def _rcm_invoice_when(self):
        """``now``, or ``adjudicated`` for claims that wait for their payer."""
        rule = self._rcm_invoice_rule()
        return rule if rule == "adjudicated" else "now"

    def _rcm_invoice(self):
        """Invoice cleared claims that have no invoice, as one batch for the ledger.

        What cannot be invoiced has its case from there and is not tried every minute.
        """
        due = self.filtered(
            lambda claim: claim.work == "invoice" and claim.invoice_state == "none"
        )
        due._rcm_create_invoices()
        self.filtered("work")._rcm_set_work(False)

    @api.model
    def _rcm_resume_invoicing(self):
        """Claims that waited for accounts which are set up now are due again."""
        Case = self.env["rcm.exception.case"].sudo()  # counting, not showing
        waiting = Case.search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("type_code", "=", "accounting_setup")
        )
        claims = (
            self.browse(waiting.mapped("res_id"))
            .exists()
            .filtered(
                lambda claim: claim.state == "cleared"
                and claim.invoice_state == "none"
                and not claim.work
            )
        )
        for company in claims.company_id:
            if not company._rcm_accounting_ready():
                claims.filtered(
                    lambda claim, owner=company: claim.company_id == owner
                )._rcm_write({"work": "invoice"})

    # ------------------------------------------------------------------
    # Submission and status
    # ------------------------------------------------------------------
    def _rcm_mark_submitted(self, submitted_at, reference=None, payer=None):
        """The claims were sent to their payer (or to ``payer``, a record or code).

        Sent again after a rejection counts; the same news twice changes nothing. A
        claim that is not cleared yet raises ``PredecessorMissing``.
        """
        for claim in self:
            claim._rcm_check_submittable()
        vals = {"submitted_date": submitted_at, "submission_reference": reference}
        for claim in self:
            leg = claim._rcm_leg_of(payer, ("ready", "crossover_pending", "rejected"))
            if leg:
                leg._rcm_set_state("submitted")
            if claim.state in ("cleared", "pending_interface", "rejected") or (
                leg and claim.state in ("adjudicated", "reopened")
            ):
                claim._rcm_set_state("submitted", **vals)
        self._rcm_resolve_cases(["claim_rejected"], self.env._("Submitted again."))

    def _rcm_check_submittable(self):
        self.ensure_one()
        if self.self_pay or not self.payer_id:
            raise RcmPermanent("claim_self_pay", "a self-pay claim has no payer")
        if self.state in ("void", "superseded"):
            raise RcmPermanent("claim_not_live", f"the claim is {self.state}")
        if self.state in ("draft", "validated", "on_hold"):
            raise PredecessorMissing(f"claim:{self.name}")
        unbilled = self.invoice_state not in ("posted", "credited")
        if self.state == "cleared" and unbilled and self._rcm_invoice_when() == "now":
            raise PredecessorMissing(f"claim:{self.name}")

    def _rcm_apply_status(self, status, payer_claim_number=None, reason=None):
        """What the payer says about submitted claims.

        News older than what is known changes no state; news about a claim that was
        never sent raises ``PredecessorMissing``.
        """
        if status not in STATUSES:
            raise RcmPermanent("status_unknown", "not a status of a claim")
        for claim in self:
            if claim.state in BEFORE_SUBMISSION or claim.state == "pending_interface":
                raise PredecessorMissing(f"claim:{claim.name}")
            if payer_claim_number:
                claim._rcm_note_payer_numbers({claim.id: payer_claim_number})
            if claim.state not in WITH_PAYER:
                claim._rcm_emit("rcm.claim.status_ignored", {"status": [None, status]})
            elif status == "adjudicated":
                claim._rcm_mark_adjudicated()
            else:
                claim._rcm_apply_interim_status(status, reason)

    def _rcm_apply_interim_status(self, status, reason):
        self.ensure_one()
        leg = self._rcm_leg_of(None, LEG_AT_PAYER)
        if leg and leg.state not in ("ready", "reversed"):
            leg._rcm_set_state(status)
        # “Pended” is the payer still thinking: the claim itself counts as accepted.
        self._rcm_set_state("accepted" if status == "pended" else status)
        if status == "rejected":
            self._rcm_raise_case(
                "claim_rejected",
                self.env._(
                    "The payer rejected the claim before adjudication (%(reason)s).",
                    reason=_reason_code(reason) or self.env._("see its response"),
                ),
                amount=self.total_charge,
            )
        else:
            self._rcm_resolve_cases(["claim_rejected"], self.env._("Accepted."))

    def _rcm_mark_adjudicated(self, payer=None):
        """The payer whose turn it is has decided; called when its remittance posts.

        A decision about a version that has a successor leaves its state alone.
        """
        live = self.filtered(lambda claim: claim.state not in ("superseded", "void"))
        live._rcm_check_standing(
            (*WITH_PAYER, "adjudicated", "reopened"), "adjudicated"
        )
        for claim in live:
            leg = claim._rcm_leg_of(payer, LEG_AT_PAYER)
            if leg:
                leg._rcm_set_state("adjudicated")
        live._rcm_set_state("adjudicated", hold_state=False)
        live._rcm_resolve_cases(["claim_rejected"], self.env._("Adjudicated."))

    # ------------------------------------------------------------------
    # Reopen and close
    # ------------------------------------------------------------------
    def _rcm_reopen(self, payer=None):
        """A reversal, takeback or late correction: the claim is open again.

        A claim that is with its next payer is open already; only the reversed
        payer's leg changes then. A version that has a successor stays what it is: its
        successor is what is open.
        """
        live = self.filtered(lambda claim: claim.state not in ("superseded", "void"))
        live._rcm_check_standing(
            (*WITH_PAYER, "adjudicated", "closed", "reopened"), "reopened"
        )
        for claim in live:
            decided = claim.leg_ids.filtered(
                lambda leg: leg.state in ("adjudicated", "closed")
                and (not payer or leg.payer_id == payer)
            )
            decided[-1:]._rcm_set_state("reversed")
        live.filtered(lambda claim: claim.state not in WITH_PAYER)._rcm_set_state(
            "reopened", hold_state=False
        )

    def _rcm_close(self):
        """Nothing is open any more: true up the reserves and close.

        The encounter closes with its last claim.
        """
        closing = self.filtered(lambda claim: claim.state != "closed")
        for claim in closing:
            if not claim.currency_id.is_zero(claim.open_balance):
                raise UserError(
                    self.env._(
                        "Claim %(number)s still has an open balance.",
                        number=claim.display_name,
                    )
                )
        if not closing:
            return
        closing._rcm_true_up()
        closing.leg_ids.filtered(
            lambda leg: leg.state in ("adjudicated", "not_due")
        )._rcm_set_state("closed")
        closing._rcm_set_state("closed", work=False)
        closing.encounter_id.filtered(
            lambda encounter: encounter.state == "billed"
            and all(
                claim.state in ("closed", "void", "superseded")
                for claim in encounter.claim_ids
            )
        )._rcm_set_state("closed")

    # ------------------------------------------------------------------
    # Hold, back, void
    # ------------------------------------------------------------------
    def _rcm_hold(self):
        for state in set(self.mapped("state")) - {"on_hold"}:
            held = self.filtered(lambda claim, state=state: claim.state == state)
            held._rcm_set_state("on_hold", hold_state=state)

    def _rcm_release(self):
        held = self.filtered(lambda claim: claim.state == "on_hold")
        for state in set(held.mapped("hold_state")):
            some = held.filtered(lambda claim, state=state: claim.hold_state == state)
            some._rcm_set_state(state or "draft", hold_state=False)
        held.filtered(lambda claim: claim.state == "validated")._rcm_set_work("clear")
        held.encounter_id._rcm_wake_billing()

    def _rcm_frozen(self):
        """The claims whose charges are billed and authorized units used."""
        return self.filtered(
            lambda claim: claim._rcm_standing() not in ("draft", "void")
        )

    def _rcm_back_to_draft(self):
        """Open validated claims for correction, as long as nothing was invoiced."""
        if any(claim.invoice_state != "none" for claim in self):
            raise UserError(
                self.env._(
                    "An invoiced claim is corrected by a replacement, not edited."
                )
            )
        self._rcm_check_standing(("draft", "validated", "cleared"), "draft")
        if any(claim.frequency_code == "8" for claim in self):
            raise UserError(
                self.env._("A void has nothing to correct; withdraw it instead.")
            )
        billed = self._rcm_frozen()
        released = self._rcm_released_charges()
        self._rcm_set_state("draft", work=False, clean_claim=False, hold_state=False)
        billed._rcm_use_authorizations(-1)
        for claim in self:
            claim._rcm_write({"failed_edits": claim.failed_edits + 1})
        released._rcm_move("captured")

    def _rcm_void(self):
        """Withdraw claims that were never invoiced; their charges are free again."""
        if any(claim.invoice_state != "none" for claim in self):
            raise UserError(
                self.env._("An invoiced claim needs a credit note before it is void.")
            )
        self._rcm_check_standing(("draft", "validated", "cleared", "void"), "void")
        billed = self._rcm_released_charges()
        self._rcm_frozen()._rcm_use_authorizations(-1)
        self._rcm_set_state("void", work=False, hold_state=False)
        self.leg_ids._rcm_set_state("closed")
        billed._rcm_move("captured")

    # ------------------------------------------------------------------
    # Reprocess
    # ------------------------------------------------------------------
    def _rcm_reprocess(self, case):
        """Go on from where the claim stands: build, check, clear, invoice."""
        for claim in self:
            if claim.state == "draft":
                claim._rcm_refresh()._rcm_validate()._rcm_clear()
            elif claim.state == "validated":
                claim._rcm_clear()
            if claim.state == "cleared" and claim.invoice_state == "none":
                if claim._rcm_invoice_when() == "now":
                    claim._rcm_write({"work": "invoice"})
                    claim._rcm_invoice()
        if case.type_code in ("invoice_failed", "accounting_setup"):
            return all(claim.invoice_state != "none" for claim in self)
        return all(claim.state != "draft" for claim in self)

    # ------------------------------------------------------------------
    # Scheduled sweep
    # ------------------------------------------------------------------
    @api.model
    def _cron_draft_ageing(self):
        """Claims that have not been cleared for days get a case; others lose theirs."""
        self._rcm_sweep(
            "draft_ageing",
            fields.Domain("state", "in", ("draft", "validated")),
            since="create_date",
        )

    def _rcm_note_ageing(self):
        days = self._rcm_ageing_days()
        self._rcm_note_lying(
            "draft_ageing", self.env._("Not cleared for more than %s days.", days)
        )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_check_standing(self, allowed, target):
        """A hold hides a state, it does not open a way around it."""
        for claim in self:
            standing = claim._rcm_standing()
            if standing not in allowed:
                claim._rcm_refuse_move(standing, target)

    def _rcm_standing(self):
        """The state of the claim, or the one under its hold."""
        self.ensure_one()
        return self.hold_state if self.state == "on_hold" else self.state

    def _rcm_leg_of(self, payer, states):
        """The leg of ``payer`` (record or code), or the first one, in these states."""
        self.ensure_one()
        legs = self.leg_ids.filtered(lambda leg: leg.state in states)
        if payer:
            code = payer if isinstance(payer, str) else payer.code
            legs = legs.filtered(lambda leg: leg.payer_id.code == code)
        return legs[:1]


def _reason_code(reason):
    """``reason`` when it is a code; free text could identify the patient."""
    text = (reason or "").strip().upper()
    return text if REASON_CODE.fullmatch(text) else None
