from collections import defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .rcm_remittance import POSTED_STATES


class RcmRemittance(models.Model):
    """Taking a whole posting back: by reversing entries, never by editing."""

    _inherit = "rcm.remittance"

    def _rcm_ask_unpost(self, reason):
        """Unpost now where a policy lets it, else ask for approval with the reason.

        Taking back what was posted is an override: it is nobody's everyday step.

        :return: whether it was taken back
        """
        self.ensure_one()
        if self.state not in POSTED_STATES:
            raise UserError(
                self.env._("%(name)s is not posted.", name=self.display_name)
            )
        self._rcm_check_unpost()
        self._rcm_write({"unpost_reason": reason})
        if not self._rcm_gate("unpost"):
            self._rcm_emit("remittance.unpost_asked", {"reason": [None, reason]})
            return False
        self._rcm_unpost(reason)
        return True

    def _rcm_unpost_facts(self):
        """What is approved: this posting, taken back for this reason."""
        amount = to_decimal(self.amount, self.currency_id.decimal_places)
        approved = {
            "amount": str(amount),
            "trace": self.trace or "",
            "plan": self.plan_digest or "",
            "entry": self.move_id.id,
            "posted_at": str(self.posted_at or ""),
            "reason": self.unpost_reason or "",
        }
        highest = max(amount, to_decimal(self.posted_total))
        return self._rcm_approval_item("override", "unpost", approved, highest)

    def _rcm_gate_approved(self, effect):
        """Approved: the scheduled action takes it back, if nothing builds on it."""
        if effect == "unpost":
            posted = self.filtered(lambda item: item.state in POSTED_STATES)
            posted._rcm_write({"retry": True})
            self.env["ir.cron"]._rcm_wake(
                "healthcare_rcm_remittance.cron_remittance_post"
            )
        return super()._rcm_gate_approved(effect)

    def _rcm_unpost_approved(self):
        """Take back what was asked for and approved; True when it was."""
        self.ensure_one()
        if self.state not in POSTED_STATES or not self.unpost_reason:
            return False
        request = self._rcm_standing_requests("unpost").get(self.id)
        if not request or request.state != "approved" or not self._rcm_gate("unpost"):
            return False
        self._rcm_unpost(self.unpost_reason)
        return True

    def _rcm_unpost(self, reason):
        """Reverse everything this remittance posted, with the reason on record.

        The remittance may be matched and posted again afterwards. Refused where
        something later builds on it.
        """
        self.ensure_one()
        if self.state not in POSTED_STATES:
            raise UserError(
                self.env._("%(name)s is not posted.", name=self.display_name)
            )
        self._rcm_check_unpost()
        posted = self.claim_ids.filtered(lambda claim: claim.state == "posted")
        moves = (self.move_id | self.claim_ids.move_id).sudo()  # its own entries
        reversals = self._rcm_reverse_entries(moves, reason)
        self._rcm_take_back_amounts(posted)
        self._rcm_take_back_overpayments()
        self._rcm_reopen_claims(posted)
        self._rcm_set_state(
            "unposted",
            reversal_move_id=reversals[:1].id,
            unpost_reason=reason,
            plan_digest=False,
        )
        self._rcm_check_receivables(posted.claim_id)
        self._rcm_emit("remittance.unposted", {"reason": [None, reason]})

    def _rcm_check_unpost(self):
        """Nothing later may depend on what is taken back."""
        if self.claim_ids.filtered(
            lambda claim: claim.state in ("reversed", "not_ours")
        ):
            raise UserError(
                self.env._(
                    "A claim of this remittance was taken back by the payer or given "
                    "back since: it cannot be unposted."
                )
            )
        used = self.env["rcm.payer.overpayment"].search(
            [("remittance_id", "=", self.id), ("used_amount", ">", 0)]
        )
        if used:
            raise UserError(
                self.env._("The payer has recovered money that this remittance left.")
            )

    def _rcm_reverse_entries(self, moves, reason):
        """A mirror entry for each, matched with it; invoices open again."""
        if not moves:
            return moves
        lines = moves.line_ids.filtered("account_id.reconcile")
        lines._rcm_unmatch()
        date = self._rcm_posting_date()
        self._rcm_check_period(date)
        reversals = self.env["account.move"]._rcm_post_entries(
            [
                {
                    "move_type": "entry",
                    "journal_id": move.journal_id.id,
                    "company_id": move.company_id.id,
                    "currency_id": move.currency_id.id,
                    "date": date,
                    "ref": f"{move.ref or ''} / {reason}",
                    "rcm_kind": "remittance",
                    "rcm_correlation_id": self.correlation_id,
                    "reversed_entry_id": move.id,
                    "line_ids": [
                        Command.create(self._rcm_mirror_line(line))
                        for line in move.line_ids.sorted("id")
                    ],
                }
                for move in moves
            ]
        )
        pairs = []
        for move, reversal in zip(moves, reversals.sudo(), strict=True):
            for old, new in zip(
                move.line_ids.sorted("id"), reversal.line_ids.sorted("id"), strict=True
            ):
                # Posting a reversal matches it with its origin; what is left is ours.
                if old.account_id.reconcile and not (old.reconciled or new.reconciled):
                    pairs.append(old | new)
        if pairs:
            self.env["account.move.line"]._rcm_reconcile(pairs)
        return reversals

    def _rcm_mirror_line(self, line):
        return {
            "name": line.name,
            "account_id": line.account_id.id,
            "partner_id": line.partner_id.id,
            "currency_id": line.currency_id.id,
            "balance": -line.balance,
            "amount_currency": -line.amount_currency,
            "tax_ids": [Command.clear()],
            "analytic_distribution": line.analytic_distribution,
            "rcm_purpose": line.rcm_purpose,
            "rcm_claim_id": line.rcm_claim_id.id,
            "rcm_encounter_id": line.rcm_encounter_id.id,
            "rcm_facility_id": line.rcm_facility_id.id,
            "rcm_remittance_claim_id": line.rcm_remittance_claim_id.id,
        }

    def _rcm_take_back_amounts(self, posted):
        """Posted amounts of claims go back by exactly what was added."""
        rows = [
            (record.claim_id.id, line_id or False, kind, -Decimal(amount))
            for record in posted
            for line_id, kind, amount in record.posted_kinds or ()
        ]
        if rows:
            self.env["rcm.claim"]._rcm_apply_posting(rows)

    def _rcm_take_back_overpayments(self):
        """Records it opened are cancelled, what it used is open again."""
        Overpayment = self.env["rcm.payer.overpayment"]
        Overpayment.search(
            [("remittance_id", "=", self.id), ("state", "=", "open")]
        )._rcm_set_state("cancelled")
        uses = self.env["rcm.payer.overpayment.use"].search(
            [("remittance_id", "=", self.id)]
        )
        back = defaultdict(Decimal)
        for use in uses:
            back[use.overpayment_id] += to_decimal(use.amount)
        for record, amount in back.items():
            if amount:
                record._rcm_use(-amount, self)

    def _rcm_reopen_claims(self, posted):
        """Claims are open again; denials, variances and reversals are undone."""
        payer = self.payer_id
        now = fields.Datetime.now()
        own = [("remittance_claim_id", "in", posted.ids)]
        self.env["rcm.denial"].search(
            own + [("state", "in", ("open", "in_work", "appealed"))]
        )._rcm_set_state("reversed", closed_at=now)
        self.env["rcm.payment.variance"].search(
            own + [("state", "!=", "reversed")]
        )._rcm_set_state("reversed")
        backs = posted.filtered("reverses_id")
        (posted - backs).claim_id._rcm_payer_took_back(payer)
        backs.reverses_id._rcm_set_state("posted")
        backs.claim_id.filtered(
            lambda claim: claim.state == "reopened"
        )._rcm_mark_adjudicated(payer)
        self.claim_ids._rcm_resolve_cases(None, self.env._("Unposted."))
        moved = self.claim_ids.filtered(
            lambda claim: claim.state not in ("open", "cancelled")
        )
        moved._rcm_set_state("open", move_id=False)
        moved._rcm_cancel_parts()

    def _rcm_check_receivables(self, claims):
        """No payer's receivable of a claim is below zero; the last line of defence."""
        if not claims:
            return
        self.env.flush_all()
        account = self.company_id._rcm_account("receivable_payer")
        self.env.cr.execute(
            """
            SELECT claim.name
              FROM account_move_line line
              JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
             WHERE claim.company_id = %s AND claim.name = ANY(%s)
               AND line.account_id = %s AND line.parent_state = 'posted'
             GROUP BY claim.name, line.partner_id
            HAVING SUM(line.balance) < 0
             LIMIT 1
            """,
            (self.company_id.id, claims.mapped("name"), account.id),
        )
        found = self.env.cr.fetchone()
        if found:
            raise UserError(
                self.env._(
                    "The receivable of claim %(number)s would fall below zero.",
                    number=found[0],
                )
            )
