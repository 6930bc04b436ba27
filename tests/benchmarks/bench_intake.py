"""Taking events in, and working on them: against bare Odoo routes and queue_job.

    ./setup/bench intake
    RCM_BENCH_ROUNDS=7 RCM_BENCH_SECONDS=4 ./setup/bench intake
    RCM_BENCH_DONE=200000 RCM_BENCH_EVENTS=5000 ./setup/bench intake
    ./setup/bench intake --only lane,trigger

A real server is called over HTTP by processes of their own. Each ratio is the median
over rounds in which both sides take turns on the same server:

* one signed event (Standard Webhooks) against a route that does nothing, threaded and
  with workers; one event with a connector's key against Odoo's own bearer route;
* events a second of batch calls of 100 against single calls;
* the processing lane with a handler that does nothing, a savepoint each, against
  `queue_job` (PyPI) executing a method that does nothing; and the lane once more in an
  inbox of 200,000 events that were just done, beside an old open snapshot;
* how long an event waits on an idle server until it is done, at worst for 19 of 20.

Prints one JSON object a line.
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

import psycopg2
from bench_remittance import report, say
from standardwebhooks.webhooks import Webhook

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))
from lib import odoo_server, odoo_source, paths  # noqa: E402

DATABASE = os.environ["RCM_BENCH_DATABASE"]
DSN = os.environ["RCM_BENCH_DSN"]
ROUNDS = int(os.environ.get("RCM_BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("RCM_BENCH_SECONDS", "3"))
CLIENTS = int(os.environ.get("RCM_BENCH_CLIENTS", "4"))
EVENTS = int(os.environ.get("RCM_BENCH_EVENTS", "3000"))
JOBS = int(os.environ.get("RCM_BENCH_JOBS", "300"))
DONE = int(os.environ.get("RCM_BENCH_DONE", "200000"))
SAMPLES = int(os.environ.get("RCM_BENCH_SAMPLES", "40"))
BATCH = 100
PATIENCE_SECONDS = 90
HERE = Path(__file__).resolve().parent
PEERS = paths.HOME / "peers" / "queue_job"
PEER_PACKAGES = ("odoo-addon-queue-job==19.0.*", "openupgradelib")
LANES = ("cron_process_events", "cron_process_events_lane")
PARTS = ("threaded", "prefork", "lane", "trigger")


# -- the clinic ---------------------------------------------------------------------


def connect():
    """The registry of the benchmark's database."""
    arguments = ["-c", os.environ["ODOO_RC"], "-d", DATABASE, "--log-level", "critical"]
    odoo.tools.config.parse_config(arguments)
    return Registry(DATABASE)


@contextlib.contextmanager
def environment(registry):
    """An environment that is committed at the end."""
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.commit()


def make_access(registry):
    """A connector that may send as fast as it can; its key, secret and address."""
    from odoo.addons.healthcare_rcm_connectors.tests.common import ConnectorMixin

    class World(ConnectorMixin):
        """The tests' own connector."""

    with environment(registry) as env:
        World.env = env
        World.make_world()
        World.connector.write({"rate_limit_per_minute": 10**8, "queue_limit": 10**8})
        secret = env["rcm.secret"]._rcm_rotate(World.connector)
        until = datetime.now() + timedelta(days=1)
        keys = env["res.users.apikeys"].sudo()
        admin = env.ref("base.user_admin")
        _only_when_asked(env)
        return {
            "connector": World.connector.id,
            "key": keys.with_user(World.service_user)._generate("rcm", "bench", until),
            "bearer": keys.with_user(admin)._generate("rpc", "bench", until),
            "secret": secret,
            "sender": World.connector.sender_id,
        }


def _only_when_asked(env):
    """No scheduled action but the lanes, which no server of the doors runs.

    They stay active: waking them is part of taking an event.
    """
    env["ir.cron"].search([]).write({"active": False})
    for name in LANES:
        env.ref(f"healthcare_rcm_connectors.{name}").active = True


# -- who calls ----------------------------------------------------------------------


