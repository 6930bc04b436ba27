from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..core.money import to_decimal
from ..tools import bulk_update
from .rcm_claim import AMOUNT_FIELDS

KINDS = {
    "paid": "paid_amount",
    "contractual": "contractual_amount",
    "sequestration": "sequestration_amount",
    "withhold": "withhold_amount",
    "writeoff": "writeoff_amount",
    "incentive": "incentive_amount",
    "moved_next": "moved_next_amount",
    "patient": "patient_amount",
}
LINE_FIELDS = ("paid_amount", "contractual_amount", "patient_amount", "adjusted_amount")
LINE_KINDS = {
    "paid": "paid_amount",
    "contractual": "contractual_amount",
    "patient": "patient_amount",
}


class RcmClaim(models.Model):
    """Posted amounts: the sub-ledger of a claim, moved by deltas only."""

    _inherit = "rcm.claim"

    def _rcm_apply_posting(self, rows):
        """Add signed amounts to claims and their lines, all in two statements.

        The database adds, exactly and under the row's lock, so that two postings of
        one claim never lose one another.

        :param rows: (claim id, line id or False, kind, Decimal), kinds as ``KINDS``
        """
        claims = defaultdict(_zeros(AMOUNT_FIELDS))
        lines = defaultdict(_zeros(LINE_FIELDS))
        owners = {}
        for claim_id, line_id, kind, amount in rows:
            exact = to_decimal(amount)
            claims[claim_id][KINDS[kind]] += exact
            if line_id:
                # An incentive is paid above the charge: it widens what is open.
                signed = -exact if kind == "incentive" else exact
                lines[line_id][LINE_KINDS.get(kind, "adjusted_amount")] += signed
                owners[line_id] = claim_id
        self._rcm_check_posting(claims, owners)
        bulk_update(self.env["rcm.claim.line"], dict(lines), add=True)
        bulk_update(self.env["rcm.claim"], dict(claims), add=True)
        posted = self.browse(claims)
        posted._rcm_emit(
            "rcm.claim.posted",
            changes_by_id={
                id_: {
                    name: [None, str(amount)]
                    for name, amount in deltas.items()
                    if amount
                }
                for id_, deltas in claims.items()
            },
        )

    def _rcm_check_posting(self, claims, owners):
        """Every row is of a claim of ``self``, every line of the claim it names."""
        if stray := set(claims) - set(self.ids) if self else ():
            raise ValueError(f"posting for claims that were not named: {sorted(stray)}")
        for line in self.env["rcm.claim.line"].browse(owners):
            if line.claim_id.id != owners[line.id]:
                raise ValueError(f"line {line.id} is not of claim {owners[line.id]}")


def _zeros(names):
    return lambda: dict.fromkeys(names, Decimal("0.00"))
