from odoo import models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal


class RcmClaim(models.Model):
    """Clearing a claim is subject to the approval policies."""

    _inherit = "rcm.claim"

    def _rcm_approval_facts(self, effect):
        if effect != "clear":
            return super()._rcm_approval_facts(effect)
        digits = self.currency_id.decimal_places
        amount = to_decimal(self.total_charge, digits)
        return {
            "facts": self._rcm_facts_for(
                "claim",
                effect,
                amount,
                company=self.company_id.id,
                facility=self.facility_id.id or None,
                payer_type=self.payer_id.plan_type or None,
            ),
            "approved": {
                "amount": str(amount),
                "payer": self.payer_id.id,
                "coverage": self.coverage_id.id,
                "contract": self.contract_id.id,
                "expected": str(to_decimal(self.expected_amount, digits)),
                "lines": [
                    [
                        line.code,
                        line.modifiers or "",
                        str(line.units),
                        str(to_decimal(line.charge_amount, digits)),
                    ]
                    for line in self.line_ids.sorted("sequence")
                ],
            },
        }

    def _rcm_waiting_for(self):
        """``approval`` while a request of this claim is open."""
        if self.rcm_approval_state == "pending":
            return "approval"
        return super()._rcm_waiting_for()
