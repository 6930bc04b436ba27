"""Compares the books with what was sent, and with nothing else.

Reads the events (``events.jsonl``) and the 835 bytes (``remittances/*.835``) that
went to a running suite, works out by its own small rules what each claim and account
must hold, and compares that with the posted journal items in the database. It imports
neither the suite nor the simulator, so it cannot repeat a mistake of theirs.

The last line of output is JSON; the exit code is 0 only when everything matches.

Rules, on purpose simpler than the engine: an insured encounter is invoiced at gross
charge exactly when a ``claim.submitted`` event names it, a self-pay encounter always.
An 835 counts when it is not a test, balances at all three levels and was not sent
before. CO-45 and CO-253 reduce the claim, PR moves to the patient (or stays with the
claim when another payer follows), OA-23 is the prior payer's and never posted, any
other adjustment is a denial and leaves the receivable open. Money for claims we never
submitted stays unapplied.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import psycopg2

ZERO = Decimal(0)
REDUCING = {("CO", "45"), ("PI", "45"), ("CO", "253")}
PRIOR_PAYER = {("OA", "23"), ("CO", "23")}
PLB_ACCOUNTS = {
    "L6": "interest_income",
    "CT": "capitation_income",
    "WO": "payer_overpayment",
    "FB": "payer_overpayment",
}
# Purposes compared as one figure: how they split depends on contracts that are not
# part of what was sent (reserve), or on when patients are invoiced.
GROUPS = {
    "reserve": "allowance",
    "contractual": "allowance",
    "sequestration": "allowance",
    "concession": "allowance",
    "concession_reserve": "allowance",
    "patient_unbilled": "patient",
    "receivable_patient": "patient",
    "receivable_payer": "receivable_payer",
}


class Books:
    """Expected balances: by account group, and open balance by encounter."""

    def __init__(self):
        self.accounts = defaultdict(Decimal)
        self.open = defaultdict(Decimal)

    def add(self, group, amount, encounter=None):
        """Add a debit (positive) or credit (negative)."""
        self.accounts[group] += amount
        if encounter and group in ("receivable_payer", "patient"):
            self.open[encounter] += amount


def read_events(folder):
    """Unique events in the order they were first sent."""
    events = {}
    for line in (folder / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        events.setdefault(event["id"], event)
    return list(events.values())


def invoice(books, events):
    """Book the invoices; returns control number → (encounter, number of payers)."""
    encounters, submitted = {}, {}
    for event in events:
        data = event["data"]
        if event["type"] == "encounter.completed":
            encounters[data["encounter"]["number"]] = data
        elif event["type"] == "claim.submitted":
            submitted[data["control_number"]] = data["encounter"]
    billed = set(submitted.values())
    for number, data in encounters.items():
        self_pay = data["encounter"]["self_pay"]
        if not self_pay and number not in billed:
            continue
        charge = sum((Decimal(item["amount"]) for item in data["charges"]), ZERO)
        books.add("patient" if self_pay else "receivable_payer", charge, number)
        books.add("revenue", -charge)
    return {
        control: (number, len(encounters[number]["coverages"]))
        for control, number in submitted.items()
    }


def transactions(content):
    """Split an interchange into lists of segments, one list per ST."""
    element, terminator = chr(content[3]), chr(content[105])
    segments = [
        segment.strip("\r\n").split(element)
        for segment in content.decode("ascii").split(terminator)
        if segment.strip()
    ]
    if segments[0][15] == "T":
        return
    current = []
    for segment in segments:
        if segment[0] == "ST":
            current = []
        current.append(segment)
        if segment[0] == "SE":
            yield current


def read_transaction(segments):
    """Payment header, claims and PLB pairs of one ST as plain dictionaries."""
    payment = {"claims": [], "plb": []}
    claim = line = None
    for segment in segments:
        tag = segment[0]
        if tag == "BPR":
            payment["amount"], payment["date"] = Decimal(segment[2]), segment[16]
        elif tag == "TRN":
            payment["trace"] = (segment[2], segment[3])
        elif tag == "CLP":
            line = None
            claim = {
                "control": segment[1],
                "status": segment[2],
                "charge": Decimal(segment[3]),
                "paid": Decimal(segment[4]),
                "payer_number": segment[7],
                "adjustments": [],
                "lines": [],
            }
            payment["claims"].append(claim)
        elif tag == "SVC":
            charge, paid = Decimal(segment[2]), Decimal(segment[3])
            line = {"charge": charge, "paid": paid, "adjustments": []}
            claim["lines"].append(line)
        elif tag == "CAS":
            target = line if line is not None else claim
            for position in range(2, len(segment), 3):
                if segment[position]:
                    amount = Decimal(segment[position + 1])
                    target["adjustments"].append(
                        (segment[1], segment[position], amount)
                    )
        elif tag == "PLB":
            for position in range(3, len(segment), 2):
                reason = segment[position].split(":")[0]
                payment["plb"].append((reason, Decimal(segment[position + 1])))
    return payment


def _adjusted(item):
    return sum((amount for _, _, amount in item["adjustments"]), ZERO)


def balances(payment):
    """Whether the ST adds up at line, claim and transaction level."""
    for claim in payment["claims"]:
        for line in claim["lines"]:
            if line["paid"] != line["charge"] - _adjusted(line):
                return False
        adjusted = _adjusted(claim) + sum(map(_adjusted, claim["lines"]), ZERO)
        if claim["paid"] != claim["charge"] - adjusted:
            return False
        charges = sum((line["charge"] for line in claim["lines"]), ZERO)
        if claim["lines"] and charges != claim["charge"]:
            return False
    paid = sum((claim["paid"] for claim in payment["claims"]), ZERO)
    kept = sum((amount for _, amount in payment["plb"]), ZERO)
    return payment["amount"] == paid - kept


def post(books, payment, claims, statuses):
    """Book one payment."""
    for reason, amount in payment["plb"]:
        books.add("clearing", -amount)
        books.add(PLB_ACCOUNTS[reason], amount)
    for claim in payment["claims"]:
        books.add("clearing", claim["paid"])
        if claim["control"] not in claims:
            books.add("unapplied_payer_cash", -claim["paid"])
            continue
        encounter, payers = claims[claim["control"]]
        status = claim["status"]
        if status == "22":
            status = statuses[claim["payer_number"]]
        statuses[claim["payer_number"]] = status
        books.add("receivable_payer", -claim["paid"], encounter)
        every = claim["adjustments"] + [
            item for line in claim["lines"] for item in line["adjustments"]
        ]
        for group, reason, amount in every:
            if (group, reason) in PRIOR_PAYER:
                continue
            if group == "PR":
                if int(status) >= payers:
                    books.add("patient", amount, encounter)
                    books.add("receivable_payer", -amount, encounter)
            elif (group, reason) in REDUCING:
                books.add("allowance", amount)
                books.add("receivable_payer", -amount, encounter)


def expected(folder):
    """Books after everything in ``folder``, with counts for the report."""
    books, events = Books(), read_events(folder)
    claims = invoice(books, events)
    statuses, seen, posted = {}, set(), 0
    for path in sorted((folder / "remittances").glob("*.835")):
        for segments in transactions(path.read_bytes()):
            payment = read_transaction(segments)
            key = (payment["trace"], payment["amount"], payment["date"])
            if key in seen or not balances(payment):
                continue
            seen.add(key)
            post(books, payment, claims, statuses)
            posted += 1
    return books, {"events": len(events), "claims": len(claims), "remittances": posted}


def actual(cursor):
    """Posted balances by account group, and open balance by encounter."""
    cursor.execute(
        """
        SELECT mapping.purpose, encounter.number, SUM(line.balance)
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
          JOIN rcm_account_mapping mapping ON mapping.account_id = line.account_id
               AND mapping.company_id = move.company_id
          LEFT JOIN rcm_encounter encounter ON encounter.id = line.rcm_encounter_id
         WHERE move.rcm_kind IS NOT NULL
         GROUP BY mapping.purpose, encounter.number
        """
    )
    books = Books()
    for purpose, encounter, balance in cursor.fetchall():
        books.add(GROUPS.get(purpose, purpose), Decimal(str(balance)), encounter)
    return books


def differences(want, have):
    """Every figure that differs, as (what, expected, actual)."""
    rows = []
    for name, left, right in (
        ("account", want.accounts, have.accounts),
        ("encounter", want.open, have.open),
    ):
        for key in sorted(set(left) | set(right)):
            if left[key] != right[key]:
                rows.append((f"{name} {key}", left[key], right[key]))
    return rows


def alter_one_cent(cursor):
    """Alter one cent of one posted item behind the application's back."""
    # the table's owner can always do this; that is what this check is for
    cursor.execute("ALTER TABLE account_move_line DISABLE TRIGGER USER")
    cursor.execute(
        """
        UPDATE account_move_line SET balance = balance + 0.01
         WHERE id = (SELECT line.id FROM account_move_line line
                       JOIN account_move move ON move.id = line.move_id
                       JOIN rcm_account_mapping mapping
                         ON mapping.account_id = line.account_id
                        AND mapping.purpose = 'receivable_payer'
                      WHERE move.state = 'posted' AND move.rcm_kind IS NOT NULL
                      ORDER BY line.id LIMIT 1)
        """
    )
    if cursor.rowcount != 1:
        raise SystemExit("nothing to corrupt: no posted payer receivable found")
    cursor.execute("ALTER TABLE account_move_line ENABLE TRIGGER USER")


def main(arguments=None):
    """Command line; 0 when the books match, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sent", required=True, type=Path, help="what was sent")
    parser.add_argument(
        "--dsn", default="", help="PostgreSQL connection string (else PG* variables)"
    )
    parser.add_argument("--started", type=float, help="start time for `seconds`")
    parser.add_argument("--corrupt", action="store_true", help="alter one cent first")
    options = parser.parse_args(arguments)
    started = options.started or time.time()
    want, counts = expected(options.sent)
    connection = psycopg2.connect(options.dsn)
    if options.corrupt:
        with connection, connection.cursor() as cursor:
            alter_one_cent(cursor)
    with connection.cursor() as cursor:
        have = actual(cursor)
    connection.close()
    rows = differences(want, have)
    if not counts["claims"] or not counts["remittances"]:
        rows.append(("nothing was sent", ZERO, ZERO))
    for what, left, right in rows:
        print(f"{what}: expected {left}, in the books {right}, off by {right - left}")
    matches = not rows
    seconds = round(time.time() - started)
    print(json.dumps({"ledger_matches": matches, **counts, "seconds": seconds}))
    return 0 if matches else 1


if __name__ == "__main__":
    sys.exit(main())
