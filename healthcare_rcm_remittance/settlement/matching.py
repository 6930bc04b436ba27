"""Which of our lines a service is, and which of our claims it might be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..x12.model import Claim, Procedure, Service
from .facts import LineFacts


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim of ours that an unmatched CLP may belong to."""

    control_number: str
    charge: Decimal
    service_date: date | None
    payer_ids: frozenset[int] = frozenset()
    payer_claim_number: str = ""
    member_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate with what speaks for it; never posted without a person."""

    control_number: str
    score: int
    reasons: tuple[str, ...]


def match_lines(
    services: Iterable[Service],
    lines: tuple[LineFacts, ...],
    chosen: Mapping[int, int] = (),
) -> tuple[dict[int, LineFacts], list[int]]:
    """Match services to our lines: {service index: line}, and indexes without one.

    In order: what a person chose, our line number (REF*6R), submitted code with
    modifiers, date, charge and units, then the bare code where it is unique. Several
    services may be parts of one line (line split); without the line number a line is
    given away once.
    """
    services = tuple(services)
    by_id = {line.id: line for line in lines}
    by_number = {line.control_number: line for line in lines if line.control_number}
    matched, rest = {}, []
    for service in services:
        line = by_id.get(dict(chosen).get(service.index))
        line = line or by_number.get(service.line_control_number)
        if line:
            matched[service.index] = line
        else:
            rest.append(service)
    for test in (_same_in_full, _same_code):
        free = [line for line in lines if line not in matched.values()]
        rest = _match_unique(rest, free, matched, test)
    return matched, [service.index for service in rest]


def suggest(
    claim: Claim, payer_id: int, candidates: Iterable[Candidate], limit: int = 5
) -> tuple[Suggestion, ...]:
    """Rank candidates for a CLP whose number we do not know."""
    found = []
    member = {
        name.identifier
        for name in claim.names
        if name.identifier and name.entity != "TT"
    }
    for candidate in candidates:
        reasons = []
        if (
            claim.payer_claim_number
            and claim.payer_claim_number == candidate.payer_claim_number
        ):
            reasons.append("payer_claim_number")
        if payer_id in candidate.payer_ids:
            reasons.append("payer")
        if member & candidate.member_ids:
            reasons.append("member")
        if candidate.service_date and candidate.service_date in _dates(claim):
            reasons.append("service_date")
        if abs(claim.charge) == candidate.charge:
            reasons.append("charge")
        score = sum(WEIGHTS[reason] for reason in reasons)
        if score >= ENOUGH:
            found.append(Suggestion(candidate.control_number, score, tuple(reasons)))
    found.sort(key=lambda item: (-item.score, item.control_number))
    return tuple(found[:limit])


WEIGHTS = {
    "payer_claim_number": 50,
    "member": 30,
    "charge": 20,
    "service_date": 20,
    "payer": 10,
}
ENOUGH = 40


def submitted_procedure(service: Service) -> Procedure:
    """The code as we sent it: SVC06 where it differs from what was decided."""
    return service.submitted or service.procedure


def _match_unique(services, free, matched, test):
    """Match each service that fits exactly one line no other service fits."""
    rest = []
    taken = set()
    for service in services:
        fitting = [
            line for line in free if line.id not in taken and test(service, line)
        ]
        if len(fitting) > 1 and test is _same_in_full:
            fitting = fitting[:1]  # equal in every respect: any of them will do
        if len(fitting) == 1:
            matched[service.index] = fitting[0]
            taken.add(fitting[0].id)
        else:
            rest.append(service)
    return rest


def _same_in_full(service: Service, line: LineFacts) -> bool:
    procedure = submitted_procedure(service)
    units = service.units_submitted or service.units_paid
    return (
        procedure.code == line.code
        and procedure.modifiers == line.modifiers
        and abs(service.charge) == line.charge
        and (units is None or abs(units) == line.units)
        and (
            service.date_from is None
            or line.service_date is None
            or service.date_from == line.service_date
        )
    )


def _same_code(service: Service, line: LineFacts) -> bool:
    return (
        submitted_procedure(service).code == line.code
        and abs(service.charge) == line.charge
    )


def _dates(claim: Claim) -> set[date]:
    dates = {claim.date_from} | {service.date_from for service in claim.services}
    return dates - {None}
