"""The posting plan of one remittance (ST)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from odoo.addons.healthcare_rcm_base.core.canonical import digest
from odoo.addons.healthcare_rcm_base.core.findings import Finding

from ..x12.balance import check_claim, check_payment
from ..x12.model import Transaction
from . import purposes
from .claim import plan_claim
from .claim_checks import REVERSAL
from .context import HELD, PARKED, POSTED, Context
from .facts import ALL_OR_NOTHING, DATE_BY_RECEIPT, ClaimFacts, Options
from .outcome import (
    HOLD,
    PARK,
    POST,
    ClaimOutcome,
    PlanLine,
    PostingPlan,
    Proofs,
)
from .provider import plan_provider
from .reasons import AWAITED, HOLDS, REPEATED, stop, warn
from .rules import RuleBook

ZERO = Decimal(0)
PAYMENT_ONLY, PRENOTE = "D", "P"


class PlanError(AssertionError):
    """A plan whose sums do not tie: a fault of ours, so nothing is posted."""


def plan(
    transaction: Transaction,
    claims: Mapping[str, ClaimFacts],
    rules: RuleBook | Iterable,
    options: Options,
) -> PostingPlan:
    """Plan one ST: what to post, what to park, why, and the sums that prove it.

    ``claims`` by control number. Reversals are planned before corrections, in
    whatever order the payer sent them (RFI 1733).
    """
    rules = rules if isinstance(rules, RuleBook) else RuleBook(rules)
    day = payment_day(transaction, options)
    balanced = _balanced(transaction)
    stops = list(_hard_stops(transaction, options, balanced))
    outcomes = _claims(transaction, claims, rules, options, day)
    provider, findings = ((), ())
    if options.only is None:
        provider, findings = plan_provider(transaction, rules, options, day)
        stops += [item for item in findings if item.is_error]
    findings = [*_assumptions(transaction, options), *findings]
    stops += _from_claims(outcomes, options)
    lines = _lines(transaction, outcomes, provider, options)
    proofs = _prove(transaction, outcomes, lines, provider, options)
    released = options.only is not None
    if (balanced or released) and not _ties(
        proofs, outcomes, provider, lines, released
    ):
        raise PlanError("the posting plan does not tie")
    decision = HOLD if stops else POST
    return PostingPlan(
        decision,
        tuple(stops),
        tuple(item for item in findings if not item.is_error),
        outcomes,
        provider,
        () if stops else lines,
        proofs,
        _digest(decision, stops, outcomes, provider, lines),
    )


def payment_day(transaction: Transaction, options: Options):
    """The day the payer pays; without one the day it came (see ``undated``)."""
    return transaction.payment_date or options.received or options.today


def _assumptions(transaction, options) -> Iterable[Finding]:
    """What was taken for granted, told to whoever looks at the plan."""
    if not transaction.payment_date and options.undated == DATE_BY_RECEIPT:
        day = payment_day(transaction, options)
        yield warn("payment_date_assumed", "BPR16", None, day.isoformat())


def _hard_stops(
    transaction: Transaction, options: Options, balanced: bool
) -> Iterable[Finding]:
    """What forbids posting any of the ST (3.13)."""
    if options.only is not None:
        return
    if transaction.has_errors or not balanced:
        yield stop("not_balanced")
    if transaction.version.startswith("004") and not options.accept_4010:
        yield stop("version_4010_refused", "", None, transaction.version)
    if transaction.handling == PAYMENT_ONLY:
        yield stop("payment_only", "BPR", None, PAYMENT_ONLY)
    if transaction.handling == PRENOTE:
        yield stop("prenote", "BPR", None, PRENOTE)
    if not transaction.payment_date and options.undated != DATE_BY_RECEIPT:
        yield stop("payment_undated", "BPR16")
    if options.locked:
        yield stop("period_locked", "", None, options.today.isoformat())
    if transaction.currency and transaction.currency != options.currency:
        yield stop("currency_foreign", "CUR", options.currency, transaction.currency)


def _balanced(transaction: Transaction) -> bool:
    """Check the arithmetic again: a plan never trusts a stored flag."""
    if any(
        item.severity == "error"
        for claim in transaction.claims
        for item in check_claim(claim)
    ):
        return False
    found = check_payment(
        transaction.amount, transaction.claims, transaction.provider_adjustments
    )
    return all(item.severity != "error" for item in found)


def _claims(transaction, claims, rules, options, day) -> tuple[ClaimOutcome, ...]:
    wanted = [
        claim
        for claim in transaction.claims
        if options.only is None or claim.index in options.only
    ]
    context = Context(options, rules, claims, day)
    context.seen = Counter(
        (claim.control_number, claim.payer_claim_number, claim.status == REVERSAL)
        for claim in transaction.claims
    )
    charged = Counter()
    for claim in transaction.claims:
        if claim.status != REVERSAL:
            charged[claim.control_number] += claim.charge
    context.charged = charged
    planned = {claim.index for claim in wanted}
    for claim in transaction.claims:
        if claim.status == REVERSAL and claim.index not in planned:
            fate = PARKED if claim.index in options.parked_reversals else POSTED
            context.keep_reversal(_number_of(claim, options), claim, fate)
    outcomes = []
    for claim in sorted(wanted, key=lambda claim: claim.status != REVERSAL):
        outcome = plan_claim(claim, context)
        outcomes.append(outcome)
        if claim.status == REVERSAL:
            fate = _fate_of(outcome)
            context.keep_reversal(_number_of(claim, options), claim, fate)
    return tuple(sorted(outcomes, key=lambda outcome: outcome.index))


def _number_of(claim, options: Options) -> str:
    """The control number a claim has, or that a person gave it."""
    override = options.overrides.get(claim.index)
    return override and override.control_number or claim.control_number


def _fate_of(reversal: ClaimOutcome) -> str:
    """What became of a reversal; a second one of the same was posted before."""
    if any(reason.code == REPEATED for reason in reversal.reasons):
        return POSTED
    return {PARK: PARKED, HOLD: HELD}.get(reversal.decision, POSTED)


def _from_claims(outcomes, options: Options) -> list[Finding]:
    """Claims that hold the whole ST: not ready, or parked where all must post."""
    stops = []
    for outcome in outcomes:
        if outcome.decision == HOLD:
            stops += [reason for reason in outcome.reasons if reason.code in HOLDS]
        elif outcome.decision == PARK and options.policy == ALL_OR_NOTHING:
            reason = outcome.reasons[0]
            stops.append(
                stop("claim_parked_policy", reason.location, None, reason.code)
            )
    return stops


def _lines(transaction, outcomes, provider, options) -> tuple[PlanLine, ...]:
    """All journal lines; the cash side last: one line, or one per released claim."""
    lines = [line for outcome in outcomes for line in outcome.lines]
    if options.only is not None:
        lines += [
            PlanLine(
                options.cash_purpose,
                outcome.paid,
                options.payer_id,
                outcome.claim_id,
                outcome.index,
            )
            for outcome in outcomes
            if outcome.decision == POST and outcome.paid
        ]
        return tuple(lines)
    lines += [
        PlanLine(
            purposes.UNAPPLIED, -outcome.paid, options.payer_id, None, outcome.index
        )
        for outcome in outcomes
        if outcome.decision in (PARK, HOLD) and outcome.paid
    ]
    lines += [line for item in provider for line in item.lines]
    if transaction.amount:
        lines.append(PlanLine(purposes.CLEARING, transaction.amount, options.payer_id))
    return tuple(lines)


def _prove(transaction, outcomes, lines, provider, options) -> Proofs:
    """The sums a person sees beside the plan."""
    receivable = -sum(
        (
            line.balance
            for line in lines
            if line.purpose == purposes.RECEIVABLE_PAYER
            and line.payer_id == options.payer_id
        ),
        ZERO,
    )
    posted = [outcome for outcome in outcomes if outcome.decision == POST]
    paid = sum((outcome.paid for outcome in posted), ZERO)
    claims = sum((outcome.paid for outcome in outcomes), ZERO)
    return Proofs(
        # A release moves cash that was parked; the payment itself was proved then.
        payment=transaction.amount if options.only is None else claims,
        claims=claims,
        posted=paid,
        parked=claims - paid,
        provider=sum((item.amount for item in provider), ZERO),
        receivable=receivable,
        adjusted=sum((i.posted for o in posted for i in o.actions), ZERO),
    )


def _ties(proofs, outcomes, provider, lines, released) -> bool:
    """Whether every claim, the payment and the entry add up."""
    unmapped = any(item.treatment == "unmapped" for item in provider)
    if unmapped:
        return True  # held anyway, and its lines are missing on purpose
    by_claim = all(
        not sum((line.balance for line in outcome.lines), outcome.paid)
        for outcome in outcomes
        if outcome.decision == POST
    )
    payment = released or proofs.posted + proofs.parked == (
        proofs.payment + proofs.provider
    )
    return by_claim and payment and not sum((line.balance for line in lines), ZERO)


def _digest(decision, stops, outcomes, provider, lines) -> str:
    """One hash over everything a person would approve."""
    return digest(
        {
            "decision": decision,
            "stops": [_stop_key(item) for item in stops],
            "claims": [_outcome_key(outcome) for outcome in outcomes],
            "provider": [
                [
                    item.index,
                    item.treatment,
                    item.amount,
                    [[part.overpayment_id, part.amount] for part in item.settlements],
                ]
                for item in provider
            ],
            "lines": [
                [line.purpose, line.balance, line.payer_id, line.claim_id]
                for line in lines
            ],
        }
    )


def _stop_key(item: Finding) -> list:
    """A stop, with the remittance it waits for where it waits for one."""
    waits_for = [item.actual] if item.code == AWAITED else []
    return [item.code, item.location, *waits_for]


def _outcome_key(outcome: ClaimOutcome) -> list:
    return [
        outcome.index,
        outcome.decision,
        outcome.claim_id,
        outcome.paid,
        [reason.code for reason in outcome.reasons],
        [
            [
                a.service_index,
                a.position,
                a.line_id,
                a.action,
                a.posted,
                a.next_payer_id,
            ]
            for a in outcome.actions
        ],
        outcome.reverses,
    ]
