"""Several workers, and workers that die: every remittance posts once, whole or not.

    ./setup/bench workers
    RCM_WORKERS_LARGE=10000 ./setup/bench workers     also one ST of that many claims
    RCM_WORKERS_REMITTANCES=4 RCM_WORKERS_CLAIMS=8 ./setup/bench workers        small

Real processes on a database of its own, as two nodes of a cluster would be. Checked:

* two workers on one ST post it once;
* two workers on one lane (one sealed journal) post twenty STs once each, and the
  journal's chain of hashes holds;
* a worker that is killed while it posts leaves nothing half done, and the next one
  posts the ST once;
* the invariants of the nightly check hold after all of it.

Prints one JSON object a line; the exit status is 1 when anything was posted twice, by
half, or not at all.
"""

import json
import os
import signal
import subprocess
import sys
import time

from clinic import Clinic
from psycopg2.errors import SerializationFailure
from reporting import say

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

PATIENCE_SECONDS = int(os.environ.get("RCM_WORKERS_SECONDS", "600"))
LARGE = int(os.environ.get("RCM_WORKERS_LARGE", "0"))
LANE_REMITTANCES = int(os.environ.get("RCM_WORKERS_REMITTANCES", "20"))
LANE_CLAIMS = 5
SHARED_CLAIMS = int(os.environ.get("RCM_WORKERS_CLAIMS", "60"))
KILLED_CLAIMS = SHARED_CLAIMS * 5 // 2
KILL_AFTER = (0.2, 0.8, 2.0)
RETRIES = 30


def connect():
    """The registry of the benchmark's database."""
    database = os.environ["RCM_BENCH_DATABASE"]
    arguments = ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "critical"]
    odoo.tools.config.parse_config(arguments)
    return Registry(database)


def work(ids):
    """A worker: posts what it gets hold of until all is done."""
    registry = connect()
    print("ready", flush=True)
    sys.stdin.readline()  # all start together
    for _attempt in range(RETRIES * len(ids)):
        try:
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                left = env["rcm.remittance"].search(
                    [("id", "in", ids), ("state", "in", ("balanced", "matched"))]
                )
                if not left:
                    return
                env["rcm.remittance"]._rcm_run_batches(
                    [("id", "in", left.ids), ("state", "in", ("balanced", "matched"))],
                    "_rcm_process",
                    batch_size=1,
                    case_type="remittance_post_failed",
                )
        except SerializationFailure:
            continue  # as a scheduled action: with a new snapshot, again
        except odoo.exceptions.ConcurrencyError:
            continue
        time.sleep(0.05)


