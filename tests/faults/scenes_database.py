"""PostgreSQL stops, loses power, is not there yet, or falls silent."""

import contextlib
import time

import requests

from .cluster import PORT
from .proxy import Proxy, ports_towards
from .scene import Scene


class Crash(Scene):
    """PostgreSQL loses power under load, again as soon as something was done since."""

    name, summary = "crash", "PostgreSQL stops at once (immediate), under load"

    def during(self, run):
        for _number in range(run.count):
            if not run.pause(0.5, 3.0):
                break
            done = run.logged()
            self.hurt(run.lab.cluster, run.rng.uniform(0, 1.0))
            run.killed += 1
            run.while_feeding(lambda done=done: run.logged() > done)

    def hurt(self, cluster, seconds):
        """Stop, and start again after so long."""
        cluster.crash(seconds)


class Restart(Crash):
    """PostgreSQL is restarted in order, under load."""

    name, summary = "restart", "PostgreSQL is restarted, under load"

    def hurt(self, cluster, seconds):
        cluster.restart(seconds)


class DarkStart(Scene):
    """A node starts while PostgreSQL is away, and is there when it comes.

    Meanwhile senders are told to come again: whoever hears "there is nothing here"
    would give up an event for good. The node finds its database by the request, as in
    an installation of several; one that names it (``-d``) ends and is started again
    until the database is there, and takes no calls till then.
    """

    name, summary = "dark_start", "a node starts while PostgreSQL is away"
    answers = 5
    patience_seconds = 120

    def nodes(self, _run):
        # without a name cron workers would work in every database of the cluster
        return [{"named": False, "cron_threads": 0}, {}]

    def start(self, run, node):
        if node is not run.node:
            super().start(run, node)
            return
        run.lab.cluster.stop()
        run.told = []
        node.start_without_database()
        deadline = time.monotonic() + self.patience_seconds
        while len(run.told) < self.answers and time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(
                    f"{node.url}/rcm/v1/events",
                    json={},
                    headers={"X-Odoo-Database": run.database},
                    timeout=30,
                )
                run.told.append((answer.status_code, answer.headers.get("Retry-After")))
            time.sleep(0.3)
        run.lab.cluster.start()
        run.killed += 1
        node.wait()

    def after(self, run):
        run.notes.append(f"told {len(run.told)} times to come again")
        if len(run.told) < self.answers:
            yield f"only {len(run.told)} answers while the database was away"
        for status, when in run.told:
            if status != 503 or not when:
                yield f"a sender was told {status}, to come again in {when}"


class Silence(Scene):
    """Packets on every open connection to the database vanish without a word."""

    name, summary = "silence", "database connections that are dropped in silence"
    most_seconds = 30
    watched_seconds = 90

    def nodes(self, run):
        run.proxy = Proxy(run.lab.cluster.address, PORT)
        run.cleanup.append(run.proxy.stop)
        return [{"host": "127.0.0.1", "database_port": run.proxy.port}]

    def during(self, run):
        run.silent = []
        if not run.pause(1.0, 3.0):
            return
        near, far = run.proxy.silence()
        run.killed += len(near)
        started = time.monotonic()
        while near or far:
            time.sleep(0.5)
            near &= ports_towards(run.proxy.port)
            far &= self._sessions(run)
            if time.monotonic() - started > self.watched_seconds:
                break
        run.silent.append((time.monotonic() - started, len(near), len(far)))

    @staticmethod
    def _sessions(run):
        """Ports from which PostgreSQL believes to be spoken to.

        Of this database: the cron workers also listen on the database ``postgres``,
        whose settings are not the suite's; these sessions hold no locks.
        """
        rows = run.lab.cluster.query(
            "postgres",
            "SELECT client_port FROM pg_stat_activity"
            " WHERE client_port > 0 AND datname = %s",
            [run.database],
            admin=True,
        )
        return {port for [port] in rows}

    def after(self, run):
        if not run.silent or not run.killed:
            yield "no connection was open: the scene proves nothing"
        for seconds, near, far in run.silent:
            run.notes.append(f"noticed after {seconds:.1f} s")
            if near or far:
                yield f"not noticed in {seconds:.0f} s: Odoo {near}, PostgreSQL {far}"
            elif seconds > self.most_seconds:
                yield f"noticed after {seconds:.1f} s only"