class Caller:
    """A process that calls one address as often as it can, or as often as it should.

    Run as ``bench_intake.py --call`` with its orders on standard input, so that it
    shares no interpreter with anybody.
    """

    def __init__(self, orders):
        self.orders = orders
        self.access = orders["access"]
        self.host, self.port = orders["host"], orders["port"]
        self.number = 0

    def run(self):
        """Call until the time is over; times of the answers that were right."""
        self.until = time.perf_counter() + self.orders["seconds"]
        worked = time.process_time()
        with ThreadPoolExecutor(self.orders["clients"]) as pool:
            found = list(pool.map(self._client, range(self.orders["clients"])))
        return {
            "times": [took for times, _wrong in found for took in times],
            "wrong": [text for _times, wrong in found for text in wrong][:3],
            "seconds": self.orders["seconds"],
            "busy": (time.process_time() - worked) / self.orders["seconds"],
        }

    def _client(self, client):
        make = getattr(self, f"_{self.orders['kind']}")
        interval = self.orders.get("interval")
        times, wrong, number = [], [], 0
        due = time.perf_counter()
        while time.perf_counter() < self.until:
            if interval:
                due += interval
                time.sleep(max(0, due - time.perf_counter()))
            path, headers, body = make(f"{self.orders['mark']}-{client}-{number}")
            number += 1
            started = time.perf_counter()
            status, text = self.send(path, headers, body)
            times.append(time.perf_counter() - started)
            if status not in (200, 202) or b'"error"' in text:
                wrong.append(f"{status} {text[:200]!r}")
        return times, wrong

    def send(self, path, headers, body):
        """One call on a connection of its own; (status, body)."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _headers(self, key=None):
        headers = {
            "Content-Type": "application/json",
            "X-Odoo-Database": DATABASE,
        }
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _envelope(self, name):
        return {
            "id": name,
            "type": "claim.submitted",
            "version": 1,
            "occurred_at": "2026-11-02T10:30:00Z",
            "data": {
                "control_number": name[-20:],
                "submitted_at": "2026-11-03T08:00:00Z",
            },
        }

    def _ping(self, name):
        return "/bench/ping", self._headers(), json.dumps(self._envelope(name))

    def _bearer(self, name):
        headers = self._headers(self.access["bearer"])
        return "/bench/bearer", headers, json.dumps(self._envelope(name))

    def _key(self, name):
        headers = self._headers(self.access["key"])
        return "/rcm/v1/events", headers, json.dumps(self._envelope(name))

    def _batch(self, name):
        events = [self._envelope(f"{name}-{number}") for number in range(BATCH)]
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "submit_batch",
            "params": {"events": events},
        }
        headers = self._headers(self.access["key"])
        return "/rcm/v1/jsonrpc", headers, json.dumps(call)

    def _hmac(self, name):
        body = json.dumps(self._envelope(name))
        now = datetime.now(timezone.utc)
        headers = {
            **self._headers(),
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.access["secret"]).sign(name, now, body),
        }
        return f"/rcm/v1/events?sender={self.access['sender']}", headers, body


_marks = iter(range(10**9))


def call(server, access, kind, **orders):
    """Let a process call; returns its times, or ends the benchmark when it failed."""
    orders = {
        "access": access,
        "host": "127.0.0.1",
        "port": server.port,
        "kind": kind,
        "mark": f"bench-{os.getpid()}-{next(_marks)}",
        "clients": CLIENTS,
        "seconds": SECONDS,
        **orders,
    }
    done = subprocess.run(
        [sys.executable, __file__, "--call"],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"the caller failed: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    if found["wrong"] or not found["times"]:
        sys.exit(f"{kind} was answered wrongly: {found['wrong']}")
    return found


def rate(server, access, kind, busy=None):
    """Calls a second; how busy the caller itself was is added to ``busy``."""
    found = call(server, access, kind)
    if busy is not None:
        busy.setdefault(kind, []).append(found["busy"])
    return len(found["times"]) / found["seconds"]


# -- servers ------------------------------------------------------------------------


class Server:
    """Odoo with our bare routes; ``workers`` 0 is threaded."""

    def __init__(self, workers, crons=0, load="rcm_bench_routes", addons=(), env=None):
        self.port = odoo_server.free_port(8180)
        odoo_source_addons = odoo_source.find().addons
        folders = [
            *odoo_source_addons,
            paths.LINKS,
            paths.REPO,
            HERE / "addons",
            *addons,
        ]
        self.log = paths.LOGS / "bench-intake.log"
        self.process = subprocess.Popen(
            odoo_server.command(
                "-d", DATABASE, "--db-filter", f"^{DATABASE}$", "--workers", workers,
                "--max-cron-threads", crons, "--http-port", self.port,
                "--gevent-port", odoo_server.free_port(self.port + 1),
                "--addons-path", ",".join(map(str, folders)),
                "--load", f"base,rpc,web,{load}", "--logfile", self.log,
                "--log-level", "warn", "--limit-request", 10**9,
            ),
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=odoo_server._die_with_parent,
        )  # fmt: skip

    def __enter__(self):
        address = f"http://127.0.0.1:{self.port}/rcm/v1/health"
        request = urllib.request.Request(address, headers={"X-Odoo-Database": DATABASE})
        for _try in range(600):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(request, timeout=20):
                    return self
            time.sleep(0.2)
        sys.exit(f"the server does not answer; {self.log}")

    def __exit__(self, *_exc):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


# -- what is measured ---------------------------------------------------------------


def measure_doors(access, workers, name):
    """Ratios of the doors to bare routes on one kind of server."""
    rows, busy = [], {}
    with Server(workers) as server:
        for kind in ("ping", "bearer", "key", "hmac"):
            call(server, access, kind, seconds=min(1.0, SECONDS))  # warm
        for number in range(ROUNDS):
            say(f"{name}: round {number + 1} of {ROUNDS}")
            rows.append(
                {
                    kind: rate(server, access, kind, busy)
                    for kind in ("ping", "hmac", "bearer", "key", "batch")
                }
            )
        best = statistics.median(row["hmac"] for row in rows)
        half = call(server, access, "hmac", interval=2 * CLIENTS / best)
    tell(name, rows, busy)
    goal = 0.6 if name == "threaded" else 0.4
    ratio(rows, f"single_hmac_vs_ping_{name}", "hmac", "ping", goal)
    if name == "threaded":
        ratio(rows, "single_key_vs_bearer", "key", "bearer", 0.7)
        batches = [{**row, "batch": row["batch"] * BATCH} for row in rows]
        ratio(batches, "batch_vs_single", "batch", "key", 20)
    times = sorted(half["times"])
    p95 = times[int(len(times) * 0.95) - 1] * 1000
    report(
        f"acceptance_p95_ms_{name}",
        p95,
        "ms from call to answer, signed, at half the load it bears",
        50,
        "less",
        f"half of {best:.0f} events a second",
        len(times),
    )


def tell(name, rows, busy):
    """The rates themselves, and that it is not the caller who is measured."""
    words = [
        f"{kind} {statistics.median(row[kind] for row in rows):.0f}/s (caller"
        f" {statistics.median(busy[kind]):.0%} of a core)"
        for kind in rows[0]
    ]
    say(f"{name}: {', '.join(words)}")


def ratio(rows, metric, ours, theirs, goal):
    """The median of the rounds' ratios."""
    value = statistics.median(row[ours] / row[theirs] for row in rows)
    report(metric, value, "ratio of rates", goal, "more", theirs, len(rows))


