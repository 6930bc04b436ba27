from dataclasses import dataclass

from odoo import models

from ..core.expectation import Shares, expect, expect_self_pay
from ..core.money import from_decimal, to_decimal
from ..core.pricing import TraceStep, Unpriced, price_lines


@dataclass(slots=True)
class PricePlan:
    """Values of one claim before it is written: header, lines, rate of each line."""

    header: dict
    lines: list
    rate_ids: list


class RcmClaim(models.Model):
    """Pricing of claims by the contract in force on the day of service."""

    _inherit = "rcm.claim"

    def _rcm_price_plans(self, wanted):
        """Price claims that exist only as values.

        :param list wanted: (encounter, header values, charges) of each claim
        :return: one ``PricePlan`` each
        """
        contracts = self._rcm_find_contracts([header for _e, header, _c in wanted])
        facts = {contract: contract._rcm_facts() for contract in contracts if contract}
        plans = []
        for (_encounter, header, charges), contract in zip(
            wanted, contracts, strict=True
        ):
            if header["self_pay"]:
                plans.append(self._rcm_plan_self_pay(header, charges))
            else:
                plans.append(
                    self._rcm_plan_contract(
                        header, charges, contract, facts.get(contract)
                    )
                )
        return plans

    def _rcm_find_contracts(self, headers):
        """The contract of each header, each payer, facility and date looked up once."""
        Contract = self.env["rcm.payer.contract"]
        known, found = {}, []
        for header in headers:
            key = (header["payer_id"], header["facility_id"], header["service_date"])
            if key not in known:
                known[key] = (
                    Contract._rcm_find(
                        self.env["rcm.payer"].browse(key[0]),
                        self.env["rcm.facility"].browse(key[1]),
                        key[2],
                    )
                    if key[0] and not header["self_pay"]
                    else Contract
                )
            found.append(known[key])
        return found

    def _rcm_plan_self_pay(self, header, charges):
        """The guarantor owes the charge; a portfolio part is conceded up front."""
        company = self.env["res.company"].browse(header["company_id"])
        outcome = expect_self_pay(
            [to_decimal(charge.amount) for charge in charges],
            to_decimal(company.rcm_self_pay_concession_percent, 4),
        )
        step = TraceStep("self_pay", self.env._("Self-pay: the full charge"))
        trace = [step.as_dict()]
        details = [(True, False, trace)] * len(charges)
        return self._rcm_plan(header, charges, outcome, details)

    def _rcm_plan_contract(self, header, charges, contract, facts):
        """Price by ``contract``; a charge without a price stays unpriced.

        It counts as allowed in full until validation stops the claim, so that no
        allowance is ever invented.
        """
        if facts:
            priced = price_lines([item._rcm_pricing_facts() for item in charges], facts)
        else:
            priced = [self._rcm_without_contract(item) for item in charges]
        charged = [to_decimal(charge.amount) for charge in charges]
        allowed = [
            (amount, result.expected if result.is_priced else amount)
            for amount, result in zip(charged, priced, strict=True)
        ]
        details = [
            (result.is_priced, result.rate_ref or False, result.trace_json())
            for result in priced
        ]
        shares = Shares()
        if facts:
            shares = Shares(
                patient=facts.expected_patient_percent,
                sequestration=facts.sequestration_percent,
                concession=facts.concession_percent,
            )
        header = {**header, "contract_id": contract.id if contract else False}
        return self._rcm_plan(header, charges, expect(allowed, shares), details)

    def _rcm_without_contract(self, charge):
        text = self.env._("No contract in force for this payer, facility and date")
        return Unpriced("no_contract", (TraceStep("no_contract", text),), charge.id)

    def _rcm_plan(self, header, charges, outcome, details):
        lines = [
            {
                **charge._rcm_claim_line_vals(),
                "expected_amount": from_decimal(part.expected),
                "expected_contractual": from_decimal(part.contractual),
                "expected_patient": from_decimal(part.patient),
                "is_priced": is_priced,
                "pricing_trace": trace,
            }
            for charge, part, (is_priced, _rate_id, trace) in zip(
                charges, outcome.lines, details, strict=True
            )
        ]
        header = {
            "contract_id": False,
            **header,
            "total_charge": from_decimal(outcome.total_charge),
            "expected_amount": from_decimal(outcome.expected),
            "expected_contractual": from_decimal(outcome.contractual),
            "expected_sequestration": from_decimal(outcome.sequestration),
            "expected_patient": from_decimal(outcome.patient),
            "expected_concession": from_decimal(outcome.concession),
        }
        return PricePlan(header, lines, [rate_id for _p, rate_id, _t in details])
