"""A paper explanation of benefits written as an 835.

Paper and file then go one way: what is keyed is read, balanced, matched and posted
by the same reader and the same settlement as what a payer sends.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .model import ZERO, Adjustment

SEPARATORS = frozenset("*~:^|\r\n")
GROUPS = ("CO", "PR", "OA", "PI")
_PIECES = re.compile(r"[;,\n]+")
_ADJUSTMENT = re.compile(
    r"(CO|PR|OA|PI)\s*-?\s*([A-Z]?\d{1,4}[A-Z]?)\s+(-?\d{1,12}(?:\.\d{1,2})?)"
)
_REASON = re.compile(r"[0-9A-Z]{2}")
_TRIPLES = 6
_PAIRS = 6


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One service line as it stands on the paper."""

    code: str
    charge: Decimal
    paid: Decimal
    adjustments: tuple[Adjustment, ...] = ()
    units: Decimal | None = None
    modifiers: tuple[str, ...] = ()
    day: date | None = None
    number: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperClaim:
    """One claim of the paper; ``adjustments`` are those of the claim as a whole."""

    number: str
    charge: Decimal
    paid: Decimal
    status: str = "1"
    payer_number: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    lines: tuple[PaperLine, ...] = ()
    interest: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PaperAdjustment:
    """An adjustment of the payment as such; positive reduces it."""

    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaperPayment:
    """One cheque or transfer with what the paper beside it says."""

    amount: Decimal
    method: str
    day: date
    trace: str
    payer_name: str
    payer_id: str
    payee_name: str
    payee_qualifier: str
    payee_id: str
    control: int
    claims: tuple[PaperClaim, ...] = ()
    adjustments: tuple[PaperAdjustment, ...] = ()


def parse_adjustments(text: str | None) -> tuple[tuple[Adjustment, ...], list[str]]:
    """``"CO-45 600.00, PR-2 150"`` as adjustments, and the pieces that are none."""
    found, faults = [], []
    for piece in _PIECES.split(text or ""):
        piece = piece.strip()
        if not piece:
            continue
        match = _ADJUSTMENT.fullmatch(piece.upper())
        if match:
            group, reason, amount = match.groups()
            found.append(Adjustment(group, reason, Decimal(amount)))
        else:
            faults.append(piece)
    return tuple(found), faults


def is_reason(text: str | None) -> bool:
    """Whether a text can be the reason of a provider adjustment."""
    return bool(_REASON.fullmatch((text or "").upper()))


def unwritable(text: str | None) -> bool:
    """Whether a text holds a character that separates things in an 835."""
    return bool(SEPARATORS.intersection(text or ""))


def write(payment: PaperPayment) -> bytes:
    """The payment as an 835 of one transaction.

    :raises ValueError: for a text that :func:`unwritable` would have refused
    """
    body = _header(payment)
    if payment.claims:
        body.append(["LX", "1"])
    for claim in payment.claims:
        body += _claim(claim)
    body += _plb(payment)
    body.append(["SE", str(len(body) + 1), "0001"])
    day = f"{payment.day:%y%m%d}"
    control = f"{payment.control % 10**9:09d}"
    isa = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{'PAPER':15}", "ZZ"]
    isa += [f"{'PAPER':15}", day, "0000", "^", "00501", control, "0", "P", ":"]
    gs = ["GS", "HP", "PAPER", "PAPER", f"{payment.day:%Y%m%d}", "0000"]
    gs += [str(payment.control), "X", "005010X221A1"]
    segments = [
        isa,
        gs,
        *body,
        ["GE", "1", str(payment.control)],
        ["IEA", "1", control],
    ]
    return "".join(_segment(parts) for parts in segments).encode()


def patient_share(claim: PaperClaim) -> Decimal:
    """Sum of what the paper leaves to the patient; 0 for a reversal."""
    if claim.status == "22":
        return ZERO
    every = [*claim.adjustments]
    for line in claim.lines:
        every += line.adjustments
    return sum((item.amount for item in every if item.group == "PR"), ZERO)


def _header(payment):
    method = payment.method if payment.amount else "NON"
    day = f"{payment.day:%Y%m%d}"
    handling = "I" if payment.amount else "H"
    bpr = ["BPR", handling, _money(payment.amount), "C", method, *[""] * 11, day]
    return [
        ["ST", "835", "0001"],
        bpr,
        ["TRN", "1", payment.trace, payment.payer_id],
        ["DTM", "405", day],
        ["N1", "PR", payment.payer_name],
        [
            "N1",
            "PE",
            payment.payee_name,
            payment.payee_qualifier,
            payment.payee_id,
        ],
    ]


def _claim(claim):
    clp = ["CLP", claim.number, claim.status, _money(claim.charge), _money(claim.paid)]
    clp += [_money(patient_share(claim)), "", claim.payer_number]
    segments = [clp, *_cas(claim.adjustments)]
    if claim.interest:
        segments.append(["AMT", "I", _money(claim.interest)])
    for line in claim.lines:
        segments += _line(line)
    return segments


def _line(line):
    procedure = ["HC", line.code, *line.modifiers]
    if any(unwritable(part) for part in procedure):
        raise ValueError("separator in a procedure code")
    svc = ["SVC", procedure, _money(line.charge), _money(line.paid)]
    if line.units is not None:
        svc += ["", _money(line.units)]
    segments = [svc]
    if line.day:
        segments.append(["DTM", "472", f"{line.day:%Y%m%d}"])
    segments += _cas(line.adjustments)
    if line.number:
        segments.append(["REF", "6R", line.number])
    return segments + [["LQ", "HE", remark] for remark in line.remarks]


def _cas(adjustments):
    """CAS segments: one a group, six reasons each at most."""
    segments = []
    for group in dict.fromkeys(item.group for item in adjustments):
        own = [item for item in adjustments if item.group == group]
        for start in range(0, len(own), _TRIPLES):
            segment = ["CAS", group]
            for item in own[start : start + _TRIPLES]:
                segment += [item.reason, _money(item.amount), ""]
            segments.append(segment)
    return segments


def _plb(payment):
    """PLB segments: six reasons each at most, of the year of the payment."""
    segments = []
    for start in range(0, len(payment.adjustments), _PAIRS):
        segment = ["PLB", payment.payee_id, f"{payment.day:%Y}1231"]
        for item in payment.adjustments[start : start + _PAIRS]:
            composite = [part for part in (item.reason, item.reference) if part]
            if any(unwritable(part) for part in composite):
                raise ValueError("separator in a provider adjustment")
            segment += [composite, _money(item.amount)]
        segments.append(segment)
    return segments


def _money(amount):
    text = format(amount, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def _segment(parts):
    texts = []
    for part in parts:
        if isinstance(part, list):  # a composite, looked at where it is made
            texts.append(":".join(part))
            continue
        if unwritable(part) and parts[0] != "ISA":
            raise ValueError(f"separator in {parts[0]}")
        texts.append(part)
    text = "*".join(texts)
    return (text if parts[0] == "ISA" else text.rstrip("*")) + "~\n"