class Lane:
    """The inbox, filled and emptied in this process by the job's own method."""

    def __init__(self, registry, access):
        self.registry, self.access = registry, access
        self.made = 0

    def fill(self, count):
        """``count`` events as the doors store them."""
        caller = Caller({"access": self.access, "host": "", "port": 0})
        with environment(self.registry) as env:
            connector = env["rcm.connector"].browse(self.access["connector"])
            for start in range(self.made, self.made + count, 500):
                numbers = range(start, min(start + 500, self.made + count))
                names = [f"lane-{os.getpid()}-{number}" for number in numbers]
                env["rcm.event"]._rcm_submit(
                    connector, [caller._envelope(name) for name in names]
                )
        self.made += count

    def empty(self):
        """Events a second of the lane, each in a savepoint, with marks and commits."""
        handler = self.registry["rcm.event.handler.claim.submitted"]
        cron = self.registry["ir.cron"]
        original = cron._commit_progress

        def committed(job, processed=0, **values):
            job.env.cr.commit()
            return 3600

        with (
            patch.object(handler, "_rcm_handle", lambda self, event, data: None),
            patch.object(cron, "_commit_progress", committed),
            environment(self.registry) as env,
        ):
            started = time.perf_counter()
            context = {"ir_cron_progress_id": -1}
            env["rcm.event"].with_context(**context)._cron_process_events()
            env.cr.commit()
            took = time.perf_counter() - started
            left = env["rcm.event"].search_count([("state", "=", "received")])
        assert original and not left, f"{left} events were not worked on"
        return took

    def rate(self, count):
        """Fill and empty; events a second."""
        self.fill(count)
        return count / self.empty()


