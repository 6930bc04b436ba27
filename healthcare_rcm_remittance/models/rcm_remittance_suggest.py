from decimal import Decimal

from markupsafe import Markup

from odoo import api, models
from odoo.tools import SQL

from ..settlement.matching import Candidate, suggest

CANDIDATE_LIMIT = 50


class RcmRemittanceClaim(models.Model):
    """Claims of ours that an unpostable claim may be."""

    _inherit = "rcm.remittance.claim"

    def _rcm_suggestions(self):
        """Claims of ours this one may be, best first: [(claim, Suggestion)]."""
        self.ensure_one()
        transaction = self.remittance_id._rcm_transaction()
        claim = next(item for item in transaction.claims if item.index == self.index)
        candidates = self._rcm_candidates(claim)
        found = suggest(claim, self.payer_id.id, candidates)
        claims = self.env["rcm.claim"]._rcm_find_by_control_number(
            [item.control_number for item in found], self.company_id
        )
        return [
            (claims[s.control_number], s) for s in found if s.control_number in claims
        ]

    def _rcm_candidates(self, claim):
        """Claims with the payer's number, or the same charge with this payer."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.name, claim.total_charge::text, claim.service_date,
                       claim.payer_claim_number,
                       array_agg(DISTINCT leg.payer_id),
                       array_agg(DISTINCT cover.member_id)
                  FROM rcm_claim claim
                  LEFT JOIN rcm_claim_leg leg ON leg.claim_id = claim.id
                  LEFT JOIN rcm_coverage cover ON cover.id = leg.coverage_id
                 WHERE claim.company_id = %s
                   AND (claim.payer_claim_number = %s
                        OR (claim.total_charge = %s AND leg.payer_id = %s))
                   AND claim.state NOT IN ('draft', 'void', 'superseded')
                 GROUP BY claim.id
                 ORDER BY claim.service_date DESC
                 LIMIT %s
                """,
                self.company_id.id,
                claim.payer_claim_number or None,
                abs(claim.charge),
                self.payer_id.id or None,
                CANDIDATE_LIMIT,
            )
        )
        return [
            Candidate(
                name,
                Decimal(charge),
                day,
                frozenset(item for item in payers if item),
                number or "",
                frozenset(item for item in members if item),
            )
            for name, charge, day, number, payers, members in rows
        ]

    @api.depends("state", "control_number")
    def _compute_suggestion_html(self):
        for claim in self:
            if claim.state != "parked":
                claim.suggestion_html = False
                continue
            rows = Markup().join(
                Markup("<li><b>%s</b> %s</li>")
                % (found.display_name, ", ".join(suggestion.reasons).replace("_", " "))
                for found, suggestion in claim._rcm_suggestions()
            )
            claim.suggestion_html = Markup("<ul>%s</ul>") % rows if rows else False
