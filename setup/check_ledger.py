"""Compares the books with what was sent, and with nothing else.

Reads the events (``events.jsonl``) and the 835 bytes (``remittances/*.835``) that
went to a running suite, works out by its own small rules what each claim and account
must hold, and compares that with the posted journal items in the database. It imports
neither the suite nor the simulator, so it cannot repeat a mistake of theirs.

The last line of output is JSON; the exit code is 0 only when everything matches.

Rules, on purpose simpler than the engine: an insured encounter is invoiced at the
gross charge of the moment when ``claim.submitted`` (or a submission batch) last named
its claim, a self-pay encounter always, packages at their price. A guarantor is taxed a
line at a time for the service that somebody agreed is taxed, a payer never. A
corrected charge counts instead of the one it replaces. A voided claim asks for
nothing, and what its payer pays is owed back. An ordering client pays its price list
for what was done, once a month, and its contract by the month; its encounters are not
invoiced to anybody else. An 835 counts when it is not a test, balances at all three
levels and was not sent before. CO-45 and CO-253 reduce the claim, PR moves to the
patient (or stays with the claim when another payer follows), OA-23 is the prior
payer's and never posted, any other adjustment is a denial and leaves the receivable
open. Money for claims we never submitted stays unapplied.

Who is who: one member id with one birth date is one account; a name and birth date
alone are two accounts and a possible duplicate; nobody else shares an account.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
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


def read_seed(folder):
    """The seed of what was sent, or None."""
    path = folder / "run.json"
    return json.loads(path.read_text())["seed"] if path.exists() else None


class Charges:
    """The charges of one encounter as its events tell of them."""

    def __init__(self):
        self.current = {}
        self.codes = {}
        self.package = ZERO
        self.self_pay = False
        self.payers = 0
        self.client = None

    def total(self):
        """What counts now, with packages."""
        return self.package + sum(self.current.values(), ZERO)

    def take(self, item):
        """A charge, new or as it was."""
        self.current[item["id"]] = Decimal(item["amount"])
        self.codes[item["id"]] = item["code"]

    def tax(self, percents):
        """What the guarantor is taxed, by ``{code: percent}``."""
        return sum(
            (
                (amount * percents.get(self.codes[name], ZERO) / 100).quantize(
                    Decimal("0.01"), ROUND_HALF_UP
                )
                for name, amount in self.current.items()
            ),
            ZERO,
        )


def read_charges(events):
    """Replay ``events``: encounters, and what each claim was last sent at.

    :return: ({encounter: Charges}, {control number: encounter}, {encounter: amount})
    """
    encounters, claims, billed = defaultdict(Charges), {}, {}
    for event in events:
        kind, data = event["type"], event["data"]
        if kind in ("encounter.completed", "encounter.registered"):
            visit = encounters[data["encounter"]["number"]]
            visit.self_pay = data["encounter"].get("self_pay", False)
            visit.payers = len(data.get("coverages") or ())
            for item in data.get("charges") or ():
                visit.take(item)
        elif kind == "order.placed" and data["order"].get("client"):
            encounters[data["order"]["encounter"]].client = data["order"]["client"]
        elif kind == "charge.captured":
            encounters[data["encounter"]].take(data["charge"])
        elif kind == "charge.corrected":
            del encounters[data["encounter"]].current[data["charge_id"]]
            if data["action"] == "replace":
                encounters[data["encounter"]].take(data["charge"])
        elif kind == "person.package_sold":
            encounters[data["encounter"]].package += Decimal(data["price"])
        elif kind in ("claim.submitted", "person.batch_submitted"):
            for item in data.get("claims") or [data]:
                claims[item["control_number"]] = item["encounter"]
                billed[item["encounter"]] = encounters[item["encounter"]].total()
    return encounters, claims, billed


def order_charges(events):
    """Charges that came with test results go to the encounter of their order."""
    orders = {
        event["data"]["order"]["number"]: event["data"]["order"]["encounter"]
        for event in events
        if event["type"] == "order.placed"
    }
    for event in events:
        if event["type"] == "test.completed" and event["data"].get("charge"):
            data = event["data"]
            yield orders[data["order"]], data["charge"]


def invoice(books, events):
    """Book the invoices; returns control number → (encounter, payers, voided)."""
    tests = list(order_charges(events))
    captured = [
        {
            "type": "charge.captured",
            "data": {"encounter": encounter, "charge": charge},
        }
        for encounter, charge in tests
    ]
    encounters, claims, billed = read_charges(captured + events)
    voided = {
        event["data"]["control_number"]
        for event in events
        if event["type"] == "person.claim_voided"
    }
    void = {claims[number] for number in voided}
    percents = {
        event["data"]["code"]: Decimal(event["data"]["percent"])
        for event in events
        if event["type"] == "person.tax_agreed"
    }
    for number, visit in encounters.items():
        if visit.client or number in void:
            continue
        if visit.self_pay:
            books.add("patient", visit.total() + visit.tax(percents), number)
            books.add("revenue", -visit.total())
            books.add("tax", -visit.tax(percents))
        elif number in billed:
            books.add("receivable_payer", billed[number], number)
            books.add("revenue", -billed[number])
    invoice_clients(books, events, encounters, tests)
    return {
        control: (number, encounters[number].payers, control in voided)
        for control, number in claims.items()
    }


def invoice_clients(books, events, encounters, tests):
    """The monthly invoices and contracts of ordering clients."""
    agreed, owed = {}, ZERO
    for event in events:
        data = event["data"]
        if event["type"] == "person.client_agreed":
            agreed[data["client"]] = data
        elif event["type"] == "person.contract_billed":
            owed += Decimal(data["price"]) * data["months"]
        elif event["type"] == "person.clients_invoiced":
            for number, charge in tests:
                client = encounters[number].client
                if client == data["client"] and charge["service_date"] <= data["until"]:
                    owed += client_price(agreed[client], charge)
    books.add("receivable_client", owed)
    books.add("revenue", -owed)


def client_price(terms, charge):
    """The price on the list, else the agreed share of the charge."""
    if charge["code"] in terms["prices"]:
        return Decimal(terms["prices"][charge["code"]]) * Decimal(charge["units"])
    share = Decimal(charge["amount"]) * Decimal(terms["percent"]) / 100
    return share.quantize(Decimal("0.01"), ROUND_HALF_UP)


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
        encounter, payers, voided = claims[claim["control"]]
        if voided:
            books.add("payer_overpayment", -claim["paid"])
            continue
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


def expected_people(events):
    """Which encounters share an account, and which are of possible duplicates.

    :return: (set of pairs of encounters with one account, set of pairs with two
        accounts that may be one person)
    """
    same, likely, seen = set(), set(), []
    for event in events:
        if event["type"] not in ("encounter.completed", "encounter.registered"):
            continue
        data = event["data"]
        person = data["patient"]
        number, birth = data["encounter"]["number"], person["birth_date"]
        name = (person["first_name"], person["last_name"], birth)
        members = {
            (item["payer"], item["member_id"], birth)
            for item in data.get("coverages") or ()
        }
        for other, other_name, other_members in seen:
            pair = tuple(sorted((number, other)))
            if members & other_members:
                same.add(pair)
            elif name == other_name:
                likely.add(pair)
        seen.append((number, name, members))
    return same, likely


def actual_people(cursor):
    """The same two sets as the database holds them."""
    cursor.execute(
        """
        SELECT a.number, b.number FROM rcm_encounter a
          JOIN rcm_encounter b ON a.patient_id = b.patient_id AND a.number < b.number
        """
    )
    same = set(cursor.fetchall())
    cursor.execute(
        """
        SELECT LEAST(a.number, b.number), GREATEST(a.number, b.number)
          FROM rcm_possible_duplicate pair
          JOIN rcm_encounter a ON a.patient_id = pair.patient_id
          JOIN rcm_encounter b ON b.patient_id = pair.other_patient_id
         WHERE pair.kind = 'patient' AND pair.state = 'open'
        """
    )
    return same, set(cursor.fetchall())


def people_differences(want, have):
    """What differs between two answers of who is who, as rows like those of money."""
    words = ("one patient account", "possible duplicate")
    return [
        (f"encounters {' and '.join(pair)}, {word}", pair in left, pair in right)
        for word, left, right in zip(words, want, have, strict=True)
        for pair in sorted(left ^ right)
    ]


def actual(cursor):
    """Posted balances by account group, and open balance by encounter."""
    cursor.execute(
        """
        SELECT COALESCE(mapping.purpose,
                        CASE WHEN line.tax_line_id IS NOT NULL THEN 'tax'
                             ELSE 'account ' || line.account_id END) AS purpose,
               encounter.number, SUM(line.balance)
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
          LEFT JOIN rcm_account_mapping mapping
               ON mapping.account_id = line.account_id
               AND mapping.company_id = move.company_id
          LEFT JOIN rcm_encounter encounter ON encounter.id = line.rcm_encounter_id
         WHERE move.rcm_kind IS NOT NULL
           AND move.company_id IN (SELECT company_id FROM rcm_event)
           AND line.account_id IS NOT NULL
         GROUP BY 1, encounter.number
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
                        AND move.company_id IN (SELECT company_id FROM rcm_event)
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
        people = actual_people(cursor)
    connection.close()
    rows = differences(want, have)
    strangers = people_differences(expected_people(read_events(options.sent)), people)
    if not counts["claims"] or not counts["remittances"]:
        rows.append(("nothing was sent", ZERO, ZERO))
    for what, left, right in rows:
        print(f"{what}: expected {left}, in the books {right}, off by {right - left}")
    for what, left, right in strangers:
        print(f"{what}: expected {left}, in the database {right}")
    matches = not rows and not strangers
    seed = read_seed(options.sent)
    if not matches:
        print(f"seed {seed}: the same again with tests/simulator/feed.py --seed {seed}")
    seconds = round(time.time() - started)
    print(
        json.dumps(
            {"ledger_matches": matches, **counts, "seed": seed, "seconds": seconds}
        )
    )
    return 0 if matches else 1


if __name__ == "__main__":
    sys.exit(main())
