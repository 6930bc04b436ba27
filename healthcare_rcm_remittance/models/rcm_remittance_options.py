from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from ..settlement import Options, OverpaymentFacts, Override
from ..settlement.claim_checks import REVERSAL
from ..settlement.reasons import REPEATED


class RcmRemittance(models.Model):
    """How a remittance is to be planned: the payer's policies, what people decided,
    the payer's money we hold."""

    _inherit = "rcm.remittance"

    def _rcm_options(self, only=None, cash_purpose=None):
        """How this remittance is to be planned."""
        self.ensure_one()
        payer = self.payer_id
        more = {}
        if only is not None:
            more = {
                "only": frozenset(only),
                "cash_purpose": cash_purpose,
                "parked_reversals": self._rcm_parked_reversals(),
            }
        return Options(
            payer_id=payer.id,
            today=self._rcm_posting_date(),
            policy=payer.posting_policy or "park_claim",
            status_first=payer.status_first,
            accept_4010=payer.accept_4010,
            currency=self.currency_id.name,
            overpayments=self._rcm_overpayment_facts(),
            overrides=self._rcm_overrides(),
            park_unready=self.park_unready or only is not None,
            undated=self._rcm_undated_policy(),
            received=self._rcm_receipt_day(),
            own_identifiers=self._rcm_own_identifiers(),
            locked=bool(self._rcm_period_locks(self._rcm_posting_date())),
            **more,
        )

    def _rcm_parked_reversals(self):
        """Indexes of reversals that are parked, so their corrections wait."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT index FROM rcm_remittance_claim
                 WHERE remittance_id = %s AND status = %s AND state = 'parked'
                   AND COALESCE(reasons->0->>'code', '') <> %s
                """,
                self.id,
                REVERSAL,
                REPEATED,
            )
        )
        return frozenset(index for [index] in rows)

    def _rcm_overrides(self):
        """What people decided about claims of this remittance."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT index, override FROM rcm_remittance_claim
                 WHERE remittance_id = %s AND override IS NOT NULL
                   AND override <> 'null'::jsonb
                """,
                self.id,
            )
        )
        return {
            index: Override(
                control_number=values.get("control_number") or None,
                cap_contractual=bool(values.get("cap_contractual")),
                cash_only=bool(values.get("cash_only")),
                alone=bool(values.get("alone")),
                park=bool(values.get("park")),
                part=bool(values.get("part")),
                lines={
                    int(key): value for key, value in values.get("lines", {}).items()
                },
            )
            for index, values in rows
            if values
        }

    def _rcm_overpayment_facts(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT over.id, over.kind, over.reference, over.open_amount::text,
                       claim.name, over.payer_claim_number
                  FROM rcm_payer_overpayment over
                  LEFT JOIN rcm_claim claim ON claim.id = over.claim_id
                 WHERE over.company_id = %s AND over.payer_id = %s
                   AND over.state = 'open'
                 ORDER BY over.id
                """,
                self.company_id.id,
                self.payer_id.id,
            )
        )
        return tuple(
            OverpaymentFacts(
                id_,
                kind,
                reference or "",
                Decimal(amount),
                frozenset({number, payer_number} - {None, ""}),
            )
            for id_, kind, reference, amount, number, payer_number in rows
        )
