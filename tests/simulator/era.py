"""Writes 835s (005010X221A1) from decisions; independent of the suite's reader."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import world
from .adjudication import DecidedLine, Decision


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """A PLB pair; positive reduces the payment, negative increases it."""

    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """One ST: a payer's payment to the clinic with the claims it explains."""

    payer: str
    trace: str
    payment_date: date
    decisions: tuple[Decision, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()

    @property
    def amount(self) -> Decimal:
        claims = sum((item.paid for item in self.decisions), Decimal(0))
        kept = sum((item.amount for item in self.provider_adjustments), Decimal(0))
        return claims - kept


def money(amount: Decimal) -> str:
    """X12 R: no exponent, no needless zeros, at most two decimals."""
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _day(value: date) -> str:
    return value.strftime("%Y%m%d")


def _line_segments(decided: DecidedLine, service_date: date) -> list[str]:
    line = decided.line
    procedure = ":".join(("HC", line.code, *line.modifiers))
    segments = [
        f"SVC*{procedure}*{money(line.charge)}*{money(decided.paid)}**{line.units}",
        f"DTM*472*{_day(service_date)}",
    ]
    groups: dict[str, list[str]] = {}
    for group, reason, amount in decided.adjustments:
        groups.setdefault(group, []).append(f"*{reason}*{money(amount)}*")
    for group, triples in groups.items():
        segments.append(f"CAS*{group}{''.join(triples).rstrip('*')}")
    segments.append(f"REF*6R*{line.number}")
    return segments


def _claim_segments(decision: Decision) -> list[str]:
    claim, profile = decision.claim, world.PAYERS[decision.payer]
    share = money(decision.patient_share)
    segments = [
        f"CLP*{claim.control_number}*{decision.status}*{money(decision.charge)}"
        f"*{money(decision.paid)}*{share}*{profile.filing_indicator}"
        f"*{decision.payer_claim_number}*11*1",
        "NM1*QC*1*PATIENT*SAMPLE",
    ]
    if decision.original_number:
        segments.append(f"REF*F8*{decision.original_number}")
    if decision.interest:
        segments.append(f"AMT*I*{money(decision.interest)}")
    for decided in decision.lines:
        segments += _line_segments(decided, claim.service_date)
    return segments


def _provider_segments(payment: Payment) -> list[str]:
    npi, year = world.FACILITIES["MAIN"], payment.payment_date.year
    return [
        f"PLB*{npi}*{year}1231*{item.reason}:{item.reference}*{money(item.amount)}"
        for item in payment.provider_adjustments
    ]


def transaction_segments(payment: Payment, number: int) -> list[str]:
    """ST to SE of one payment."""
    profile = world.PAYERS[payment.payer]
    handling, method = ("I", "ACH*CCP") if payment.amount else ("H", "NON*")
    body = [
        f"ST*835*{number:04d}",
        f"BPR*{handling}*{money(payment.amount)}*C*{method}"
        f"*01*999999992*DA*123456*{profile.trace_id}**01*999999992*DA*98765"
        f"*{_day(payment.payment_date)}",
        f"TRN*1*{payment.trace}*{profile.trace_id}",
        f"DTM*405*{_day(payment.payment_date)}",
        f"N1*PR*{profile.name}",
        "N3*1 PAYER PLAZA",
        "N4*COLUMBUS*OH*43004",
        "PER*BL*PAYER SERVICES*TE*8005550100",
        f"N1*PE*SAMPLE CLINIC*XX*{world.FACILITIES['MAIN']}",
        f"REF*TJ*{world.COMPANY_TAX_ID}",
        "LX*1",
    ]
    for decision in payment.decisions:
        body += _claim_segments(decision)
    body += _provider_segments(payment)
    return [*body, f"SE*{len(body) + 1}*{number:04d}"]


def interchange(payments: list[Payment], control: int, day: date) -> bytes:
    """An ISA with one GS holding every payment as an ST."""
    short, long_ = day.strftime("%y%m%d"), _day(day)
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYERSIM':15}*ZZ*{'SAMPLECLINIC':15}"
        f"*{short}*0900*^*00501*{control:09d}*0*P*:",
        f"GS*HP*PAYERSIM*SAMPLECLINIC*{long_}*0900*{control}*X*005010X221A1",
    ]
    for number, payment in enumerate(payments, start=1):
        segments += transaction_segments(payment, number)
    segments += [f"GE*{len(payments)}*{control}", f"IEA*1*{control:09d}"]
    return ("~\n".join(segments) + "~\n").encode("ascii")