class Workers:
    """Processes of this script, started together and waited for."""

    def __init__(self, count, ids):
        self.processes = [
            subprocess.Popen(
                [sys.executable, __file__, "--worker", *map(str, ids)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _number in range(count)
        ]
        for process in self.processes:
            process.stdout.readline()

    def go(self):
        """Let all of them begin."""
        for process in self.processes:
            process.stdin.write("\n")
            process.stdin.flush()
        return self

    def wait(self):
        """Until all have ended by themselves."""
        for process in self.processes:
            process.wait(timeout=PATIENCE_SECONDS)

    def kill(self):
        """As a power cut would."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=PATIENCE_SECONDS)


class Checks:
    """What was seen, and what of it is wrong."""

    def __init__(self, bench):
        self.bench = bench
        self.wrong = []

    def remittances(self, count, claims):
        """``count`` remittances of ``claims`` claims, read and not posted."""
        made = [
            self.bench.remittance(self.bench.claims(claims)) for _number in range(count)
        ]
        return [item.id for item in made]

    def posted_once(self, ids):
        """Each is posted, with one entry, and each claim is paid once."""
        self.bench.env.cr.commit()
        self.bench.env.invalidate_all()
        done = 0
        for item in self.bench.env["rcm.remittance"].browse(ids):
            entries = self.bench.env["account.move"].search_count(
                [("line_ids.rcm_remittance_claim_id.remittance_id", "=", item.id)]
            )
            paid = set(item.claim_ids.claim_id.mapped("paid_amount"))
            if item.state == "posted" and entries == 1 and len(paid) == 1:
                done += 1
            else:
                self.wrong.append(
                    f"{item.name}: {item.state}, {entries} entries, {paid}"
                )
        return done

    def whole_or_nothing(self, ids):
        """A killed worker left a posted remittance or an untouched one."""
        self.bench.env.cr.commit()
        self.bench.env.invalidate_all()
        for item in self.bench.env["rcm.remittance"].browse(ids):
            lines = self.bench.env["account.move.line"].search_count(
                [("rcm_remittance_claim_id.remittance_id", "=", item.id)]
            )
            states = set(item.claim_ids.mapped("state"))
            untouched = item.state in ("balanced", "matched") and not lines
            whole = item.state == "posted" and lines
            if not (untouched and states == {"open"} or whole and states == {"posted"}):
                self.wrong.append(f"{item.name}: {item.state}, {lines} items, {states}")

    def chain_holds(self):
        """The sealed journal's hashes verify."""
        company = self.bench.company
        name = company._rcm_journal("remittance").name
        accountant = self.bench.env["res.users"].create(
            {
                "name": "Accountant",
                "login": "bench_accountant",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [
                    (4, self.bench.env.ref("account.group_account_manager").id),
                    (4, self.bench.env.ref("account.group_account_user").id),
                ],
            }
        )
        results = company.with_user(accountant)._check_hash_integrity()["results"]
        own = [row for row in results if name in row["journal_name"]]
        if [row["status"] for row in own] != ["verified"]:
            self.wrong.append(f"chain of hashes: {own}")

    def books_hold(self):
        """The nightly check finds nothing."""
        Run = self.bench.env["rcm.reconciliation.run"]
        run = Run._rcm_check_company(self.bench.company)
        for item in run.break_ids:
            self.wrong.append(f"{item.code} {item.record_name} {item.what}")


def report(metric, value, unit, goal, better="more"):
    """One line of output."""
    row = {"metric": metric, "value": round(value, 3), "unit": unit, "goal": goal}
    print(json.dumps({**row, "better": better, "runs": 1}), flush=True)


def main():
    """All scenes, one after the other."""
    with connect().cursor() as cr:
        bench = Clinic(api.Environment(cr, SUPERUSER_ID, {}))
        checks = Checks(bench)
        say("two workers on one remittance")
        ids = checks.remittances(1, SHARED_CLAIMS)
        Workers(2, ids).go().wait()
        report("shared_posted_once", checks.posted_once(ids), "of 1", 1)
        say(f"two workers on one lane, {LANE_REMITTANCES} remittances")
        ids = checks.remittances(LANE_REMITTANCES, LANE_CLAIMS)
        Workers(2, ids).go().wait()
        done = checks.posted_once(ids)
        report("lane_posted_once", done / LANE_REMITTANCES, "of the remittances", 1)
        for seconds in KILL_AFTER:
            say(f"a worker is killed after {seconds} s")
            ids = checks.remittances(1, KILLED_CLAIMS)
            workers = Workers(1, ids).go()
            time.sleep(seconds)
            workers.kill()
            checks.whole_or_nothing(ids)
            Workers(1, ids).go().wait()
            report(f"killed_after_{seconds}", checks.posted_once(ids), "of 1", 1)
        if LARGE:
            say(f"one remittance of {LARGE} claims: making them")
            ids = checks.remittances(1, LARGE)
            say("posting it")
            started = time.monotonic()
            Workers(1, ids).go().wait()
            say(f"posted in {time.monotonic() - started:.0f} s")
            report("large_posted_once", checks.posted_once(ids), "of 1", 1)
        checks.chain_holds()
        checks.books_hold()
        report("faults", len(checks.wrong), "found", 0, "less")
        for fault in checks.wrong:
            say(fault)
        cr.commit()
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        sys.exit(work([int(id_) for id_ in sys.argv[2:]]))
    sys.exit(main())
