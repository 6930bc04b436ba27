"""Billing encounters: against an invoice at a time, and a bare batch of invoices.

    ./setup/bench billing
    RCM_BENCH_ENCOUNTERS=400 RCM_BENCH_RUNS=9 ./setup/bench billing
    ./setup/bench billing --profile          where our own time goes, and no ratios
    RCM_BENCH_CLOCK=cpu ./setup/bench billing
                   by processor time of Odoo and its database sessions, for a machine
                   on which others work

N ready encounters are billed by the scheduled action *RCM: bill ready encounters*, as
in a clinic: claims built and priced, checked by every rule in force, put to the gate,
invoiced, posted, logged. In the same run, on the same machine and database:

* *one by one*: create and post an invoice of as many services, default context;
* the *batch*: invoices with complete `line_ids`, as many journal items as ours (the
  pair that carries the expected allowance among them), created and posted together
  with Odoo's own quickest switches, and nothing else: no claim, no price, no check, no
  gate, no log.

`growth` is the cost of an encounter among 5,000 over that of one among 100.

Prints one JSON object a line: ratios and counts, no bare times.
"""

import cProfile
import os
import pstats
import statistics
import sys
import time
from pathlib import Path

from bench_remittance import Bench
from clinic import CHARGE
from reporting import report, say

import odoo
from odoo import SUPERUSER_ID, Command, api, sql_db
from odoo.modules.registry import Registry

ENCOUNTERS = int(os.environ.get("RCM_BENCH_ENCOUNTERS", "200"))
RUNS = int(os.environ.get("RCM_BENCH_RUNS", "5"))
ONE_BY_ONE = int(os.environ.get("RCM_BENCH_ONE_BY_ONE", "15"))
SMALL = int(os.environ.get("RCM_BENCH_SMALL", "100"))
LARGE = int(os.environ.get("RCM_BENCH_LARGE", "5000"))
PAGE = 500
GOALS = {1: 6, 5: 4}
CODES = ("99213", "80053", "85025", "36415", "93000")


def seconds():
    """Time that passed, or processor time used by us and by our database sessions."""
    if os.environ.get("RCM_BENCH_CLOCK") != "cpu":
        return time.perf_counter()
    used = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
            if os.environ["RCM_BENCH_DATABASE"].encode() in title[:200]:
                if title.startswith(b"postgres"):
                    stat = (folder / "stat").read_text().rpartition(")")[2].split()
                    used += int(stat[11]) + int(stat[12])
        except OSError:  # it ended meanwhile
            continue
    return time.process_time() + used / os.sysconf("SC_CLK_TCK")


class Billing(Bench):
    """A clinic whose encounters are ready to bill."""

    def __init__(self, env):
        super().__init__(env)
        self.codes = [
            self.builders.service_code(self.env, code, standard_charge=float(CHARGE))
            for code in CODES
        ]
        self.codes[0].standard_charge = float(CHARGE)
        self.cron = self.env.ref("healthcare_rcm_base.cron_bill_ready")

    # -- what is billed --------------------------------------------------------

    def ready(self, count, lines):
        """``count`` ready encounters of so many charges; not part of any measure."""
        encounters = self.env["rcm.encounter"]
        while len(encounters) < count:
            encounters |= self._page(min(PAGE, count - len(encounters)), lines)
            self.env.cr.commit()
        return encounters

    def _page(self, count, lines):
        patients = self._patients(range(self.made, self.made + count))
        self.made += count
        encounters = self.env["rcm.encounter"].create(
            [self._encounter(patient) for patient in patients]
        )
        self.env["rcm.charge"].create(
            [
                {
                    "encounter_id": encounter.id,
                    "external_ref": f"C{place}",
                    "service_code_id": code.id,
                    "code": code.code,
                    "units": 1.0,
                    "amount": float(CHARGE),
                    "service_date": encounter.service_date,
                    "place_of_service": "11",
                    "diagnosis_pointers": "1",
                }
                for encounter in encounters
                for place, code in enumerate(self.codes[:lines], start=1)
            ]
        )
        encounters._rcm_complete()
        encounters._rcm_sign_off()
        encounters._rcm_make_ready()
        return encounters

    # -- what is measured ------------------------------------------------------

    def bill(self, count, lines):
        """The suite: (seconds, statements) an encounter, the claims all posted."""
        encounters = self.ready(count, lines)
        self.env.invalidate_all()
        statements, started = sql_db.sql_counter, seconds()
        self.cron.method_direct_trigger()
        while self._waiting(encounters):
            self.cron.method_direct_trigger()
        used = seconds() - started
        statements = sql_db.sql_counter - statements
        self._check(encounters, lines)
        return used / count, statements / count

    def _waiting(self, encounters):
        self.env.cr.commit()  # another cursor did the work
        claims = self.env["rcm.claim"].search([("encounter_id", "in", encounters.ids)])
        return len(claims) < len(encounters) or claims.filtered("work")

    def _check(self, encounters, lines):
        claims = encounters.claim_ids
        done = claims.filtered(lambda claim: claim.invoice_id.state == "posted")
        if len(done) != len(encounters) or len(claims.line_ids) != lines * len(claims):
            cases = (claims - done).rcm_case_ids.mapped("message")
            raise SystemExit(f"billed {len(done)} of {len(encounters)}: {cases[:3]}")
        self.items = [
            (
                line.account_id.id,
                line.balance,
                line.display_type,
            )
            for line in done[:1].invoice_id.line_ids
        ]

    def timed(self, step):
        """As the other benchmarks do it, by our own clock."""
        self.env.invalidate_all()
        statements, started = self.env.cr.sql_log_count, seconds()
        step()
        self.env.flush_all()
        self.env.cr.commit()
        return seconds() - started, self.env.cr.sql_log_count - statements

    def one_by_one(self, count, lines):
        """The obvious way: an invoice for each encounter, created, then posted."""
        journal, income = self.other_books()
        partner = self.payer.partner_id.id

        def step():
            for _number in range(count):
                move = self.plain.create(
                    {
                        "move_type": "out_invoice",
                        "journal_id": journal.id,
                        "partner_id": partner,
                        "invoice_date": "2026-03-02",
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": code.code,
                                    "quantity": 1,
                                    "price_unit": CHARGE,
                                    "account_id": income.id,
                                    "tax_ids": [Command.clear()],
                                }
                            )
                            for code in self.codes[:lines]
                        ],
                    }
                )
                move.action_post()

        return self.timed(step)[0] / count

    def batch(self, count):
        """Bare invoices with the very items of ours, in one create and one post."""
        journal, _income = self.other_books()
        partner = self.payer.partner_id.id

        def item(account, balance, kind):
            price = -balance if kind == "product" else 0.0
            return Command.create(
                {
                    "account_id": account,
                    "partner_id": partner,
                    "balance": balance,
                    "display_type": kind,
                    "quantity": 1.0,
                    "price_unit": price,
                    "tax_ids": [Command.clear()],
                    "name": "Service",
                    **({"date_maturity": "2026-04-01"} if balance > 0 else {}),
                }
            )

        def step():
            quick = {"tracking_disable": True, "skip_invoice_sync": True}
            moves = self.plain.with_context(**quick).create(
                [
                    {
                        "move_type": "out_invoice",
                        "journal_id": journal.id,
                        "partner_id": partner,
                        "invoice_date": "2026-03-02",
                        "line_ids": [item(*values) for values in self.items],
                    }
                    for _number in range(count)
                ]
            )
            moves._post()

        return self.timed(step)[0] / count

    @property
    def plain(self):
        """Invoices as anybody makes them: no context of ours."""
        context = {"allowed_company_ids": self.company.ids}
        return self.env["account.move"].with_env(self.env(context=context))


