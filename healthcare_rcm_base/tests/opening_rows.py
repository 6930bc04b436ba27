"""Files of open claims for the property tests: any amounts that add up."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

CENT = Decimal("0.01")
SERVICE_DATE = date(2026, 3, 2)
cents = st.integers(0, 100_000).map(lambda value: value * CENT)


@st.composite
def amounts(draw, self_pay=False):
    """Amounts of one claim line: what is left of the charge is open.

    Paid above the charge leaves a credit; a self-pay line has no patient's share.
    """
    charge = draw(cents.filter(bool))
    paid, contractual, other = draw(cents), draw(cents), draw(cents)
    patient = Decimal(0) if self_pay else draw(cents)
    taken = [share for share in (paid, contractual, other, patient) if share]
    if taken and draw(st.booleans()):  # usually not more than was charged
        portion = charge / (sum(taken) + 1)
        paid, contractual, other, patient = (
            (share * portion).quantize(CENT)
            for share in (paid, contractual, other, patient)
        )
    left = charge - paid - contractual - patient - other
    return {
        "charge": charge,
        "paid": paid,
        "contractual": contractual,
        "other": other,
        "patient": patient,
        "open": left,
        "patient_open": draw(st.sampled_from((Decimal(0), patient))),
        "allowance": draw(st.sampled_from((Decimal(0), max(left, Decimal(0))))),
    }


@st.composite
def claims(draw, most=4):
    """``[(self-pay?, [amounts of a line])]`` of a file in which something is open."""
    found = []
    for _place in range(draw(st.integers(1, most))):
        self_pay = draw(st.booleans())
        lines = draw(st.lists(amounts(self_pay), min_size=1, max_size=2))
        if any(line["open"] or line["patient_open"] for line in lines):
            found.append((self_pay, lines))
    return found


def rows_of(found, prefix="OLD", **header):
    """Rows of a file, one a line, as an import reads them."""
    rows = []
    for place, (self_pay, lines) in enumerate(found, start=1):
        head = {
            "control_number": f"{prefix}{place}",
            "facility": "MAIN",
            "payer": "ACME",
            "mrn": "M1",
            "service_date": SERVICE_DATE,
            "state": "submitted",
            "code": "99213",
            **header,
        }
        if self_pay:
            head |= {"payer": None, "state": None}
        rows += [{**head, **line} for line in lines]
    return rows


def expected(found):
    """What the ledger has to say of these claims, reckoned by hand.

    :return: {purpose: Decimal} without zeros, the opening account as ``opening``
    """
    books = dict.fromkeys(
        (
            "receivable_payer",
            "receivable_patient",
            "reserve",
            "concession_reserve",
            "opening",
        ),
        Decimal(0),
    )
    for self_pay, lines in found:
        for line in lines:
            owed = "receivable_patient" if self_pay else "receivable_payer"
            kept = "concession_reserve" if self_pay else "reserve"
            books[owed] += line["open"]
            books["receivable_patient"] += line["patient_open"]
            books[kept] -= line["allowance"]
            books["opening"] += line["allowance"] - line["open"] - line["patient_open"]
    return {purpose: amount for purpose, amount in books.items() if amount}


def total(found):
    """What is open in the file: the control total of the earlier system's report."""
    return sum(
        (
            line["open"] + line["patient_open"]
            for _self_pay, lines in found
            for line in lines
        ),
        Decimal(0),
    )
