"""Ground truth: what the ledger must hold after everything was sent."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from .adjudication import DENIAL_REASONS, Decision
from .clinic import Encounter
from .scenario import RemittanceFile

PLB_PURPOSES = {
    "L6": "interest_income",
    "CT": "capitation_income",
    "WO": "payer_overpayment",
    "FB": "payer_overpayment",
}
ZERO = Decimal(0)


@dataclass
class Ledger:
    """Balances by purpose, and the open balance of each claim (debit positive).

    Reserve and contractual adjustments are kept as their sum (``allowance``): how it
    is split depends on the expected amounts of the contracts, their sum does not.
    """

    purposes: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    claims: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, purpose: str, amount: Decimal, claim: str | None = None) -> None:
        self.purposes[purpose] += amount
        if claim and purpose in ("receivable_payer", "patient_unbilled"):
            self.claims[claim] += amount


def _post_decision(ledger: Ledger, decision: Decision, unknown: bool) -> None:
    number = decision.claim.control_number
    ledger.add("clearing", decision.paid)
    if unknown:
        ledger.add("unapplied_payer_cash", -decision.paid)
        return
    last_payer = decision.payer == decision.claim.payers[-1]
    ledger.add("receivable_payer", -decision.paid, number)
    for decided in decision.lines:
        for group, reason, amount in decided.adjustments:
            if reason in DENIAL_REASONS or (group, reason) == ("OA", "23"):
                continue
            if group == "PR" and not last_payer:
                continue  # moves to the next payer: same account, same claim
            target = "patient_unbilled" if group == "PR" else "allowance"
            ledger.add(target, amount, number)
            ledger.add("receivable_payer", -amount, number)


def expected_ledger(
    invoiced: dict[str, Encounter], files: list[RemittanceFile]
) -> Ledger:
    """Balances after ``invoiced`` (control number → encounter) and ``files``."""
    ledger = Ledger()
    for number, encounter in invoiced.items():
        account = "receivable_patient" if encounter.self_pay else "receivable_payer"
        ledger.add(account, encounter.total, number)
        ledger.add("revenue", -encounter.total)
    for file in files:
        for payment in file.payments:
            for item in payment.provider_adjustments:
                ledger.add("clearing", -item.amount)
                ledger.add(PLB_PURPOSES[item.reason], item.amount)
            for decision in payment.decisions:
                unknown = decision.claim.control_number not in invoiced
                _post_decision(ledger, decision, unknown)
    return ledger
