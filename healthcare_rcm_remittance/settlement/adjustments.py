"""Deciding the action of every CAS triple of a claim."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from odoo.addons.healthcare_rcm_base.core.findings import Finding

from ..x12.model import Adjustment, Claim
from . import actions
from .facts import LineFacts
from .outcome import LineAction
from .reasons import park, warn
from .rules import RuleBook

# RFI 2320: the bundled line is raised by OA-94, the others fall by CO-97.
RAISED = ("OA", "94")
BUNDLED_REASON = "97"
# Medicare: the patient owes nothing of cost sharing (QMB).
NEVER_PATIENT_REMARKS = frozenset({"N781", "N782", "N783"})
BALANCE_BILLING = ("PR", "45")


@dataclass(frozen=True, slots=True)
class Decided:
    """Actions of all triples of a claim, and what stands against posting them."""

    actions: tuple[LineAction, ...]
    reasons: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def decide(
    claim: Claim,
    matches: dict[int, LineFacts],
    rules: RuleBook,
    payer_id: int,
    next_payer_id: int | None,
    day: date,
) -> Decided:
    """The action of every triple: by bundling, by rule, by further coverage."""
    found, reasons, warnings = [], [], []
    bundle = _bundle(claim)
    for service_index, position, adjustment, remarks, place in _triples(claim):
        rule = rules.find(
            payer_id,
            adjustment.group,
            adjustment.reason,
            remarks,
            adjustment.amount,
            day,
        )
        line = matches.get(service_index)
        action = _action(adjustment, rule, bundle)
        action, next_payer = _direct(action, remarks, next_payer_id)
        code = f"{adjustment.group}-{adjustment.reason}"
        if not adjustment.amount:
            action = actions.NONE
        elif action is None:
            reasons.append(park("adjustment_unknown", place, None, code))
        elif action == actions.REVIEW:
            reasons.append(park("adjustment_review", place, None, code))
        elif action == actions.DENIAL and adjustment.amount < 0:
            reasons.append(park("adjustment_unknown", place, None, code))
        elif (adjustment.group, adjustment.reason) == BALANCE_BILLING:
            warnings.append(warn("balance_billing_check", place))
        found.append(
            LineAction(
                service_index,
                position,
                line.id if line else None,
                adjustment.group,
                adjustment.reason,
                adjustment.amount,
                action or actions.REVIEW,
                adjustment.amount if actions.posts(action) else Decimal(0),
                next_payer,
                rule.id if rule else None,
                rule.category if rule and action == actions.DENIAL else "",
            )
        )
    return Decided(tuple(found), tuple(reasons), tuple(warnings))


def cap_contractual(
    found: tuple[LineAction, ...], excess: Decimal
) -> tuple[LineAction, ...]:
    """Take ``excess`` off the contractual amounts, from the last one backwards."""
    capped = list(found)
    for position in reversed(range(len(capped))):
        item = capped[position]
        if item.action != actions.CONTRACTUAL or item.posted <= 0 or excess <= 0:
            continue
        off = min(item.posted, excess)
        capped[position] = replace(item, posted=item.posted - off)
        excess -= off
    return tuple(capped)


def without_posting(found: tuple[LineAction, ...]) -> tuple[LineAction, ...]:
    """The same triples with nothing posted: the payment goes alone."""
    return tuple(
        replace(item, action=actions.NONE, posted=Decimal(0), next_payer_id=None)
        if actions.posts(item.action) or item.action == actions.REVIEW
        else item
        for item in found
    )


def _triples(claim: Claim):
    """Every triple with its service index, position, remarks and place."""
    place = f"CLP {claim.index}"
    claim_remarks = frozenset(claim.remarks)
    for position, adjustment in enumerate(claim.adjustments):
        yield None, position, adjustment, claim_remarks, place
    for service in claim.services:
        remarks = claim_remarks.union(service.remarks)
        for position, adjustment in enumerate(service.adjustments):
            yield (
                service.index,
                position,
                adjustment,
                remarks,
                f"{place} / SVC {service.index}",
            )


def _action(adjustment: Adjustment, rule, bundle: bool) -> str | None:
    pair = (adjustment.group, adjustment.reason)
    if pair == RAISED and adjustment.amount < 0:
        return actions.BUNDLING if bundle else actions.CONTRACTUAL
    if bundle and adjustment.reason == BUNDLED_REASON and adjustment.amount > 0:
        return actions.BUNDLING
    return rule.action if rule else None


def _direct(action, remarks, next_payer_id):
    """Send what is not this payer's to the next payer or to the patient."""
    if action == actions.PATIENT and remarks & NEVER_PATIENT_REMARKS:
        action = actions.NO_PATIENT
    if action in (actions.PATIENT, actions.NO_PATIENT) and next_payer_id:
        return actions.NEXT_PAYER, next_payer_id
    if action == actions.NO_PATIENT:
        return actions.CONTRACTUAL, None
    return action, None


def _bundle(claim: Claim) -> bool:
    """Whether OA-94 raises and 97 reductions of the lines sum to nothing."""
    raised = bundled = Decimal(0)
    for service in claim.services:
        for item in service.adjustments:
            if (item.group, item.reason) == RAISED and item.amount < 0:
                raised += item.amount
            elif item.reason == BUNDLED_REASON and item.amount > 0:
                bundled += item.amount
    return bool(raised) and raised + bundled == 0
