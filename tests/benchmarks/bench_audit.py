"""./setup/bench audit: what the audit log costs, how fast it verifies, what it finds.

Prints one JSON object a line. RCM_BENCH_ROWS, RCM_BENCH_CLAIMS, RCM_BENCH_RUNS,
RCM_BENCH_TAMPERINGS and RCM_BENCH_SEED set the sizes.

- cost_percent: posting remittances with the audit port stubbed (nothing is gathered,
  nothing written) against the whole, the sealing of its rows included; both ways in
  turn, medians of the processor time of Odoo and of its database connection (the clock
  on the wall where the database is elsewhere), which other work does not disturb.
- verify_rows_per_s: chain, rows, additions and details of all blocks.
- tamperings_found: random falsifications of rows sealed before an exported head, a
  fifth of each kind, some with the chain built anew over them.
"""

import os
import random
import resource
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

sys.path.insert(0, str(Path(__file__).parent))

from bench_remittance import Bench  # noqa: E402
from reporting import report, say  # noqa: E402

ROWS = int(os.environ.get("RCM_BENCH_ROWS", "500000"))
CLAIMS = int(os.environ.get("RCM_BENCH_CLAIMS", "150"))
RUNS = int(os.environ.get("RCM_BENCH_RUNS", "5"))
TAMPERINGS = int(os.environ.get("RCM_BENCH_TAMPERINGS", "1000"))
SEED = int(os.environ.get("RCM_BENCH_SEED", random.randrange(10**9)))
# Rounds before caches and plans are as they stay.
WARM_UP = 2
TAMPERED_ROWS, TAMPERED_BLOCK = 2_000, 100


def append(env, count, start=0):
    """Append rows as a claim's life makes them."""
    env["rcm.audit.log"]._rcm_append(
        [
            {
                "event": "rcm.claim.state_changed",
                "model": "rcm.claim",
                "res_id": start + number + 1,
                "record_name": f"R{start + number:07d}",
                "company_id": 1,
                "correlation_id": f"{(start + number) // 20:032x}",
                "changes": {
                    "state": ["draft", "validated"],
                    "work": [None, "clear"],
                    "amount_total": [0, 123.45],
                },
            }
            for number in range(count)
        ]
    )


def seal_all(env, block=10_000):
    """Seal what waits; a commit a block, as the scheduled action does."""
    while env["rcm.audit.seal"]._rcm_seal_block(block):
        env.cr.commit()


def work_clock(env):
    """Return a clock of the work done by this process and its database connection."""
    env.cr.execute("SELECT pg_backend_pid()")
    stat = Path(f"/proc/{env.cr.fetchone()[0]}/stat")
    ticks = os.sysconf("SC_CLK_TCK")

    def clock():
        fields = stat.read_text().rpartition(")")[2].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / ticks

    is_local = stat.exists() and "postgres" in stat.read_text()
    return clock if is_local else time.perf_counter


@contextmanager
def stubbed():
    """The audit port as if there were no audit log: records do nothing for it."""
    from odoo.addons.healthcare_rcm_base.models import rcm_audit_log, rcm_audit_mixin

    mixin, log = rcm_audit_mixin.RcmAuditMixin, rcm_audit_log.RcmAuditLog
    stubs = {
        (mixin, "_rcm_emit"): lambda self, *args, **values: None,
        (mixin, "_rcm_emit_difference"): lambda self, *args: None,
        (mixin, "_rcm_audit_snapshot"): lambda self, names: {
            id_: dict.fromkeys(names) for id_ in self._ids
        },
        (log, "_rcm_append"): lambda self, rows: None,
    }
    originals = {key: getattr(*key) for key in stubs}
    for (owner, name), stub in stubs.items():
        setattr(owner, name, stub)
    try:
        yield
    finally:
        for (owner, name), original in originals.items():
            setattr(owner, name, original)


