from odoo import fields, models
from odoo.exceptions import UserError

from ..core import ledger_local
from ..core.ledger_entries import ZERO, EntryError, EntryLine, entry

# Of what is expected, not of what is owed: a payer's reversal leaves them standing.
EXPECTATION_KINDS = ("repricing",)
LOCAL_KINDS = {
    "true_up": "True-up of the reserve",
    "concession_release": "Concession released",
    "repricing": "Expected amount changed",
    "denial": "Denial write-off",
    "administrative": "Administrative write-off",
    "small_balance": "Small balance written off",
    "give_up": "Given up after dunning",
    "charity": "Charity care",
    "bad_debt": "Bad debt",
    "overpayment": "Overpayment set up",
    "credit": "Patient credit",
    "refund": "Refund",
    "next_payer": "Moved to another payer",
}


class RcmClaim(models.Model):
    """Local entries: what we decide ourselves on a claim.

    Each is a journal entry of its own that keeps its claim, kind and reason, so that
    a later reversal by the payer can take back exactly what still stands. All methods
    are private: the caller has checked role, duty, approval and state.
    """

    _inherit = "rcm.claim"

    # -- the entry -----------------------------------------------------------------

    def _rcm_local_entry(self, kind, amounts, reason, payer=None):
        """Post one local entry on this claim and return it.

        :param str kind: key of ``LOCAL_KINDS``
        :param dict amounts: ``{purpose: Decimal}``, debit positive, balanced
        :param str reason: why, in words without patient data
        :param payer: the payer whose receivable it touches; default the claim's
        """
        self.ensure_one()
        return self._rcm_local_entries(kind, {self: amounts}, reason, payer=payer)

    def _rcm_local_entries(self, kind, amounts_by_claim, reason, payer=None):
        """Post a local entry for each claim in ``{claim: {purpose: Decimal}}``."""
        if kind not in LOCAL_KINDS:
            raise ValueError(f"unknown kind of local entry {kind!r}")
        claims = self.browse([claim.id for claim in amounts_by_claim])
        claims._rcm_ledger_lock()
        vals_list, rows = [], []
        for claim, amounts in amounts_by_claim.items():
            lines = claim._rcm_checked_entry(amounts)
            vals_list.append(claim._rcm_local_vals(kind, lines, reason, payer))
            rows += claim._rcm_local_rows(amounts)
        moves = self.env["account.move"]._rcm_post_entries(vals_list)
        claims._rcm_match_open_items(moves)
        if rows:
            claims._rcm_apply_posting(rows)
        claims._rcm_emit(
            "rcm.claim.adjusted",
            changes_by_id={
                claim.id: {
                    "kind": [None, kind],
                    "move": [None, move.name],
                    "amounts": [
                        None,
                        {key: str(value) for key, value in amounts.items() if value},
                    ],
                }
                for (claim, amounts), move in zip(
                    amounts_by_claim.items(), moves, strict=True
                )
            },
        )
        return moves

    def _rcm_checked_entry(self, amounts):
        """Lines of the entry; an impossible one is an error a person can read."""
        try:
            return entry(amounts)
        except EntryError as error:
            raise UserError(
                self.env._(
                    "The entry on claim %(claim)s cannot be posted: %(error)s.",
                    claim=self.display_name,
                    error=error,
                )
            ) from error

    def _rcm_local_rows(self, amounts):
        """Rows for ``_rcm_apply_posting`` that follow from the entry."""
        self.ensure_one()
        receivable = "receivable_patient" if self.self_pay else "receivable_payer"
        return [
            (self.id, False, kind, amount)
            for kind, amount in ledger_local.posting_rows(amounts, receivable)
        ]

    def _rcm_local_vals(self, kind, lines, reason, payer=None):
        self.ensure_one()
        accounts = self.company_id._rcm_accounts()
        self.company_id._rcm_require_accounting()
        return {
            "move_type": "entry",
            "journal_id": self.company_id._rcm_journal("adjustment").id,
            "company_id": self.company_id.id,
            "currency_id": self.company_id.currency_id.id,
            "date": self.company_id._rcm_today(),
            "ref": self.name,
            **self._rcm_move_marks("local_entry"),
            "rcm_local_kind": kind,
            "rcm_reason": reason,
            "line_ids": [
                fields.Command.create(
                    self._rcm_line_vals(
                        line, accounts, self._rcm_partner_for(line.purpose, payer)
                    )
                )
                for line in lines
            ],
        }

    # -- taking back ---------------------------------------------------------------

    def _rcm_standing_local_entries(self, kinds=None):
        """Local entries of these claims that nothing has taken back, newest first."""
        domain = [
            ("rcm_claim_id", "in", self.ids),
            ("rcm_kind", "=", "local_entry"),
            ("state", "=", "posted"),
            ("reversed_entry_id", "=", False),
            ("reversal_move_ids", "=", False),
        ]
        if kinds:
            domain.append(("rcm_local_kind", "in", list(kinds)))
        # Entries belong to accounting; these are the claim's own.
        return self.env["account.move"].sudo().search(domain, order="id desc")

    def _rcm_reverse_local_entries(self, reason, kinds=None, only=None):
        """Take back every standing local entry of these claims; return the reversals.

        With ``only``: those of these entries that still stand.

        New entries in the open period, never edited ones: what the originals were
        matched with opens again, and each original is matched with its reversal.
        """
        self._rcm_ledger_lock()
        originals = self._rcm_standing_local_entries(kinds)
        if only is not None:
            originals &= only
        if not originals:
            return originals
        lines = originals.line_ids.filtered("account_id.reconcile")
        lines._rcm_unmatch()
        reversals = self.env["account.move"]._rcm_post_entries(
            [self._rcm_reversal_vals(move, reason) for move in originals]
        )
        reversals = reversals.sudo()  # matched below with their originals
        pairs = []
        for original, reversal in zip(originals, reversals, strict=True):
            for purpose in lines.filtered(
                lambda line, move=original: line.move_id == move
            ).mapped("rcm_purpose"):
                pairs.append(
                    (original | reversal).line_ids.filtered(
                        lambda line, key=purpose: line.rcm_purpose == key
                    )
                )
        self._rcm_match(pairs)
        self._rcm_note_reversals(originals, reversals)
        return reversals

    def _rcm_reversal_vals(self, move, reason):
        claim = move.rcm_claim_id
        accounts = claim.company_id._rcm_accounts()
        return {
            "move_type": "entry",
            "journal_id": move.journal_id.id,
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "date": move.company_id._rcm_today(),
            "ref": move.ref,
            "reversed_entry_id": move.id,
            **claim._rcm_move_marks("local_entry"),
            "rcm_local_kind": move.rcm_local_kind,
            "rcm_reason": reason,
            "line_ids": [
                fields.Command.create(
                    {
                        **claim._rcm_line_vals(
                            EntryLine(line.rcm_purpose, ZERO), accounts, line.partner_id
                        ),
                        # The very account of the original, whatever is mapped today.
                        "account_id": line.account_id.id,
                        "balance": -line.balance,
                        "amount_currency": -line.amount_currency,
                    }
                )
                for line in move.line_ids
            ],
        }

    def _rcm_note_reversals(self, originals, reversals):
        """Give the claims their amounts back, by what the originals had posted."""
        rows = []
        changes = {}
        for original, reversal in zip(originals, reversals, strict=True):
            claim = original.rcm_claim_id.with_env(self.env)
            amounts = reversal._rcm_amounts_by_purpose()
            rows += claim._rcm_local_rows(amounts)
            entry_changes = changes.setdefault(claim.id, {"reversed": [[], []]})
            entry_changes["reversed"][0].append(original.name)
            entry_changes["reversed"][1].append(reversal.name)
        if rows:
            self._rcm_apply_posting(rows)
        self.browse(changes)._rcm_emit(
            "rcm.claim.adjustment_reversed", changes_by_id=changes
        )

    # -- what is decided -----------------------------------------------------------

    def _rcm_true_up(self):
        """Bring the reserves of closed claims to zero; return the entries.

        Contractual adjustments take the difference between expected and posted.
        Claims with a disputed variance keep theirs. The concession reserve is
        released where the patient owes nothing any more.
        """
        claims = self - self._rcm_true_up_blocked()
        claims._rcm_ledger_lock()
        balances = claims._rcm_standing_balances()
        reserves, concessions = {}, {}
        for claim in claims:
            own = balances[claim.id]
            reserves[claim] = ledger_local.true_up(own)
            if not any(
                own.get(purpose)
                for purpose in ("receivable_patient", "patient_unbilled")
            ):
                concessions[claim] = ledger_local.concession_release(own)
        moves = self.env["account.move"]
        for kind, amounts, reason in (
            ("true_up", reserves, self.env._("Reserve left at close")),
            ("concession_release", concessions, self.env._("Concession not needed")),
        ):
            due = {claim: values for claim, values in amounts.items() if values}
            if due:
                moves |= claims._rcm_local_entries(kind, due, reason)
        return moves

    def _rcm_true_up_blocked(self):
        """Claims whose reserve must stand for now (hook: disputed variances)."""
        return self.browse()

    def _rcm_give_up(self, reason, amount=None):
        """Stop asking the patient, using the concession reserve."""
        self.ensure_one()
        balances = self._rcm_standing_balances()[self.id]
        amount = amount or balances.get("receivable_patient", ZERO)
        return self._rcm_decide(
            "give_up", reason, ledger_local.give_up, balances, amount
        )

    def _rcm_bad_debt(self, reason, amount=None):
        """An adverse credit event of a patient who was assessed able to pay."""
        self.ensure_one()
        balances = self._rcm_standing_balances()[self.id]
        amount = amount or balances.get("receivable_patient", ZERO)
        return self._rcm_decide(
            "bad_debt",
            reason,
            ledger_local.write_off,
            balances,
            amount,
            "bad_debt",
            "receivable_patient",
        )

    def _rcm_charity(self, reason, amount=None, receivable=None):
        """Grant charity care on what the patient owes; its reserve is released."""
        self.ensure_one()
        balances = self._rcm_standing_balances()[self.id]
        if not receivable:
            billed = balances.get("receivable_patient")
            receivable = "receivable_patient" if billed else "patient_unbilled"
        amount = amount or balances.get(receivable, ZERO)
        release, grant = self._rcm_planned(
            ledger_local.charity, balances, amount, receivable
        )
        moves = self.env["account.move"]
        if release:
            moves |= self._rcm_local_entry("concession_release", release, reason)
        return moves | self._rcm_local_entry("charity", grant, reason)

    def _rcm_small_balance(self, reason, amount=None, receivable="receivable_payer"):
        """Write a small rest off; the cap is the caller's rule."""
        self.ensure_one()
        balances = self._rcm_standing_balances()[self.id]
        amount = amount or balances.get(receivable, ZERO)
        return self._rcm_decide(
            "small_balance",
            reason,
            ledger_local.write_off,
            balances,
            amount,
            "small_balance_writeoff",
            receivable,
        )

    def _rcm_lose_denial(self, reason, charge, allowance):
        """A denied charge is lost; ``allowance`` is its part of the reserve."""
        self.ensure_one()
        balances = self._rcm_standing_balances()[self.id]
        return self._rcm_decide(
            "denial", reason, ledger_local.denial_loss, balances, charge, allowance
        )

    def _rcm_decide(self, kind, reason, rule, *facts):
        return self._rcm_local_entry(kind, self._rcm_planned(rule, *facts), reason)

    def _rcm_planned(self, rule, *facts):
        """What ``rule`` makes of the facts; its refusal becomes readable."""
        try:
            return rule(*facts)
        except EntryError as error:
            raise UserError(
                self.env._(
                    "Claim %(claim)s: %(error)s.", claim=self.display_name, error=error
                )
            ) from error
