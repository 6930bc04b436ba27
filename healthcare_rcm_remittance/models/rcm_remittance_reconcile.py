from collections import defaultdict

from odoo import models

from ..settlement import purposes
from ..settlement.outcome import POST

# Pairs that are matched at once: large enough to cost nothing, small enough to tell.
CHUNK = 2000


class RcmRemittance(models.Model):
    """Matching a remittance's entry with what it settles."""

    _inherit = "rcm.remittance"

    def _rcm_match_entry(self, plan, records, move):
        """Reconcile the entry's items with what they settle: explicit pairs, one plan
        a chunk.

        A reversal meets the item it takes back; everything else meets the open items
        of its claim and payer.
        """
        if not move:
            return
        pairs = self._rcm_reversal_pairs(plan, records, move)
        used = {line.id for pair in pairs for line in pair}
        Line = self.env["account.move.line"].sudo()  # matching is part of posting
        accounts = self._rcm_matched_accounts()
        fresh = move.sudo().line_ids.filtered(
            lambda line: line.account_id.id in accounts and line.id not in used
        )
        claims = fresh.rcm_claim_id
        open_lines = Line.search(
            [
                ("rcm_claim_id", "in", self._rcm_versions_of(claims).ids),
                ("account_id", "in", list(accounts)),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("id", "not in", list(used)),
            ],
            order="id",
        )
        groups = defaultdict(list)
        for line in open_lines:
            key = (line.rcm_claim_id.name, line.account_id.id, line.partner_id.id)
            groups[key].append(line)
        fresh_ids = set(fresh.ids)
        for lines in groups.values():
            settles = any(line.id in fresh_ids for line in lines)
            signs = {line.balance > 0 for line in lines}
            if settles and len(signs) == 2:
                pairs.append(Line.concat(*lines))
        for start in range(0, len(pairs), CHUNK):
            self._rcm_tell_progress("match", start)
            Line._rcm_reconcile(pairs[start : start + CHUNK])

    def _rcm_matched_accounts(self):
        """Accounts whose items are matched claim by claim."""
        company = self.company_id
        found = company._rcm_account(purposes.RECEIVABLE_PAYER)
        return set(found.ids)

    def _rcm_versions_of(self, claims):
        """All versions of these claims: they share one receivable."""
        return self.env["rcm.claim"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("name", "in", claims.mapped("name")),
            ]
        )

    def _rcm_reversal_pairs(self, plan, records, move):
        """Pairs of an original's items with those of its reversal, by purpose.

        The original's matches are undone first, so the invoice is open again.
        """
        pairs, originals = [], {}
        for outcome in plan.with_decision(POST):
            if outcome.reverses:
                originals[outcome.reverses] = records[outcome.index].id
        if not originals:
            return pairs
        Line = self.env["account.move.line"].sudo()  # matching is part of posting
        old = Line.search(
            [
                ("rcm_remittance_claim_id", "in", list(originals)),
                ("parent_state", "=", "posted"),
                (
                    "rcm_purpose",
                    "in",
                    (purposes.RECEIVABLE_PAYER, purposes.PATIENT_UNBILLED),
                ),
            ]
        )
        undone = old.filtered(
            lambda line: line.rcm_purpose == purposes.RECEIVABLE_PAYER
        )
        undone._rcm_unmatch()
        by_key = defaultdict(Line.browse)
        for line in move.sudo().line_ids:
            key = (
                line.rcm_remittance_claim_id.id,
                line.account_id.id,
                line.partner_id.id,
            )
            by_key[key] |= line
        for line in old:
            new_claim = originals[line.rcm_remittance_claim_id.id]
            new = by_key.get((new_claim, line.account_id.id, line.partner_id.id))
            if new and line.account_id.reconcile and not line.reconciled:
                pairs.append(line | new)
        return pairs
