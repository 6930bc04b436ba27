from decimal import ROUND_HALF_UP, Decimal

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
                risk_factors=self._rcm_risk_factors(amount, digits),
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

    def _rcm_risk_factors(self, amount, digits):
        """What is measured of a claim: ``((code, value), …)``.

        Services without the authorization they need, money that people changed on its
        charges, and the share of it that its contract has no price for.
        """
        check = self.env["rcm.validation.check"]
        missing = check._rcm_lines_to_authorize(self).filtered(
            lambda line: not check._rcm_authorization(line)
        )
        reviews = self.line_ids.charge_id.review_ids.filtered(
            lambda review: review.state != "undone"
        )
        adjusted = sum(
            (abs(to_decimal(review.difference, digits)) for review in reviews),
            Decimal(0),
        )
        factors = [
            ("missing_authorization", Decimal(len(missing))),
            ("manual_adjustment", adjusted),
        ]
        if self.contract_id and amount:
            outside = sum(
                (
                    to_decimal(line.charge_amount, digits)
                    for line in self.line_ids
                    if not line.is_priced
                ),
                Decimal(0),
            )
            percent = (outside * 100 / amount).quantize(Decimal("0.1"), ROUND_HALF_UP)
            factors.append(("deviation_percent", percent))
        return tuple(factors)

    def _rcm_waiting_for(self):
        """``approval`` while a request of this claim is open."""
        if self.rcm_approval_state == "pending":
            return "approval"
        return super()._rcm_waiting_for()
