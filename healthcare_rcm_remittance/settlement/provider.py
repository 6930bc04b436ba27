"""Provider adjustments (PLB): what each code does to the ledger.

Positive reduces the payment, negative increases it (RFI 427, 615, 1756), so a
positive amount is a debit of its account. Nothing is posted without a rule.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from odoo.addons.healthcare_rcm_base.core.findings import Finding

from ..x12.model import ProviderAdjustment, Transaction
from . import purposes
from .facts import Options, OverpaymentFacts
from .outcome import PlanLine, ProviderOutcome, Settlement
from .reasons import stop, warn
from .rules import RuleBook

ACCOUNT = "account"
RECOVERY = "recovery"
FORWARD = "forward"
MEMO = "memo"
INTEREST = "interest"
UNMAPPED = "unmapped"

# Treatments a rule may ask for; ``account`` posts to the rule's purpose.
TREATMENTS = (ACCOUNT, RECOVERY, FORWARD, MEMO, INTEREST)

ZERO = Decimal(0)


def plan_provider(
    transaction: Transaction, rules: RuleBook, options: Options, day: date
) -> tuple[tuple[ProviderOutcome, ...], tuple[Finding, ...]]:
    """Plan every PLB pair; an unmapped one gives a finding that stops the ST."""
    pairs = transaction.provider_adjustments
    memo = _memo_pairs(pairs, rules, options, day)
    held = _Held(options.overpayments)
    charged = _interest_taken_back(transaction)
    outcomes, findings = [], []
    for index, pair in enumerate(pairs):
        if not pair.amount:
            outcomes.append(_outcome(index, pair, MEMO))
            continue
        rule = rules.find_provider(options.payer_id, pair.reason, pair.amount, day)
        if index in memo:
            outcomes.append(
                _outcome(index, pair, MEMO, rule_id=rule.id if rule else None)
            )
            continue
        treatment = rule.action if rule else UNMAPPED
        place = f"PLB {index + 1}"
        ours = options.own_identifiers
        if ours and pair.provider_id and pair.provider_id not in ours:
            findings.append(stop("provider_not_ours", place, None, pair.provider_id))
        if treatment in (UNMAPPED, MEMO):
            # A memo without its counterpart would take cash out of nowhere.
            findings.append(stop("adjustment_unmapped", place, None, pair.reason))
            outcomes.append(_outcome(index, pair, UNMAPPED))
            continue
        if treatment == FORWARD and pair.amount < 0 and held.has_forward():
            # RFI 738: one forward balance at a time; the earlier one was to be used.
            findings.append(
                warn("forward_balance_second", place, None, str(pair.amount))
            )
        if treatment in (RECOVERY, FORWARD):
            lines, settlements = held.apply(index, pair, treatment, options.payer_id)
            if any(line.purpose == purposes.UNIDENTIFIED_RECOVERIES for line in lines):
                findings.append(
                    warn("overpayment_unmatched", place, None, str(pair.amount))
                )
        elif treatment == INTEREST:
            purpose, charged = _interest(pair.amount, charged)
            lines = (
                PlanLine(purpose, pair.amount, options.payer_id, None, None, index),
            )
            settlements = ()
        else:
            lines = (
                PlanLine(
                    rule.purpose, pair.amount, options.payer_id, None, None, index
                ),
            )
            settlements = ()
        outcomes.append(_outcome(index, pair, treatment, lines, settlements, rule.id))
    return tuple(outcomes), tuple(findings)


def _outcome(index, pair, treatment, lines=(), settlements=(), rule_id=None):
    return ProviderOutcome(
        index,
        pair.reason,
        pair.reference,
        pair.amount,
        treatment,
        tuple(lines),
        tuple(settlements),
        rule_id,
    )


class _Held:
    """The payer's money we hold, used up while the PLB pairs are planned."""

    def __init__(self, overpayments: Iterable[OverpaymentFacts]):
        self.records = list(overpayments)
        self.left = {item.id: item.open_amount for item in self.records}

    def apply(self, index, pair: ProviderAdjustment, treatment: str, payer_id: int):
        """Lines and settlements of one WO, FB or B2."""
        if pair.amount < 0:
            line = PlanLine(
                purposes.PAYER_OVERPAYMENT, pair.amount, payer_id, None, None, index
            )
            return (line,), (Settlement(None, -pair.amount),)
        settlements, rest = [], pair.amount
        for record in self._order(pair, treatment):
            part = min(rest, self.left[record.id])
            if part <= 0:
                continue
            self.left[record.id] -= part
            rest -= part
            settlements.append(Settlement(record.id, part))
        lines = []
        if rest != pair.amount:
            lines.append((purposes.PAYER_OVERPAYMENT, pair.amount - rest))
        if rest:
            lines.append((purposes.UNIDENTIFIED_RECOVERIES, rest))
        return (
            tuple(
                PlanLine(purpose, amount, payer_id, None, None, index)
                for purpose, amount in lines
            ),
            tuple(settlements),
        )

    def has_forward(self) -> bool:
        """Whether a forward balance of an earlier remittance is still open."""
        return any(self.left[item.id] > 0 for item in self.records if item.kind == "FB")

    def _order(self, pair, treatment):
        """Which records a recovery uses: the named one, or the one it fits exactly.

        A forward balance needs no name: the payer keeps a single one (RFI 738).
        """
        kinds = {FORWARD: ("FB",)}.get(treatment)
        records = [
            item
            for item in self.records
            if (item.kind in kinds if kinds else item.kind != "FB")
        ]
        if kinds:
            return records
        named = [
            item
            for item in records
            if pair.reference
            and (
                item.reference == pair.reference or pair.reference in item.claim_numbers
            )
        ]
        if named:
            return named
        exact = [item for item in records if self.left[item.id] == pair.amount]
        return exact if len(exact) == 1 else []


def _memo_pairs(pairs, rules, options, day) -> set[int]:
    """Indexes of 72 (our refund is acknowledged) with the WO that offsets it.

    The cash left earlier by our own cheque; together they move nothing.
    """
    memo: set[int] = set()
    for index, pair in enumerate(pairs):
        rule = rules.find_provider(options.payer_id, pair.reason, pair.amount, day)
        if not (rule and rule.action == MEMO and pair.amount):
            continue
        fitting = [
            other
            for other, item in enumerate(pairs)
            if other not in memo
            and other != index
            and item.amount == -pair.amount
            and _is_recovery(rules, options, item, day)
        ]
        fitting.sort(key=lambda other: pairs[other].reference != pair.reference)
        if fitting:
            memo |= {index, fitting[0]}
    return memo


def _is_recovery(rules, options, pair, day) -> bool:
    rule = rules.find_provider(options.payer_id, pair.reason, pair.amount, day)
    return bool(rule and rule.action == RECOVERY)


def _interest_taken_back(transaction: Transaction) -> Decimal:
    """Interest that reversals of this ST give back (negative AMT*I)."""
    return -sum(
        (
            item.amount
            for claim in transaction.claims
            for item in claim.amounts
            if item.qualifier == "I" and item.amount < 0
        ),
        ZERO,
    )


def _interest(amount: Decimal, taken_back: Decimal) -> tuple[str, Decimal]:
    """L6: paid to us is income, taken back reduces it, charged to us is expense."""
    if amount < 0:
        return purposes.INTEREST_INCOME, taken_back
    if amount <= taken_back:
        return purposes.INTEREST_INCOME, taken_back - amount
    return purposes.INTEREST_EXPENSE, taken_back
