from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import bulk_update


class RcmOpening(models.Model):
    """Taking a take-over back, as long as nothing has been done with it."""

    _inherit = "rcm.opening"

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------
    def _rcm_undo(self):
        self.ensure_one()
        claims = self.claim_ids
        claims._rcm_ledger_lock()
        self._rcm_check_untouched(claims)
        Move = self.env["account.move"]
        originals = Move.search(
            [("rcm_claim_id", "in", claims.ids), ("rcm_kind", "=", "opening")],
            order="id",
        )
        date = self.date
        journal = self.company_id._rcm_journal("adjustment")
        if self.company_id._get_lock_date_violations(
            date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
        ):
            date = fields.Date.context_today(self)
        reversals = Move._rcm_post_entries(
            [self._rcm_reversal_vals(move, journal, date) for move in originals]
        )
        claims._rcm_match_open_items(reversals)
        claims._rcm_set_state("void", work=False, hold_state=False)
        claims.leg_ids.filtered(lambda leg: leg.state != "closed")._rcm_set_state(
            "closed"
        )
        encounters = claims.encounter_id
        charges = encounters.charge_ids
        bulk_update(charges, {charge.id: {"state": "void"} for charge in charges})
        # The numbers are the payer's and the earlier system's: free for the next try.
        bulk_update(
            claims,
            {
                claim.id: {
                    "name": f"{claim.name}~{self.id}",
                    "invoice_state": "credited",
                }
                for claim in claims
            },
        )
        bulk_update(
            encounters,
            {
                one.id: {"number": f"{one.number}~{self.id}", "state": "cancelled"}
                for one in encounters
            },
        )
        claims._rcm_emit("rcm.claim.opening_undone", {"opening": [self.name, None]})
        self._rcm_set_state("undone")

    def _rcm_check_untouched(self, claims):
        """Refuse once somebody worked with the claims: that is history now."""
        lines = self.env["account.move.line"].search(
            [("rcm_claim_id", "in", claims.ids), ("parent_state", "=", "posted")]
        )
        posted = lines.filtered(lambda line: line.move_id.rcm_kind != "opening")
        matched = lines.filtered(
            lambda line: line.matched_debit_ids or line.matched_credit_ids
        )
        moved = claims.filtered(
            lambda claim: claim.state in ("closed", "superseded", "void", "reopened")
            or claim.version > 1
        )
        touched = (posted | matched).rcm_claim_id | moved
        if touched:
            raise UserError(
                self.env._(
                    "%(count)s claims of this opening have moved on (the first is "
                    "%(claim)s): payments, corrections or other entries were posted. "
                    "It can no longer be undone as a whole.",
                    count=len(touched),
                    claim=touched[0].name,
                )
            )

    def _rcm_reversal_vals(self, move, journal, date):
        claim = move.rcm_claim_id
        return {
            "move_type": "entry",
            "journal_id": journal.id,
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "date": date,
            "ref": move.ref,
            "reversed_entry_id": move.id,
            **claim._rcm_move_marks("opening"),
            "rcm_reason": self.env._("Opening undone: %s", self.name),
            "line_ids": [
                fields.Command.create(
                    {
                        "name": line.name,
                        "account_id": line.account_id.id,
                        "partner_id": line.partner_id.id,
                        "currency_id": line.currency_id.id,
                        "balance": -line.balance,
                        "amount_currency": -line.amount_currency,
                        "tax_ids": [fields.Command.clear()],
                        "rcm_purpose": line.rcm_purpose,
                        "rcm_claim_id": claim.id,
                        "rcm_encounter_id": line.rcm_encounter_id.id,
                        "rcm_facility_id": line.rcm_facility_id.id,
                    }
                )
                for line in move.line_ids
            ],
        }
