"""The arithmetic of a remittance, exact to the cent (005010X221A1 section 1.10.2).

Line     SVC03 = SVC02 - sum CAS of the line
Claim    CLP04 = CLP03 - sum CAS of the claim - sum CAS of its lines
Charges  sum SVC02 = CLP03, when any SVC is present
Derived  CLP04 = sum SVC03 - sum CAS of the claim
Payment  BPR02 = sum CLP04 - sum PLB
Patient  CLP05 = sum CAS PR of claim and lines, not for reversals (a warning)
Interest sum AMT*I of the claims = - sum PLB L6 (a warning)

Pure functions over the values of ``model``; nothing here changes or rounds money.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

from .codes import severity_of
from .model import ZERO, Balance, Claim, Finding, ProviderAdjustment, Service

# 18 digits an amount; wide enough that no sum of them is ever rounded.
EXACT = Context(prec=60)
REVERSAL = "22"


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Sum without rounding, whatever decimal context the caller runs in."""
    with localcontext(EXACT):
        return sum(amounts, ZERO)


def expected_line_paid(service: Service) -> Decimal:
    """What SVC03 must be."""
    with localcontext(EXACT):
        return service.charge - _adjusted(service)


def expected_claim_paid(claim: Claim) -> Decimal:
    """What CLP04 must be, from the charge."""
    with localcontext(EXACT):
        lines = sum([_adjusted(service) for service in claim.services], ZERO)
        return claim.charge - _adjusted(claim) - lines


def derived_claim_paid(claim: Claim) -> Decimal:
    """What CLP04 must be, from the lines' payments (claims with lines only)."""
    with localcontext(EXACT):
        paid = sum([service.paid for service in claim.services], ZERO)
        return paid - _adjusted(claim)


def line_charges(claim: Claim) -> Decimal:
    """Sum of SVC02."""
    return exact_sum([service.charge for service in claim.services])


def patient_adjusted(claim: Claim) -> Decimal:
    """Sum of the PR adjustments of claim and lines: what CLP05 should be."""
    loops = (claim, *claim.services)
    return exact_sum(
        [
            item.amount
            for loop in loops
            for item in loop.adjustments
            if item.group == "PR"
        ]
    )


def provider_adjusted(adjustments: Iterable[ProviderAdjustment]) -> Decimal:
    """Sum of PLB: positive reduces the payment."""
    return exact_sum([item.amount for item in adjustments])


def expected_payment(
    claims: Iterable[Claim], adjustments: Iterable[ProviderAdjustment]
) -> Decimal:
    """What BPR02 must be."""
    paid = exact_sum([claim.paid for claim in claims])
    with localcontext(EXACT):
        return paid - provider_adjusted(adjustments)


def check_line(service: Service, location: str = "") -> list[Finding]:
    """The line formula."""
    expected = expected_line_paid(service)
    if expected == service.paid:
        return []
    return [
        _finding(
            "line_out_of_balance", service.offset, location, expected, service.paid
        )
    ]


def untied(claims: Iterable[Claim]) -> list[Claim]:
    """The claims that ``check_claim`` has something to say about; quick."""
    with localcontext(EXACT):
        return [claim for claim in claims if not _ties(claim)]


def check_claim(claim: Claim, location: str = "") -> list[Finding]:
    """All formulas of one claim and its lines."""
    findings = []
    for service in claim.services:
        findings += check_line(service, f"{location} / SVC {service.index}")
    for code, expected, actual in _claim_checks(claim):
        if expected != actual:
            findings.append(_finding(code, claim.offset, location, expected, actual))
    return findings


def check_payment(
    amount: Decimal,
    claims: Iterable[Claim],
    adjustments: Iterable[ProviderAdjustment],
    location: str = "",
    offset: int = 0,
) -> list[Finding]:
    """The payment formula and the interest check of one transaction."""
    claims, adjustments = tuple(claims), tuple(adjustments)
    findings = []
    expected = expected_payment(claims, adjustments)
    if expected != amount:
        code = "transaction_out_of_balance"
        findings.append(_finding(code, offset, location, expected, amount))
    credited = exact_sum(
        [
            item.amount
            for claim in claims
            for item in claim.amounts
            if item.qualifier == "I"
        ]
    )
    booked = exact_sum(
        [item.amount.copy_negate() for item in adjustments if item.reason == "L6"]
    )
    if credited != booked:
        code = "interest_mismatch"
        findings.append(_finding(code, offset, location, credited, booked))
    return findings


def balance_of(findings: Iterable[Finding]) -> Balance:
    """The three levels, from the findings of the checks above.

    Charges and derived are findings of their own: each flag is one formula.
    """
    codes = {finding.code for finding in findings}
    return Balance(
        line="line_out_of_balance" not in codes,
        claim="claim_out_of_balance" not in codes,
        transaction="transaction_out_of_balance" not in codes,
    )


def _ties(claim: Claim) -> bool:
    """One pass over the whole claim, in the exact context; almost all end here."""
    patient = adjusted = ZERO
    for item in claim.adjustments:
        adjusted += item.amount
        if item.group == "PR":
            patient += item.amount
    derived, charges = -adjusted, ZERO
    for service in claim.services:
        due = service.charge
        charges += due
        for item in service.adjustments:
            due -= item.amount
            if item.group == "PR":
                patient += item.amount
        if due != service.paid:
            return False
        derived += due
    if not claim.services:
        derived += claim.charge
    elif charges != claim.charge:
        return False
    return derived == claim.paid and (
        claim.status == REVERSAL or patient == (claim.patient_responsibility or ZERO)
    )


def _claim_checks(claim: Claim):
    yield "claim_out_of_balance", expected_claim_paid(claim), claim.paid
    if claim.services:
        yield "charges_out_of_balance", claim.charge, line_charges(claim)
        yield "derived_out_of_balance", derived_claim_paid(claim), claim.paid
    if claim.status != REVERSAL:
        yield (
            "patient_responsibility_mismatch",
            patient_adjusted(claim),
            claim.patient_responsibility or ZERO,
        )


def _adjusted(loop: Claim | Service) -> Decimal:
    return sum([item.amount for item in loop.adjustments], ZERO)


def _finding(code, offset, location, expected, actual) -> Finding:
    return Finding(
        code,
        severity_of(code),
        offset,
        location,
        format(expected, "f"),
        format(actual, "f"),
    )