def measure_lane(registry, access):
    """The lane against queue_job, and against itself in a bloated inbox."""
    lane = Lane(registry, access)
    lane.rate(min(200, EVENTS))  # warm
    fresh = [lane.rate(EVENTS) for _round in range(ROUNDS)]
    say(f"the lane: {statistics.median(fresh):.0f} events a second")
    peer = queue_job_rate(registry)
    say(f"queue_job: {peer:.1f} jobs a second")
    report(
        "lane_vs_queue_job",
        statistics.median(fresh) / peer,
        "ratio of rates",
        10,
        "more",
        f"queue_job, {JOBS} jobs that do nothing",
        len(fresh),
    )
    say(f"{DONE} done events beside an old snapshot")
    with contextlib.closing(psycopg2.connect(DSN)) as old:
        old.set_session(isolation_level="REPEATABLE READ")
        with old.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM rcm_event")
        bloat(access)
        bloated = [lane.rate(EVENTS) for _round in range(ROUNDS)]
    report(
        "lane_bloated_vs_fresh",
        statistics.median(bloated) / statistics.median(fresh),
        "ratio of rates",
        0.5,
        "more",
        f"the same lane before {DONE} events were done under an open snapshot",
        len(bloated),
    )


def bloat(access):
    """Events that were received and are done, whose old versions cannot go yet."""
    insert = """
    INSERT INTO rcm_event (connector_id, company_id, external_id, type_id, occurred_at,
           received_at, payload, payload_hash, payload_size, priority, state,
           attempt_count, correlation_id)
    SELECT e.connector_id, e.company_id, 'done-' || n, e.type_id, e.occurred_at,
           e.received_at, e.payload, e.payload_hash, e.payload_size, e.priority,
           'received', 0, 'done-' || n
      FROM (SELECT * FROM rcm_event WHERE connector_id = %s LIMIT 1) e,
           generate_series(1, %s) n
    """
    with contextlib.closing(psycopg2.connect(DSN)) as session:
        with session.cursor() as cursor:
            cursor.execute(insert, [access["connector"], DONE])
            session.commit()
            cursor.execute(
                "UPDATE rcm_event SET state = 'done', attempt_count = 1,"
                " done_at = now() AT TIME ZONE 'UTC' WHERE external_id LIKE 'done-%'"
            )
            session.commit()


def queue_job_rate(registry):
    """Jobs a second that queue_job executes, from its own notes of begin and end."""
    addons = peer_addons()
    config = paths.LOGS / "queue_job.conf"
    text = Path(os.environ["ODOO_RC"]).read_text()
    config.write_text(f"{text}\n[queue_job]\nchannels = root:4\n")
    config.chmod(0o600)
    folders = ",".join(
        map(str, [*odoo_source.find().addons, paths.LINKS, paths.REPO, addons])
    )
    subprocess.run(
        odoo_server.command(
            "-d", DATABASE, "-i", "queue_job", "--stop-after-init", "--no-http",
            "--addons-path", folders, "--load", "base,rpc,web,queue_job",
            "--log-level", "error", "--max-cron-threads", 0,
        ),
        env={**os.environ, "ODOO_RC": str(config)},
        check=True,
    )  # fmt: skip
    script = (
        f"for _n in range({JOBS}):\n"
        "    env['res.currency'].with_delay().exists()\n"
        "env.cr.commit()\n"
    )
    subprocess.run(
        odoo_server.command(
            "shell", "-d", DATABASE, "--no-http", "--addons-path", folders,
            "--load", "base,rpc,web,queue_job", "--log-level", "error",
        ),
        input=script, text=True, check=True, capture_output=True,
        env={**os.environ, "ODOO_RC": str(config)},
    )  # fmt: skip
    load = "rcm_bench_routes,queue_job"
    environ = {"ODOO_RC": str(config)}
    with Server(2, load=load, addons=[addons], env=environ) as server:
        assert server
        return _watch_jobs()


