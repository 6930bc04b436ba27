from odoo import api, models
from odoo.tools import SQL

from ..core import control_number

# Control numbers of different companies never meet: each counts in its own range.
COMPANY_RANGE = 10**10


class RcmClaim(models.Model):
    """Control numbers (CLM01): drawn once, and found again in what others send."""

    _inherit = "rcm.claim"

    @api.model
    def _rcm_find_by_control_number(self, numbers, company, sending=False):
        """Return {number: the version meant by it} for the numbers that exist.

        Others speak of the last version they were sent; with ``sending`` the version
        that goes out next is meant, where there is one.
        """
        found = self.search(
            [("company_id", "=", company.id), ("name", "in", list(set(numbers)))],
            order="version, id",
        )
        meant = {}
        for claim in found:
            rank = _rank_of_version(claim.state, sending)
            if claim.name not in meant or rank >= meant[claim.name][0]:
                meant[claim.name] = rank, claim
        return {number: claim for number, (_rank, claim) in meant.items()}

    @api.model
    def _rcm_next_numbers(self, company, count):
        """Draw ``count`` control numbers; gaps are fine, repeats are not."""
        if not count:
            return []
        sequence = self._rcm_number_sequence(company)
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        start = company.id * COMPANY_RANGE
        return [control_number.make(start + number) for [number] in rows]

    @api.model
    def _rcm_number_sequence(self, company):
        """The company's own sequence, made with the company; anew if it was deleted."""
        # Numbering is not a right of the person who builds the claim.
        Sequence = self.env["ir.sequence"].sudo()
        domain = [("code", "=", "rcm.claim"), ("company_id", "=", company.id)]
        if known := Sequence.search(domain, limit=1):
            return known
        # Two transactions that build a company's first claims would each make one and
        # count from 1: whoever comes second fails here, and begins anew.
        self.env.execute_query(
            SQL(
                "UPDATE res_company SET write_date = write_date WHERE id = %s"
                " RETURNING id",
                company.id,
            )
        )
        return Sequence.create(
            {
                "name": f"Claim control numbers of {company.name}",
                "code": "rcm.claim",
                "company_id": company.id,
                "implementation": "standard",
            }
        )


def _rank_of_version(state, sending):
    """Which of two versions a control number means; the later one among equals."""
    if state in ("void", "superseded"):
        return 0
    sent = state in ("submitted", "accepted", "rejected", "adjudicated")
    return 2 if sending or sent or state in ("closed", "reopened") else 1