def measure(bench, lines):
    """The ratios at so many lines an encounter, all three ways in turn."""
    ours, naive, bare = [], [], []
    for run in range(1, RUNS + 1):
        say(f"{lines} lines, run {run} of {RUNS}: {ENCOUNTERS} encounters, then others")
        cost, statements = bench.bill(ENCOUNTERS, lines)
        ours.append(cost)
        bare.append(bench.batch(ENCOUNTERS))
        naive.append(bench.one_by_one(ONE_BY_ONE, lines))
        say(
            f"a second: {1 / ours[-1]:.1f} ours ({statements:.1f} SQL each), "
            f"{1 / bare[-1]:.1f} batch, {1 / naive[-1]:.1f} one by one"
        )
    suffix = f"{lines}line" + ("s" if lines > 1 else "")
    report(
        f"vs_one_by_one_{suffix}",
        statistics.median(n / o for n, o in zip(naive, ours, strict=True)),
        "times the encounters per second",
        GOALS[lines],
        "more",
        "create and post one invoice per encounter, default context",
        RUNS,
    )
    report(
        f"vs_batch_{suffix}",
        statistics.median(b / o for b, o in zip(bare, ours, strict=True)),
        "of the encounters per second",
        0.7,
        "more",
        f"a batch of bare invoices with the same {len(bench.items)} journal items",
        RUNS,
    )


def growth(bench):
    """What an encounter costs among many, over what it costs among few."""
    few = []
    for _run in range(2):
        few.append(bench.bill(SMALL, 1)[0])
    say(f"growth: {LARGE} encounters")
    many, _statements = bench.bill(LARGE, 1)
    for _run in range(2):
        few.append(bench.bill(SMALL, 1)[0])
    say(f"a second: {1 / statistics.median(few):.1f} of few, {1 / many:.1f} of many")
    report(
        "growth",
        many / statistics.median(few),
        f"cost per encounter at {LARGE} over that at {SMALL}",
        1.2,
        "less",
        f"{SMALL} encounters, before and after",
        len(few),
    )


def profile(bench):
    """Print where our own time goes."""
    for lines in (1, 5):
        bench.ready(ENCOUNTERS, lines)
        profiler = cProfile.Profile(time.process_time)
        profiler.enable()
        bench.cron.method_direct_trigger()
        profiler.disable()
        stats = pstats.Stats(profiler, stream=sys.stderr)
        stats.sort_stats("cumulative").print_stats("healthcare_rcm|account_move", 60)
        stats.sort_stats("tottime").print_stats(25)


def main():
    """Run everything and print the ratios."""
    database = os.environ["RCM_BENCH_DATABASE"]
    arguments = ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "error"]
    odoo.tools.config.parse_config(arguments)
    with Registry(database).cursor() as cr:
        bench = Billing(api.Environment(cr, SUPERUSER_ID, {}))
        say("warming up")
        for lines in GOALS:
            bench.bill(20, lines)
            bench.batch(20)
            bench.one_by_one(3, lines)
        cr.execute("ANALYZE")  # the planner knows what a database in use would know
        cr.commit()
        if "--profile" in sys.argv:
            profile(bench)
            return
        for lines in GOALS:
            measure(bench, lines)
        growth(bench)


if __name__ == "__main__":
    main()
