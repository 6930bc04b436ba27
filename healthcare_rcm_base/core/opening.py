"""Open claims taken over from an earlier system: rows of a file become claims.

One row a claim line. Amounts must add up to the cent as they stand: nothing is
completed, rounded or spread. Whatever is wrong is named with its row and column.
"""

from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal("0.00")
# What all rows of one claim say alike.
HEADER = (
    "facility",
    "payer",
    "mrn",
    "account",
    "service_date",
    "submitted_date",
    "state",
    "payer_claim_number",
    "contractual_reason",
    "patient_reason",
    "denial_reason",
)
AMOUNTS = (
    "charge",
    "paid",
    "contractual",
    "patient",
    "other",
    "open",
    "patient_open",
    "allowance",
)


class Problem(NamedTuple):
    """A fault of one row; ``code`` is put into words by the screen."""

    row: int
    column: str
    value: str
    code: str
    expected: str = ""


class OpeningClaim(NamedTuple):
    """One claim: what its rows say alike, and its lines in order."""

    number: str
    row: int
    header: dict
    lines: tuple

    def total(self, name):
        return sum((line[name] for line in self.lines), ZERO)


def gather(records, opening_day):
    """Return (claims, problems) for (row number, record) pairs of a file."""
    problems, groups = [], {}
    for row, record in records:
        line = {**record, **{name: record.get(name) or ZERO for name in AMOUNTS}}
        problems += _line_problems(row, line, opening_day)
        groups.setdefault(record["control_number"], []).append((row, line))
    claims = []
    for number, rows in groups.items():
        problems += _claim_problems(number, rows)
        first_row, first = rows[0]
        header = {name: first.get(name) for name in HEADER}
        claims.append(
            OpeningClaim(number, first_row, header, tuple(line for _row, line in rows))
        )
    return claims, problems


def entry_amounts(claim):
    """``{purpose: amount}`` of the claim's opening entry, debit positive.

    What is open stands on the receivables, what of it is not expected on the
    reserve, and the rest against the opening account.
    """
    self_pay = not claim.header.get("payer")
    insurance = ZERO if self_pay else claim.total("open")
    patient = claim.total("patient_open") + (claim.total("open") if self_pay else ZERO)
    reserve = claim.total("allowance")
    amounts = {
        "receivable_payer": insurance,
        "receivable_patient": patient,
        "concession_reserve" if self_pay else "reserve": -reserve,
        "opening": reserve - insurance - patient,
    }
    return {purpose: amount for purpose, amount in amounts.items() if amount}


def _line_problems(row, line, opening_day):
    rest = (
        line["charge"]
        - line["paid"]
        - line["contractual"]
        - line["patient"]
        - line["other"]
    )
    if line["charge"] <= ZERO:
        yield Problem(row, "Charge", str(line["charge"]), "not_positive")
    if rest != line["open"]:
        yield Problem(row, "Open", str(line["open"]), "not_adding_up", str(rest))
    if not ZERO <= line["patient_open"] <= max(line["patient"], ZERO):
        yield Problem(
            row,
            "Patient Open",
            str(line["patient_open"]),
            "patient_open",
            str(line["patient"]),
        )
    if not ZERO <= line["allowance"] <= max(line["open"], ZERO):
        yield Problem(
            row, "Allowance", str(line["allowance"]), "allowance", str(line["open"])
        )
    for name, label in (("service_date", "Service Date"), ("submitted_date", "Sent")):
        if line.get(name) and line[name] > opening_day:
            yield Problem(
                row, label, str(line[name]), "after_opening", str(opening_day)
            )


def _claim_problems(number, rows):
    first_row, first = rows[0]
    seen = {}
    for row, line in rows:
        for name in HEADER:
            if (line.get(name) or None) != (first.get(name) or None):
                # The value may name a patient: the row is enough to find it.
                yield Problem(row, _label(name), "", "rows_differ", str(first_row))
        key = line.get("line")
        if key and seen.setdefault(key, row) != row:
            yield Problem(row, "Line", key, "repeated", str(seen[key]))
    if not first.get("payer") and any(line["patient"] for _row, line in rows):
        yield Problem(first_row, "Payer", "", "self_pay_share")
    still_open = sum((abs(line["open"]) for _row, line in rows), ZERO)
    still_open += sum((line["patient_open"] for _row, line in rows), ZERO)
    if not still_open:
        yield Problem(first_row, "Open", number, "nothing_open")


def _label(name):
    return name.replace("_", " ").title()
