"""Writes small 835s for tests: one ISA, one GS, an ST for each payment."""

from decimal import Decimal

TAX_ID = "123456789"


def money(amount):
    """An X12 amount: no exponent, no needless zeros."""
    text = format(Decimal(str(amount)).quantize(Decimal("0.01")), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def svc(charge, paid, *codes, number=None, code="99213", remarks=(), units=1, day=None):
    """Segments of a service; ``codes`` are ("CO-45", amount)."""
    segments = [f"SVC*HC:{code}*{money(charge)}*{money(paid)}**{units}"]
    if day:
        segments.append(f"DTM*472*{day:%Y%m%d}")
    segments += _cas(codes)
    if number:
        segments.append(f"REF*6R*{number}")
    segments += [f"LQ*HE*{remark}" for remark in remarks]
    return segments


def clp(
    number,
    charge,
    paid,
    *codes,
    status="1",
    icn=None,
    original=None,
    services=(),
    interest=None,
    patient=0,
    member=None,
    last="SAMPLE",
    remarks=(),
):
    """Segments of a claim; ``services`` from :func:`svc`, ``codes`` at claim level."""
    segments = [
        f"CLP*{number}*{status}*{money(charge)}*{money(paid)}*{money(patient)}*CI"
        f"*{icn or 'ICN' + number}*11*1"
    ]
    segments += _cas(codes)
    name = f"NM1*QC*1*{last}*TEST"
    segments.append(f"{name}****MI*{member}" if member else name)
    if remarks:
        segments.append("MOA***" + "*".join(remarks))
    if original:
        segments.append(f"REF*F8*{original}")
    if interest is not None:
        segments.append(f"AMT*I*{money(interest)}")
    for service in services:
        segments += service
    return segments


def st(
    amount,
    *claims,
    plb=(),
    trace="T1",
    payer_trace="1512345678",
    day="20261120",
    handling=None,
    payee=TAX_ID,
    payer_name="PAYER",
    number=1,
    provider="1234567893",
):
    """Segments of a transaction from ST to SE."""
    amount = Decimal(str(amount))
    handling = handling or ("I" if amount else "H")
    method = "ACH*CCP" if amount else "NON*"
    body = [
        f"ST*835*{number:04d}",
        f"BPR*{handling}*{money(amount)}*C*{method}*01*999999992*DA*123456*{payer_trace}"
        f"**01*999999992*DA*98765*{day}",
        f"TRN*1*{trace}*{payer_trace}",
        f"DTM*405*{day or '20261120'}",
        f"N1*PR*{payer_name}",
        "N3*1 PAYER PLAZA",
        "N4*COLUMBUS*OH*43004",
        "PER*BL*SERVICES*TE*8005550100",
        f"N1*PE*CLINIC*FI*{payee}",
    ]
    if claims:
        body.append("LX*1")
    for claim in claims:
        body += claim
    for reason, value, *reference in plb:
        code = ":".join((reason, *reference))
        body.append(f"PLB*{provider}*20261231*{code}*{money(value)}")
    return [*body, f"SE*{len(body) + 1}*{number:04d}"]


def interchange(*transactions, control=1, usage="P", version="005010X221A1"):
    """Bytes of an interchange."""
    isa_version = "00401" if version.startswith("004") else "00501"
    repetition = "U" if version.startswith("004") else "^"
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYER':15}*ZZ*{'CLINIC':15}*261120*0900"
        f"*{repetition}*{isa_version}*{control:09d}*0*{usage}*:",
        f"GS*HP*PAYER*CLINIC*20261120*0900*{control}*X*{version}",
    ]
    for transaction in transactions:
        segments += transaction
    segments += [f"GE*{len(transactions)}*{control}", f"IEA*1*{control:09d}"]
    return ("~\n".join(segments) + "~\n").encode()


def _cas(codes):
    segments = []
    for code, amount in codes:
        group, reason = code.split("-", 1)
        segments.append(f"CAS*{group}*{reason}*{money(amount)}")
    return segments