def _watch_jobs():
    """Until all jobs are done; the rate from the first begin to the last end."""
    asked = (
        "SELECT count(*) FILTER (WHERE state = 'done'),"
        " extract(epoch FROM max(date_done) - min(date_started)) FROM queue_job"
    )
    with contextlib.closing(psycopg2.connect(DSN)) as session:
        session.autocommit = True
        for _second in range(600):
            with session.cursor() as cursor:
                cursor.execute(asked)
                done, seconds = cursor.fetchone()
            if done >= JOBS:
                return done / max(float(seconds), 1.0)
            time.sleep(0.5)
    sys.exit(f"queue_job did {done} of {JOBS} jobs in five minutes")


def peer_addons():
    """The folder of queue_job, fetched from PyPI at first use."""
    if not any(PEERS.glob("odoo/addons/queue_job/__manifest__.py")):
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "-q", "--no-deps",
                "--target", str(PEERS), *PEER_PACKAGES,
            ],
            check=True,
        )  # fmt: skip
    sys.path.append(str(PEERS))
    os.environ["PYTHONPATH"] += os.pathsep + str(PEERS)
    return PEERS / "odoo" / "addons"


def measure_trigger(access):
    """Seconds from the answer to an event until it is done, on an idle server."""
    times = []
    with Server(2, crons=2) as server:
        time.sleep(3)
        caller = Caller({"access": access, "host": "127.0.0.1", "port": server.port})
        for number in range(SAMPLES):
            name = f"trigger-{os.getpid()}-{number}"
            caller.send(*caller._key(name))
            times.append(_until_tried(name))
            time.sleep(0.7 + number % 7 / 10)
    times.sort()
    report(
        "trigger_p95_seconds",
        times[max(0, int(len(times) * 0.95) - 1)],
        "s from the first sight of an event until its first attempt is committed",
        0.5,
        "less",
        f"idle server, median {statistics.median(times):.3f} s",
        len(times),
    )


def _until_tried(name):
    """Seconds until the first attempt at an event is committed."""
    asked = "SELECT attempt_count FROM rcm_event WHERE external_id = %s"
    started = time.perf_counter()
    with contextlib.closing(psycopg2.connect(DSN)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            while time.perf_counter() - started < PATIENCE_SECONDS:
                cursor.execute(asked, [name])
                if cursor.fetchone()[0]:
                    return time.perf_counter() - started
                time.sleep(0.004)
    sys.exit(f"an event was not tried within {PATIENCE_SECONDS} s")


def tidy():
    """The doors' events are not the lane's: done, and swept up as on an idle server."""
    with contextlib.closing(psycopg2.connect(DSN)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("UPDATE rcm_event SET state = 'done'")
            cursor.execute("VACUUM (ANALYZE) rcm_event")


def main(arguments):
    """All parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="bench intake")
    parser.add_argument("--only", default=",".join(PARTS))
    wanted = parser.parse_args(arguments).only.split(",")
    registry = connect()
    access = make_access(registry)
    if "threaded" in wanted:
        measure_doors(access, 0, "threaded")
    if "prefork" in wanted:
        measure_doors(access, 2, "prefork")
    tidy()
    if "trigger" in wanted:
        measure_trigger(access)
    if "lane" in wanted:
        measure_lane(registry, access)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--call"]:
        print(json.dumps(Caller(json.load(sys.stdin)).run()))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
