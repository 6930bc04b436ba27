from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..settlement import actions, purposes
from ..settlement.outcome import NOTHING, PARK, POST
from ..settlement.reasons import case_type
from .rcm_remittance_facts import TAKEN_BACK_KINDS

POSTABLE = ("matched", "approval")


class RcmRemittance(models.Model):
    """Posting a plan: one journal entry, its matches, and what follows from it."""

    _inherit = "rcm.remittance"

    def _rcm_post(self, plan):
        """Post ``plan``, made in this transaction under the locks of its claims.

        One entry for the whole ST; none when there is nothing to book. The gate was
        passed for this very digest.
        """
        self.ensure_one()
        if self.state not in POSTABLE:
            raise UserError(
                self.env._(
                    "%(name)s is not ready to be posted.", name=self.display_name
                )
            )
        if plan.digest != self.plan_digest:
            raise UserError(
                self.env._("The posting plan has changed; look at it again.")
            )
        moves = self._rcm_post_plan(plan)
        parked = plan.with_decision(PARK)
        zero = self.currency_id.is_zero(self.amount)
        self._rcm_set_state(
            "posted_with_parked" if parked else "posted",
            move_id=moves.id,
            posted_at=fields.Datetime.now(),
            posted_by_id=self.env.uid,
            posting_date=self._rcm_posting_date(),
        )
        if zero and not parked:
            # No money moves: there is no bank line to wait for.
            self._rcm_set_state("reconciled")

    def _rcm_post_plan(self, plan, released=None):
        """Book the plan and carry its outcomes to claims, denials and variances.

        :param released: remittance claims of a release; default all of the ST
        :return: the journal entry, empty when nothing was to be booked
        """
        posted = plan.with_decision(POST)
        self._rcm_invoice_waiting(posted)
        self._rcm_take_back_local_entries(posted)
        move = self._rcm_create_entry(plan)
        records = self._rcm_claims_by_index(released)
        self._rcm_tell_progress("mark")
        self._rcm_mark_claims(plan, records, move)
        self._rcm_match_entry(plan, records, move)
        self._rcm_tell_progress("follow")
        self._rcm_follow_up(plan, records)
        if released is None:
            self.env["rcm.payer.overpayment"]._rcm_settle(self, plan)
        self._rcm_check_receivables(
            self.env["rcm.claim"].browse({outcome.claim_id for outcome in posted})
        )
        return move

    # ------------------------------------------------------------------
    # The entry
    # ------------------------------------------------------------------
    def _rcm_create_entry(self, plan):
        """One posted entry with every line of the plan."""
        Move = self.env["account.move"]
        if not plan.lines:
            return Move
        date = self._rcm_posting_date()
        self._rcm_check_period(date)
        lines = self._rcm_entry_lines(plan)
        return Move._rcm_post_entries(
            [
                {
                    "move_type": "entry",
                    "journal_id": self.company_id._rcm_journal("remittance").id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "date": date,
                    "ref": self.display_name,
                    "rcm_kind": "remittance",
                    "rcm_correlation_id": self.correlation_id,
                    "line_ids": [Command.create(vals) for vals in lines],
                }
            ]
        )

    def _rcm_entry_lines(self, plan):
        """Values of the journal items: claim, encounter, facility, nothing clinical."""
        accounts = self.company_id._rcm_accounts()
        Claim, Payer = self.env["rcm.claim"], self.env["rcm.payer"]
        claims = Claim.browse({line.claim_id for line in plan.lines} - {None})
        payers = Payer.browse({line.payer_id for line in plan.lines} - {None})
        claims.fetch(["name", "encounter_id", "facility_id", "guarantor_id"])
        partner_of = {p.id: p.partner_id.commercial_partner_id.id for p in payers}
        by_id = {claim.id: claim for claim in claims}
        indexes = self._rcm_claim_index()
        providers = self._rcm_provider_facilities()
        label = self.trace or self.name
        return [
            self._rcm_entry_line(
                line, accounts, by_id, partner_of, indexes, label, providers
            )
            for line in plan.lines
        ]

    def _rcm_entry_line(
        self, line, accounts, claims, partners, indexes, label, providers
    ):
        claim = claims.get(line.claim_id)
        partner = partners.get(line.payer_id)
        if line.purpose == purposes.PATIENT_UNBILLED and claim:
            partner = claim.guarantor_id.commercial_partner_id.id
        account = accounts.get(line.purpose) or self.company_id._rcm_account(
            line.purpose
        )
        facility = (claim or self).facility_id
        if line.provider_index is not None:
            facility = providers.get(line.provider_index) or facility
        balance = self._rcm_money(line.balance)
        analytic = facility.sudo().analytic_account_id  # read for everyone
        result = account.account_type.startswith(("income", "expense"))
        return {
            "name": f"{label} {claim.name}" if claim else label,
            "account_id": account.id,
            "partner_id": partner,
            "currency_id": self.currency_id.id,
            "balance": balance,
            "amount_currency": balance,
            # What Odoo would find out about an item without product or tax.
            "display_type": "product",
            "sequence": 100,
            "quantity": 1.0,
            "product_uom_id": False,
            "price_subtotal": balance,
            "price_total": balance,
            "tax_ids": [Command.clear()],
            "analytic_distribution": {str(analytic.id): 100.0}
            if result and analytic
            else False,
            "rcm_purpose": line.purpose,
            "rcm_claim_id": claim.id if claim else False,
            "rcm_encounter_id": claim.encounter_id.id if claim else False,
            "rcm_facility_id": facility.id,
            "rcm_remittance_claim_id": indexes.get(line.claim_index, False),
        }

    def _rcm_period_locks(self, date):
        """Lock dates of the company that forbid an entry on this day."""
        return self.company_id._get_lock_date_violations(
            date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
        )

    def _rcm_check_period(self, date):
        """A locked period is never bypassed, and Odoo must not move the date."""
        journal = self.company_id._rcm_journal("remittance")
        if self._rcm_period_locks(date):
            raise UserError(
                self.env._(
                    "The period of %(date)s is locked for %(journal)s.",
                    date=date,
                    journal=journal.display_name,
                )
            )

    # ------------------------------------------------------------------
    # Before the entry
    # ------------------------------------------------------------------
    def _rcm_invoice_waiting(self, outcomes):
        """Invoice claims that were to be invoiced when adjudicated."""
        claims = self.env["rcm.claim"].browse(
            {o.claim_id for o in outcomes if o.claim_id}
        )
        waiting = claims.filtered(lambda claim: claim.invoice_state == "none")
        if waiting:
            waiting._rcm_create_invoices()

    def _rcm_take_back_local_entries(self, outcomes):
        """Local entries of claims that the payer takes back go first."""
        claims = self.env["rcm.claim"].browse(
            [o.claim_id for o in outcomes if o.takes_back_local]
        )
        if claims:
            self._rcm_versions_of(claims)._rcm_reverse_local_entries(
                self.env._("Taken back by the payer: %s", self.display_name),
                kinds=TAKEN_BACK_KINDS,
            )

    # ------------------------------------------------------------------
    # Marking and following up
    # ------------------------------------------------------------------
    def _rcm_mark_claims(self, plan, records, move):
        """States of the remittance claims, and what reversals take back."""
        RemittanceClaim = self.env["rcm.remittance.claim"]
        by_state = {POST: "posted", PARK: "parked", NOTHING: "nothing"}
        for decision, state in by_state.items():
            outcomes = plan.with_decision(decision)
            claims = RemittanceClaim.browse(records[o.index].id for o in outcomes)
            if decision == POST:
                claims._rcm_store_posted(
                    {records[outcome.index].id: outcome for outcome in outcomes}
                )
                claims._rcm_set_state(state, move_id=move.id)
            else:
                claims._rcm_set_state(state)
        RemittanceClaim.browse(
            [o.reverses for o in plan.with_decision(POST) if o.reverses]
        )._rcm_set_state("reversed")

    def _rcm_follow_up(self, plan, records):
        """Claims, legs, denials, variances and cases, in batches."""
        posted = plan.with_decision(POST)
        self._rcm_update_claims(posted, records)
        Denial, Variance = self.env["rcm.denial"], self.env["rcm.payment.variance"]
        Denial._rcm_open_from(self, posted, records)
        Variance._rcm_open_from(self, posted, records)
        for outcome in plan.with_decision(PARK):
            record, reason = records[outcome.index], outcome.reasons[0]
            record._rcm_raise_case(
                case_type(reason.code),
                self._rcm_reason_text(reason.code),
                expected=reason.expected,
                actual=reason.actual,
                amount=self._rcm_money(outcome.paid),
            )

    def _rcm_update_claims(self, posted, records):
        """Posted amounts, line states, adjudication and the next payer's turn."""
        Claim = self.env["rcm.claim"]
        rows = [
            (outcome.claim_id, line_id or False, kind, amount)
            for outcome in posted
            for line_id, kind, amount in outcome.kinds
        ]
        if rows:
            Claim._rcm_apply_posting(rows)
        decided = [outcome for outcome in posted if not outcome.reverses]
        back = [outcome for outcome in posted if outcome.reverses]
        corrected = {outcome.claim_id for outcome in decided}
        Claim.browse({o.claim_id for o in back})._rcm_payer_took_back(self.payer_id)
        claims = Claim.browse({outcome.claim_id for outcome in decided})
        claims._rcm_payer_decided(self, decided)
        Claim.browse({o.claim_id for o in posted})._rcm_note_remittance(self, posted)
        Claim.browse({o.claim_id for o in back})._rcm_credit_patients()
        uncorrected = {o.claim_id for o in back} - corrected
        released = Claim.browse(uncorrected)._rcm_retry_parked(self)
        self._rcm_await_corrections(back, decided, records, released)

    def _rcm_await_corrections(self, back, decided, records, released):
        """A reversal without its correction is legal (RFI 1776), and watched.

        The case of each waits as long as its exception type says; the correction,
        whenever it posts, closes it. ``released``: control numbers of which a parked
        correction was just released.
        """
        awaited = ["correction_awaited"]
        corrected = {outcome.control_number for outcome in decided}
        for outcome in back:
            if outcome.control_number not in corrected | released:
                records[outcome.index]._rcm_raise_case(
                    *awaited,
                    self.env._("Taken back by the payer; no new decision yet."),
                    amount=-self._rcm_money(outcome.paid),
                )
        if corrected:
            earlier = self.env["rcm.remittance.claim"].search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("payer_id", "=", self.payer_id.id),
                    ("claim_id.name", "in", list(corrected)),
                    ("reverses_id", "!=", False),
                    ("state", "=", "posted"),
                ]
            )
            earlier._rcm_resolve_cases(awaited, self.env._("The correction is posted."))

    def _rcm_line_states(self, outcomes):
        """State of each claim line after these outcomes: {state: line ids}."""
        states = {}
        for outcome in outcomes:
            for _index, line_id in outcome.matches:
                states.setdefault(line_id, "paid")
            for item in outcome.actions:
                lines = (
                    [item.line_id] if item.line_id else [i for _, i in outcome.matches]
                )
                for line_id in lines:
                    if item.action == actions.DENIAL:
                        states[line_id] = "denied"
                    elif item.action == actions.PENDING and (
                        states.get(line_id) != "denied"
                    ):
                        states[line_id] = "pended"
        by_state = defaultdict(list)
        for line_id, state in states.items():
            by_state[state].append(line_id)
        return by_state
