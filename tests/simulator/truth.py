"""Ground truth: what the ledger must hold after everything was sent."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from . import world
from .adjudication import DENIAL_REASONS, Decision, cents
from .clinic import Encounter
from .scenario import RemittanceFile
from .stories import VOIDED, VOIDED_AFTER_PAYMENT

PLB_PURPOSES = {
    "L6": "interest_income",
    "CT": "capitation_income",
    "WO": "payer_overpayment",
    "FB": "payer_overpayment",
}
OPEN = ("receivable_payer", "receivable_patient", "patient_unbilled")
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
        if claim and purpose in OPEN:
            self.claims[claim] += amount


def is_void(encounter: Encounter) -> bool:
    """Whether nothing of it is asked for in the end."""
    return encounter.kind in VOIDED + VOIDED_AFTER_PAYMENT


def _post_decision(ledger: Ledger, decision: Decision, encounter) -> None:
    number = decision.claim.control_number
    ledger.add("clearing", decision.paid)
    if encounter and is_void(encounter):
        ledger.add("payer_overpayment", -decision.paid)
        return
    if not encounter:
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


def _client_price(charge) -> Decimal:
    """What the ordering client pays for a test."""
    if charge.code in world.CLIENT_PRICES:
        return world.CLIENT_PRICES[charge.code] * charge.units
    return cents(charge.amount * world.CLIENT_PERCENT / 100)


def _post_client(ledger: Ledger, encounters) -> None:
    """The month's invoice of the ordering client, and its service contract."""
    owed = world.CONTRACT_PRICE * world.CONTRACT_MONTHS
    for encounter in encounters:
        if encounter.client:
            owed += sum((_client_price(item) for item in encounter.charges), ZERO)
    ledger.add("receivable_client", owed)
    ledger.add("revenue", -owed)


def expected_ledger(
    invoiced: dict[str, Encounter],
    files: list[RemittanceFile],
    for_client: list[Encounter] = (),
) -> Ledger:
    """Balances after ``invoiced`` (control number → encounter) and ``files``.

    ``for_client``: encounters among which those of the ordering client are invoiced
    by the month; empty when there is no client.
    """
    ledger = Ledger()
    for number, encounter in invoiced.items():
        if is_void(encounter):
            continue
        account = "receivable_patient" if encounter.self_pay else "receivable_payer"
        ledger.add(account, encounter.due + encounter.tax, number)
        ledger.add("revenue", -encounter.due)
        ledger.add("tax", -encounter.tax)
    for file in files:
        for payment in file.payments:
            for item in payment.provider_adjustments:
                ledger.add("clearing", -item.amount)
                ledger.add(PLB_PURPOSES[item.reason], item.amount)
            for decision in payment.decisions:
                encounter = invoiced.get(decision.claim.control_number)
                _post_decision(ledger, decision, encounter)
    if for_client:
        _post_client(ledger, for_client)
    return ledger
