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
from pathlib import Path

import psycopg2
from ledger_check.books import ZERO, Books, actual, alter_one_cent, differences
from ledger_check.invoices import invoice
from ledger_check.people import actual_people, expected_people, people_differences
from ledger_check.remittances import balances, post, read_transaction, transactions
from ledger_check.sent import read_events, read_seed


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
