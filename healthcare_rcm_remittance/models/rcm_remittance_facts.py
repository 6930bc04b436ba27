from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.models.rcm_claim_local_entry import (
    EXPECTATION_KINDS,
    LOCAL_KINDS,
)

from ..settlement import (
    LegFacts,
    LineFacts,
    PostedAdjustment,
    PostedClaim,
)
from ..settlement.claim_checks import REVERSAL
from .rcm_remittance_claim_facts import facts_of

# What we decided ourselves goes back before a reversal does.
TAKEN_BACK_KINDS = [kind for kind in LOCAL_KINDS if kind not in EXPECTATION_KINDS]
SETTLED_LEGS = ("adjudicated", "closed")
ZERO = Decimal(0)


class RcmRemittance(models.Model):
    """What we know about the claims of a remittance, in a few queries for all."""

    _inherit = "rcm.remittance"

    def _rcm_claim_facts(self, transaction, overrides):
        """``{control number: ClaimFacts}`` of every claim this remittance names."""
        wanted = {}
        for claim in transaction.claims:
            override = overrides.get(claim.index)
            number = override and override.control_number or claim.control_number
            if number:
                wanted[number] = wanted.get(number, False) or claim.status == REVERSAL
        versions = self._rcm_claim_versions(list(wanted))
        ids = [row["id"] for rows in versions.values() for row in rows]
        if not ids:
            return {}
        reversed_ids = [
            row["id"]
            for number, rows in versions.items()
            if wanted[number]
            for row in rows
        ]
        data = {
            "lines": self._rcm_line_facts(ids),
            "legs": self._rcm_leg_facts(ids),
            "open": self._rcm_open_by_payer(ids),
            "posted": self._rcm_posted_facts(ids, reversed_ids),
            "local": self._rcm_local_by_payer(reversed_ids),
            "people": self._rcm_people(ids),
        }
        facts = {
            number: facts_of(number, rows, data) for number, rows in versions.items()
        }
        return self._rcm_add_awaited(transaction, overrides, facts)

    def _rcm_claim_versions(self, numbers):
        """``{control number: rows of its versions, oldest first}``."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT claim.id, claim.name, claim.state, claim.invoice_state,
                       claim.total_charge::text AS charge,
                       claim.expected_amount::text AS expected,
                       contract.tolerance_amount::text AS tolerance,
                       claim.payer_id, claim.invoice_rule, claim.frequency_code
                  FROM rcm_claim claim
                  LEFT JOIN rcm_payer_contract contract
                    ON contract.id = claim.contract_id
                 WHERE claim.company_id = %s AND claim.name = ANY(%s)
                 ORDER BY claim.name, claim.version, claim.id
                """,
                self.company_id.id,
                numbers,
            )
        )
        versions = defaultdict(list)
        for row in rows:
            versions[row["name"]].append(row)
        return versions

    def _rcm_line_facts(self, ids):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, claim_id, line_control_number, code, modifiers,
                       charge_amount::text, units::text, service_date,
                       CASE WHEN is_priced THEN expected_amount::text END
                  FROM rcm_claim_line WHERE claim_id = ANY(%s)
                 ORDER BY claim_id, sequence, id
                """,
                ids,
            )
        )
        lines = defaultdict(list)
        for (
            id_,
            claim_id,
            number,
            code,
            modifiers,
            charge,
            units,
            day,
            expected,
        ) in rows:
            lines[claim_id].append(
                LineFacts(
                    id_,
                    number or "",
                    code or "",
                    tuple(modifiers.split(",")) if modifiers else (),
                    Decimal(charge or 0),
                    Decimal(units or 0),
                    day,
                    Decimal(expected) if expected is not None else None,
                )
            )
        return lines

    def _rcm_leg_facts(self, ids):
        """Payers in order; billable while the coverage stands and is not settled."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT leg.claim_id, leg.sequence, leg.payer_id,
                       leg.state NOT IN %s
                       AND COALESCE(cover.active, TRUE)
                       AND (cover.date_from IS NULL
                            OR cover.date_from <= claim.service_date)
                       AND (cover.date_to IS NULL
                            OR cover.date_to >= claim.service_date)
                  FROM rcm_claim_leg leg
                  JOIN rcm_claim claim ON claim.id = leg.claim_id
                  LEFT JOIN rcm_coverage cover ON cover.id = leg.coverage_id
                 WHERE leg.claim_id = ANY(%s)
                 ORDER BY leg.claim_id, leg.sequence
                """,
                SETTLED_LEGS,
                ids,
            )
        )
        legs = defaultdict(list)
        for claim_id, sequence, payer_id, billable in rows:
            legs[claim_id].append(LegFacts(sequence, payer_id, bool(billable)))
        return legs

    def _rcm_open_by_payer(self, ids):
        """``{claim id: {payer id: balance}}`` of the payers' receivable."""
        account = self.company_id._rcm_account("receivable_payer")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.rcm_claim_id, payer.id, SUM(line.balance)::text
                  FROM account_move_line line
                  JOIN rcm_payer payer ON payer.partner_id = line.partner_id
                   AND payer.company_id = %s
                 WHERE line.rcm_claim_id = ANY(%s) AND line.account_id = %s
                   AND line.parent_state = 'posted'
                 GROUP BY line.rcm_claim_id, payer.id
                """,
                self.company_id.id,
                ids,
                account.id,
            )
        )
        balances = defaultdict(dict)
        for claim_id, payer_id, amount in rows:
            balances[claim_id][payer_id] = Decimal(amount)
        return balances

    def _rcm_local_by_payer(self, ids):
        """What standing local entries took off the receivable; a reversal takes
        them back first."""
        moves = (
            self.env["rcm.claim"]
            .browse(ids)
            ._rcm_standing_local_entries(TAKEN_BACK_KINDS)
        )
        totals = defaultdict(lambda: defaultdict(Decimal))
        for move in moves:
            claim_id = move.rcm_claim_id.id
            totals.setdefault(claim_id, defaultdict(Decimal))
            for line in move.line_ids:
                if line.rcm_purpose == "receivable_payer":
                    payer = self._rcm_payer_of_partner(line.partner_id)
                    totals[claim_id][payer.id] -= Decimal(str(line.balance))
        return totals

    def _rcm_payer_of_partner(self, partner):
        return self.env["rcm.payer"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", self.company_id.id)],
            limit=1,
        )

    def _rcm_posted_facts(self, ids, reversed_ids):
        """Earlier postings that stand; with their adjustments where one is reversed."""
        adjustments = defaultdict(list)
        if reversed_ids:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT item.remittance_claim_id, service.claim_line_id,
                           item.group_code, item.reason_code, item.amount::text,
                           item.action, item.next_payer_id, item.posted_amount::text
                      FROM rcm_remittance_adjustment item
                      JOIN rcm_remittance_claim claim
                        ON claim.id = item.remittance_claim_id
                      LEFT JOIN rcm_remittance_service service
                        ON service.id = item.service_id
                     WHERE claim.claim_id = ANY(%s) AND claim.state = 'posted'
                     ORDER BY item.id
                    """,
                    reversed_ids,
                )
            )
            for claim_id, line, group, reason, amount, action, payer, posted in rows:
                adjustments[claim_id].append(
                    PostedAdjustment(
                        line,
                        group,
                        reason,
                        Decimal(amount),
                        action or "none",
                        payer,
                        Decimal(posted or 0),
                    )
                )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, claim_id, payer_id, payer_claim_number, status,
                       charge::text, paid::text, state
                  FROM rcm_remittance_claim
                 WHERE claim_id = ANY(%s) AND state IN ('posted', 'reversed')
                   AND status <> %s
                 ORDER BY id
                """,
                ids,
                REVERSAL,
            )
        )
        posted = defaultdict(list)
        for id_, claim_id, payer_id, number, status, charge, paid, state in rows:
            posted[claim_id, state].append(
                PostedClaim(
                    id_,
                    payer_id,
                    number or "",
                    status,
                    Decimal(charge),
                    Decimal(paid),
                    tuple(adjustments[id_]),
                    claim_id,
                )
            )
        return posted

    def _rcm_people(self, ids):
        """``{claim id: (last name, member numbers)}``, only to know the patient."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.id, patient.last_name, array_agg(cover.member_id)
                  FROM rcm_claim claim
                  JOIN rcm_patient_account patient ON patient.id = claim.patient_id
                  LEFT JOIN rcm_coverage cover ON cover.patient_id = patient.id
                 WHERE claim.id = ANY(%s)
                 GROUP BY claim.id, patient.last_name
                """,
                ids,
            )
        )
        return {
            claim_id: (name or "", frozenset(item for item in members if item))
            for claim_id, name, members in rows
        }
