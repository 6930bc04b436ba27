import json

from psycopg2.extras import execute_values

from odoo import api, models

OUTCOME_FIELDS = (
    "claim_id",
    "decision",
    "reasons",
    "warnings",
    "reverses_id",
    "leg_sequence",
    "next_payer_id",
    "crossover",
)


class RcmRemittanceClaim(models.Model):
    """Writing what was planned for many claims with few statements."""

    _inherit = "rcm.remittance.claim"

    @api.model
    def _rcm_store_outcomes(self, ids, outcomes):
        """Store the outcomes; ``ids`` gives the record of each claim index."""
        if not outcomes:
            return
        self.env.flush_all()
        self._rcm_store_claims(ids, outcomes)
        self._rcm_store_services(ids, outcomes)
        self._rcm_store_adjustments(ids, outcomes)

    def _rcm_store_claims(self, ids, outcomes):
        rows = [
            (
                ids[outcome.index],
                outcome.claim_id,
                outcome.decision,
                _findings(outcome.reasons),
                _findings(outcome.warnings),
                outcome.reverses,
                outcome.leg_sequence,
                outcome.next_payer_id,
                outcome.crossover,
            )
            for outcome in outcomes
        ]
        execute_values(
            self.env.cr,
            """
            UPDATE rcm_remittance_claim claim
               SET claim_id = v.claim_id::int, decision = v.decision,
                   reasons = v.reasons::jsonb, warnings = v.warnings::jsonb,
                   reverses_id = v.reverses_id::int,
                   leg_sequence = v.leg_sequence::int,
                   next_payer_id = v.next_payer_id::int, crossover = v.crossover
              FROM (VALUES %s) AS v (id, claim_id, decision, reasons, warnings,
                                     reverses_id, leg_sequence, next_payer_id,
                                     crossover)
             WHERE claim.id = v.id
            """,
            rows,
            page_size=2000,
        )
        self.invalidate_model(OUTCOME_FIELDS, flush=False)

    def _rcm_store_services(self, ids, outcomes):
        rows = [
            (ids[outcome.index], index, line_id)
            for outcome in outcomes
            for index, line_id in outcome.matches
        ]
        if not rows:
            return
        execute_values(
            self.env.cr,
            """
            UPDATE rcm_remittance_service service SET claim_line_id = v.line_id
              FROM (VALUES %s) AS v (claim_id, index, line_id)
             WHERE service.remittance_claim_id = v.claim_id
               AND service.index = v.index
               AND service.claim_line_id IS DISTINCT FROM v.line_id
            """,
            rows,
            page_size=2000,
        )
        self.env["rcm.remittance.service"].invalidate_model(
            ["claim_line_id"], flush=False
        )

    def _rcm_store_adjustments(self, ids, outcomes):
        rows = [
            (
                ids[outcome.index],
                action.service_index,
                action.position,
                action.action,
                action.posted if outcome.decision == "post" else 0,
                action.next_payer_id,
                action.rule_id,
                action.category or None,
            )
            for outcome in outcomes
            for action in outcome.actions
        ]
        if not rows:
            return
        execute_values(
            self.env.cr,
            """
            UPDATE rcm_remittance_adjustment item
               SET action = v.action, posted_amount = v.posted::numeric,
                   next_payer_id = v.next_payer_id::int, rule_id = v.rule_id::int,
                   category = v.category
              FROM (VALUES %s) AS v (claim_id, service_index, position, action,
                                     posted, next_payer_id, rule_id, category)
              LEFT JOIN rcm_remittance_service service
                     ON service.remittance_claim_id = v.claim_id
                    AND service.index = v.service_index::int
             WHERE item.remittance_claim_id = v.claim_id
               AND item.position = v.position
               AND item.service_id IS NOT DISTINCT FROM service.id
               AND (v.service_index IS NULL) = (item.service_id IS NULL)
            """,
            rows,
            page_size=2000,
        )
        self.env["rcm.remittance.adjustment"].invalidate_model(
            ["action", "posted_amount", "next_payer_id", "rule_id", "category"],
            flush=False,
        )

    @api.model
    def _rcm_store_posted(self, outcomes):
        """What was posted of each claim, for reversals and for taking it back.

        :param outcomes: {record id: outcome}
        """
        if not outcomes:
            return
        rows = [
            (
                id_,
                outcome.receivable,
                json.dumps(
                    [
                        [line_id, kind, format(amount, "f")]
                        for line_id, kind, amount in outcome.kinds
                    ]
                ),
            )
            for id_, outcome in outcomes.items()
        ]
        execute_values(
            self.env.cr,
            """
            UPDATE rcm_remittance_claim claim
               SET posted_receivable = v.receivable::numeric,
                   posted_kinds = v.kinds::jsonb
              FROM (VALUES %s) AS v (id, receivable, kinds)
             WHERE claim.id = v.id
            """,
            rows,
            page_size=2000,
        )
        self.invalidate_model(["posted_receivable", "posted_kinds"], flush=False)


def _findings(findings):
    if not findings:
        return None
    return json.dumps(
        [
            {
                "code": item.code,
                "location": item.location,
                "expected": item.expected,
                "actual": item.actual,
            }
            for item in findings
        ]
    )