def bench_tampering(env):
    """Return how many of the falsifications were found."""
    from odoo.addons.healthcare_rcm_base.tests import tampering

    seal_all(env)
    append(env, TAMPERED_ROWS)
    ids = env["rcm.audit.log"].search([], limit=TAMPERED_ROWS).ids[::-1]
    seal_all(env, TAMPERED_BLOCK)
    head = env["rcm.audit.seal"]._rcm_head()
    verify = env["rcm.audit.verification"]._rcm_verify
    if not verify(witness=head)["ok"]:
        raise SystemExit("the log is not whole before the first tampering")
    tamperer = tampering.Tamperer(env, ids, SEED)
    tampering.disarm(env.cr)
    found = 0
    for turn in range(TAMPERINGS):
        with env.cr.savepoint(flush=False) as point:
            done = tamperer.tamper(tampering.KINDS[turn % len(tampering.KINDS)])
            if verify(witness=head)["ok"]:
                say(f"NOT FOUND (seed {SEED}, turn {turn}): {done}")
            else:
                found += 1
            point.rollback()
        if turn % 250 == 249:
            say(f"{turn + 1} tamperings, {found} found")
    env.cr.rollback()
    return found


def bench_verify(env):
    """Return the median of verified rows a second."""
    start = env["rcm.audit.log"].search_count([])
    for done in range(start, ROWS, 5_000):
        append(env, 5_000, done)
        env.cr.commit()
    seal_all(env)
    env.cr.execute("ANALYZE rcm_audit_log, rcm_audit_payload, rcm_audit_seal")
    env.cr.commit()
    env["rcm.audit.verification"]._rcm_verify()  # first reading of fresh pages
    speeds = []
    for _run in range(RUNS):
        outcome = env["rcm.audit.verification"]._rcm_verify()
        if not outcome["ok"]:
            raise SystemExit(f"the log is not whole: {outcome['findings'][:3]}")
        speeds.append(outcome["rows"] / outcome["seconds"])
        env.cr.commit()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{outcome['rows']} rows; {memory} MB of memory at most in this process")
    return statistics.median(speeds)


def bench_cost(env):
    """Return what posting costs more with the audit log, in percent."""
    bench = Bench(env)
    bench.post(10)
    seal_all(env)
    clock = work_clock(env)
    without, whole = [], []
    for _run in range(WARM_UP + RUNS):
        remittance = bench.remittance(bench.claims(CLAIMS))
        with stubbed():
            started = clock()
            bench.timed(remittance._rcm_process)
            without.append(clock() - started)
        remittance = bench.remittance(bench.claims(CLAIMS))
        seal_all(env)
        started = clock()
        bench.timed(remittance._rcm_process)
        seal_all(env)
        whole.append(clock() - started)
        say(f"stubbed {without[-1]:.2f} s, whole {whole[-1]:.2f} s")
    without, whole = without[WARM_UP:], whole[WARM_UP:]
    return (statistics.median(whole) / statistics.median(without) - 1) * 100


def main():
    """Run everything and print the numbers."""
    database = os.environ["RCM_BENCH_DATABASE"]
    arguments = ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "error"]
    odoo.tools.config.parse_config(arguments)
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        say(f"{TAMPERINGS} tamperings, seed {SEED}")
        found = bench_tampering(env)
        report(
            "tamperings_found",
            found,
            f"of {TAMPERINGS}",
            TAMPERINGS,
            "more",
            "rows sealed before an exported head",
            1,
        )
        say(f"posting {RUNS} × {CLAIMS} claims with and without the audit log")
        report(
            "cost_percent",
            bench_cost(env),
            "% more time",
            20,
            "less",
            "posting with the audit port stubbed; sealing included",
            RUNS,
        )
        say(f"verifying {ROWS} rows")
        report(
            "verify_rows_per_s",
            bench_verify(env),
            "rows/s",
            200_000,
            "more",
            "chain, rows, additions and details",
            RUNS,
        )


if __name__ == "__main__":
    main()
