from decimal import Decimal

from odoo import api, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal
from odoo.addons.healthcare_rcm_base.core.pricing_replay import ReplayError, replay

from ..policy import PricedLine, deviation_percent

# What limits a contract's price to the charge, and what merely states the outcome.
AFTER_PRICE = ("cap", "expected")


class RcmClaim(models.Model):
    """Clearing a claim is subject to the approval policies."""

    _inherit = "rcm.claim"

    def _rcm_approval_facts(self, effect):
        if effect != "clear":
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        digits = self.currency_id.decimal_places
        amount = to_decimal(self.total_charge, digits)
        approved = {
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
        }
        factors = self._rcm_risk_factors(digits)
        return self._rcm_approval_item(
            "claim", effect, approved, amount, risk_factors=factors
        )

    @api.model
    def _rcm_approval_columns(self):
        names = ["code", "modifiers", "units", "charge_amount"]
        return {"lines": ("rcm.claim.line", names)}

    def _rcm_approval_scope(self):
        """What policies ask besides the amount; of write-offs and refunds as well."""
        return {
            **super()._rcm_approval_scope(),
            "contract_type": self._rcm_contract_type(),
        }

    def _rcm_contract_type(self):
        """The terms it is priced by: in or out of network, or no contract at all."""
        self.ensure_one()
        if self.contract_id:
            return self.contract_id.network
        return "no_contract" if self.payer_id else None

    def _rcm_part_scope(self):
        """What this claim says as a part of a document on several."""
        scope = self._rcm_approval_scope()
        names = ("facility", "department", "payer_type", "contract_type")
        return {name: scope[name] for name in names}

    # ------------------------------------------------------------------
    # Risk
    # ------------------------------------------------------------------
    def _rcm_risk_factors(self, digits):
        """What is measured of a claim: ``((code, value), …)``.

        Services without the authorization they need, money that people changed on its
        charges, the worst of its open exceptions, and how far it is from its contract.
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
            ("exception_severity", self._rcm_worst_exception()),
        ]
        if self.contract_id:
            percent = deviation_percent(
                line._rcm_against_contract(digits) for line in self.line_ids
            )
            factors.append(("deviation_percent", percent))
        return tuple(factors)

    def _rcm_worst_exception(self):
        """The highest severity of its open exceptions; 0 without any.

        An approval that is held up is the request's own exception, and no risk.
        """
        severities = self.rcm_case_ids.filtered(
            lambda case: case.type_code != "approval_stalled"
        ).mapped("severity")
        return Decimal(max(map(int, severities), default=0))

    def _rcm_waiting_for(self):
        """``approval`` while a request of this claim is open."""
        if self.rcm_approval_state == "pending":
            return "approval"
        return super()._rcm_waiting_for()


class RcmClaimLine(models.Model):
    """A line beside the price that its contract has for it."""

    _inherit = "rcm.claim.line"

    def _rcm_against_contract(self, digits):
        """This line as the pure rule of deviation wants it."""
        self.ensure_one()
        expected = to_decimal(self.expected_amount, digits)
        return PricedLine(
            to_decimal(self.charge_amount, digits),
            expected,
            self._rcm_contract_price(expected) if self.is_priced else None,
        )

    def _rcm_contract_price(self, expected):
        """The contract's price before it is limited to the charge.

        Worked out again from the figures of the pricing; a price that was kept
        without them (an older claim) is taken as the contract's.
        """
        steps = [
            step
            for step in self.pricing_trace or []
            if step.get("code") not in AFTER_PRICE
        ]
        try:
            price = replay(steps)
        except ReplayError:
            price = None
        return expected if price is None else price
