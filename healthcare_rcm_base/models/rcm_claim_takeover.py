from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.claim_versions import VOID
from ..core.ledger_entries import ZERO
from ..core.ledger_local import POSTED_AS

AWAITING = ("cleared", "pending_interface")
# Where remittances book a claim's cash; it is taken from the other lines.
CASH = ("clearing", "unapplied_payer_cash")


class RcmClaim(models.Model):
    """A further version is submitted: it takes the place of the one before it.

    Replacement: an invoice or credit note over the difference, so that all versions
    together are invoiced at the new amounts. Void: everything invoiced is credited,
    and cash the payer has paid is owed back to it until the reversal arrives.
    """

    _inherit = "rcm.claim"

    def _rcm_mark_submitted(self, submitted_at, reference=None, payer=None):
        taking_over = self.filtered(
            lambda claim: claim.replaces_id and claim.state in AWAITING
        )
        result = super()._rcm_mark_submitted(submitted_at, reference, payer)
        for claim in taking_over.filtered(lambda item: item.state == "submitted"):
            claim._rcm_take_over()
        return result

    def _rcm_take_over(self):
        """End the version before this one, in the ledger as at the payer."""
        self.ensure_one()
        before = self.replaces_id
        self._rcm_chain()._rcm_ledger_lock()
        if before.state in ("superseded", "void"):
            return  # a void that was rejected is sent again
        if self.frequency_code == VOID:
            self._rcm_void_ledger()
            ended = "void"
        else:
            self._rcm_invoice_difference()
            ended = "superseded"
        before._rcm_give_back_units(self)
        before._rcm_set_state(ended, work=False, hold_state=False)
        before.leg_ids.filtered(lambda leg: leg.state != "closed")._rcm_set_state(
            "closed"
        )
        before._rcm_resolve_cases(
            None, self.env._("Version %s was submitted.", self.version)
        )
        if self.frequency_code == VOID:
            self._rcm_free_charges()
        elif self.encounter_id.state == "closed":
            # It is with the payer again; it closes with this version.
            self.encounter_id._rcm_set_state("reopened")
            self.encounter_id._rcm_set_state("billed")

    # ------------------------------------------------------------------
    # Replacement
    # ------------------------------------------------------------------
    def _rcm_invoice_difference(self):
        """Invoice what this version asks beyond the ones before.

        Where nothing was invoiced yet, because the payer decides first, the whole is
        invoiced then.
        """
        if not any(item.invoice_state == "posted" for item in self._rcm_earlier()):
            return
        if not self._rcm_create_invoices():
            raise UserError(
                self.env._(
                    "Claim %(number)s cannot take over: %(reason)s",
                    number=self.display_name,
                    reason=" ".join(self.rcm_case_ids.mapped("message")),
                )
            )

    def _rcm_give_back_units(self, successor):
        """Authorized units of services that the next version does not carry."""
        kept = successor.line_ids.charge_id if successor.frequency_code != VOID else ()
        gone = self.line_ids.filtered(lambda line: line.charge_id not in kept)
        self._rcm_use_units_of(gone, -1)

    # ------------------------------------------------------------------
    # Void
    # ------------------------------------------------------------------
    def _rcm_void_ledger(self):
        """Credit all versions before this void; what was paid is owed back."""
        earlier = self._rcm_earlier()
        reason = self.env._("Claim voided")
        owed = earlier._rcm_settled_in_ledger()
        earlier._rcm_reverse_local_entries(reason)
        invoiced = earlier.filtered(lambda item: item.invoice_state == "posted")
        if invoiced:
            invoiced[-1]._rcm_credit_versions(invoiced, reason)
        if owed:
            self.replaces_id._rcm_local_entry("overpayment", owed, reason)
        if owed.get("patient_unbilled"):
            # What the guarantor was invoiced for is credited; paid, it is theirs.
            earlier._rcm_create_patient_invoices()
            earlier._rcm_patient_credit()

    def _rcm_settled_in_ledger(self):
        """The entry that owes back what remittances posted: cash as an overpayment.

        ``{}`` when they posted nothing; refused where it cannot be said in one entry.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.rcm_purpose, line.partner_id, SUM(line.balance)::text
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.rcm_claim_id IN %s AND move.rcm_kind = 'remittance'
                   AND move.state = 'posted' AND line.rcm_purpose NOT IN %s
                 GROUP BY line.rcm_purpose, line.partner_id
                HAVING SUM(line.balance) <> 0
                """,
                self._ids,
                CASH,
            )
        )
        payer = self[-1:]._rcm_payer_partner()
        amounts, others = defaultdict(Decimal), False
        for purpose, partner_id, amount in rows:
            amounts[purpose] -= Decimal(amount)
            others |= purpose == "receivable_payer" and partner_id != payer.id
        unknown = set(amounts) - set(POSTED_AS) - {"receivable_payer"}
        if others or unknown:
            raise UserError(
                self.env._(
                    "Claim %(number)s cannot be voided yet: another payer or a special "
                    "adjustment has posted on it. Ask that payer to take it back, or "
                    "send a replacement.",
                    number=self[-1:].display_name,
                )
            )
        cash = -sum(amounts.values(), ZERO)
        if cash:
            amounts["payer_overpayment"] += cash
        return {key: value for key, value in amounts.items() if value}

    def _rcm_free_charges(self):
        """The voided charges: billable again when wanted, else void for good."""
        earlier = self._rcm_earlier()
        charges = (earlier | self).line_ids.charge_id.filtered(
            lambda charge: charge.state == "billed"
        )
        if not self.bill_again:
            charges._rcm_move("void")
            return
        charges._rcm_move("captured")
        encounter = self.encounter_id
        if encounter.state in ("billed", "closed"):
            encounter._rcm_set_state("reopened")
        if encounter.state == "reopened":
            # Nobody bills the same again before somebody corrected what was wrong.
            encounter._rcm_hold()

    # ------------------------------------------------------------------
    # What the payer says to a void
    # ------------------------------------------------------------------
    def _rcm_apply_status(self, status, payer_claim_number=None, reason=None):
        result = super()._rcm_apply_status(status, payer_claim_number, reason)
        if status in ("accepted", "adjudicated"):
            self._rcm_close_voids()
        return result

    def _rcm_close_voids(self):
        """A void is done when nothing the payer paid is left to be taken back."""
        for claim in self.filtered(lambda item: item.frequency_code == VOID):
            owed = claim._rcm_earlier()._rcm_standing_local_entries(["overpayment"])
            if owed or claim.state not in ("submitted", "accepted", "adjudicated"):
                continue
            claim._rcm_mark_adjudicated()
            claim._rcm_close()

    # ------------------------------------------------------------------
    # Withdrawing what no payer took in
    # ------------------------------------------------------------------
    def action_withdraw(self):
        """Take back a claim the payer rejected unread: credit it, free its charges."""
        self._rcm_as("biller")._rcm_withdraw()

    def _rcm_check_withdraw(self):
        """Refuse what a payer has looked at, or what went on meanwhile."""
        for claim in self:
            facts = claim._rcm_version_facts()
            known = facts.known_to_payer or claim.frequency_code != "1"
            if claim.state != "rejected" or known:
                raise UserError(
                    self.env._(
                        "Only a claim that the payer rejected before adjudication is "
                        "withdrawn. Void claim %(number)s at the payer instead.",
                        number=claim.display_name,
                    )
                )
            if facts.successor_open:
                raise UserError(claim._rcm_version_refusal("successor_open"))

    def _rcm_withdraw(self):
        self._rcm_check_withdraw()
        for claim in self:
            chain = claim._rcm_earlier() | claim
            chain._rcm_reverse_local_entries(self.env._("Claim withdrawn"))
            invoiced = chain.filtered(lambda item: item.invoice_state == "posted")
            if invoiced:
                invoiced[-1]._rcm_credit_versions(
                    invoiced, self.env._("Claim withdrawn")
                )
            claim._rcm_use_authorizations(-1)
            claim._rcm_set_state("void", work=False)
            claim.leg_ids._rcm_set_state("closed")
            claim._rcm_released_charges()._rcm_move("captured")
            claim._rcm_resolve_cases(None, self.env._("Withdrawn."))
