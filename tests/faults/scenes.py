"""What goes wrong: each scene hurts a running suite in its own way."""

import contextlib
import shutil
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .cluster import PORT
from .proxy import Proxy, ports_towards
from .recovery import Recovery
from .replay_log import ReplayLog
from .scene import Scene, Skipped
from .sender import poison_events
from .server import CRON, HTTP
from .volume import Ordering, PoisonMany

# Places in the order in which a document passes them; see rcm_failpoints.
PASSING = ("stored", "acknowledged", "locked", "handled", "settled", "billed", "parsed")
COMMITTED = "committed"
MOST_SKIPPED = {"billed": 0, "parsed": 1}  # few come there in a short run
POSTING = ("matched", "created", "posted", "reconciled", "audited", "outboxed")
SKEW_SECONDS = 600
MOST_CRASHES = 5  # of the suite: so often may a record kill its worker
DISK_BYTES = 96 * 1024


class Kills(Scene):
    """Workers are killed at random moments; now and then every cron worker at once."""

    name, summary = "kills", "kill -9 of workers at random moments"
    most_seconds = 10  # until work goes on, in 19 of 20 cases
    all_at_once = 0.15

    def during(self, run):
        run.recovery = Recovery(run)
        while run.node.kills < run.kills and run.pause(0.2, 1.2):
            run.recovery.mark()
            if run.rng.random() < self.all_at_once:
                run.node.kill_every(CRON)
            else:
                run.node.kill_one(run.rng, run.rng.choice((CRON, CRON, HTTP)))

    def after(self, run):
        yield from run.recovery.judge(self.most_seconds)


class Power(Scene):
    """The whole server dies at once, and is started again."""

    name, summary = "power", "kill -9 of the whole server, which is started again"
    most_seconds = 10

    def during(self, run):
        run.recovery = Recovery(run)
        for _number in range(run.count):
            if not run.pause(1.0, 4.0):
                break
            run.node.kill_all()
            run.killed += 1
            run.recovery.mark()
            run.node.start()

    def after(self, run):
        yield from run.recovery.judge(self.most_seconds)


class Failpoints(Scene):
    """A worker dies at each named place once.

    Two places of the posting at a time: a remittance that kills more workers than
    that would be suspected, and set aside as one that kills them.
    """

    name, summary = "failpoints", "kill -9 at every named place of the work"

    def during(self, run):
        places = list(POSTING)
        run.rng.shuffle(places)
        for point in PASSING:
            run.node.arm(point, run.rng.randint(0, MOST_SKIPPED.get(point, 2)))
        run.node.arm(COMMITTED, run.rng.randint(2, 8))
        while places and not run.over.is_set():
            pair, places = places[:2], places[2:]
            posted = run.posted()
            for point in pair:
                run.node.arm(point)
            run.while_feeding(lambda pair=pair: run.hit() >= set(pair))
            run.while_feeding(lambda posted=posted: run.posted() > posted)

    def after(self, run):
        run.killed += len(run.hit())
        for point in sorted({*PASSING, *POSTING, COMMITTED} - run.hit()):
            yield f"nobody died at {point}: the place was never reached"


class Crash(Scene):
    """PostgreSQL loses power under load."""

    name, summary = "crash", "PostgreSQL stops at once (immediate), under load"

    def during(self, run):
        for _number in range(run.count):
            if not run.pause(0.5, 3.0):
                break
            run.lab.cluster.crash(run.rng.uniform(0, 1.0))
            run.killed += 1


class Restart(Crash):
    """PostgreSQL is restarted in order, under load."""

    name, summary = "restart", "PostgreSQL is restarted, under load"

    def during(self, run):
        for _number in range(run.count):
            if not run.pause(0.5, 3.0):
                break
            run.lab.cluster.restart(run.rng.uniform(0, 1.0))
            run.killed += 1


class Duplicates(Scene):
    """Everything comes five times, from four senders at once."""

    name, summary = "duplicates", "every event five times, in disorder, four at once"
    copies, shuffled = 5, True


class Shuffle(Scene):
    """Everything comes in any order."""

    name, summary = "shuffle", "every wave of events in full disorder"
    shuffled = True


class Poison(Scene):
    """Some messages can never be worked on, some kill who tries."""

    name = "poison"
    summary = "rubbish, unknown references, handlers that raise and that kill"
    poison = 8

    def after(self, run):
        run.wait_until(lambda: not run.poison_open(), 120)
        yield from run.poison_open()
        states = run.poison_states()
        run.killed += MOST_CRASHES * sum("kills" in name for name in states)
        for name, (state, attempts) in sorted(states.items()):
            wanted = "waiting_predecessor" if "unknown" in name else "dead"
            if state != wanted:
                yield f"{name} is {state} after {attempts} attempts, not {wanted}"


class Storm(Scene):
    """Fifty senders come with the same event at the same moment."""

    name, summary = "storm", "fifty at once with one event id, and with another body"
    senders = 50

    def nodes(self, _run):
        return [{"workers": 5}]

    def after(self, run):
        event = poison_events(run.seed, 2)[1]  # a reference that nobody knows
        event = {key: value for key, value in event.items() if key != "poison"}
        other = {**event, "occurred_at": "2026-01-06T10:00:00Z"}
        with ThreadPoolExecutor(self.senders) as pool:
            answers = list(pool.map(run.post, [event] * self.senders))
        run.killed += self.senders
        statuses = Counter(status for status, _body in answers)
        if statuses != {202: 1, 200: self.senders - 1}:
            yield f"{self.senders} equal events were answered {dict(statuses)}"
        if len({body["correlation_id"] for _status, body in answers}) != 1:
            yield "equal events got different answers"
        with ThreadPoolExecutor(self.senders) as pool:
            refused = list(pool.map(run.post, [other] * self.senders))
        statuses = Counter(status for status, _body in refused)
        if statuses != {409: self.senders}:
            yield f"another body under the same id was answered {dict(statuses)}"
        if len([name for name in run.poison_states() if name == event["id"]]) != 1:
            yield "the event is not there once"


class Skew(Scene):
    """Two nodes, one ten minutes fast, one ten minutes slow."""

    name, summary = "skew", "two nodes whose clocks differ by twenty minutes"

    def nodes(self, run):
        return [{"skew": SKEW_SECONDS}, {"skew": -SKEW_SECONDS}]


class Nodes(Scene):
    """Two nodes on one database; workers of both die, and one whole node."""

    name, summary = "nodes", "two nodes on one database, workers and a node die"

    def nodes(self, _run):
        return [{}, {}]

    def during(self, run):
        first, second = run.nodes
        while first.kills + second.kills < run.kills and run.pause(0.3, 1.5):
            run.rng.choice(run.nodes).kill_one(run.rng)
        if run.pause(0.1, 1.0):
            second.kill_all()
            run.killed += 1
            second.start()


class DiskFull(Scene):
    """The attachment store has no room for a while."""

    name, summary = "disk_full", "the attachment store is full for a while"

    def before(self, run):
        files = run.lab._files(run.database)
        kept = files.with_name(f"{files.name}-kept")
        if files.exists():
            files.rename(kept)
        files.mkdir(parents=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(files)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            files.rmdir()
            if kept.exists():
                kept.rename(files)
            raise Skipped(f"the system gives no small disk: {done.stderr.strip()}")
        run.cleanup.append(lambda: self._unmount(files, kept))
        if kept.exists():
            shutil.copytree(kept, files, dirs_exist_ok=True)

    def _unmount(self, files, kept):
        subprocess.run(["umount", "-l", str(files)], capture_output=True)
        shutil.rmtree(kept, ignore_errors=True)

    def during(self, run):
        """Full from the start of the remittances until one was refused for it."""
        files = run.lab._files(run.database)
        ballast = files / "ballast"
        with contextlib.suppress(OSError), open(ballast, "wb") as out:
            while True:
                out.write(b"0" * 4096)
                out.flush()
        run.while_feeding(run.refused_for_disk)
        run.pause(0.5, 1.0)
        run.saw_full = run.refused_for_disk()
        ballast.unlink(missing_ok=True)

    def after(self, run):
        if not getattr(run, "saw_full", False):
            yield "no file was refused for want of room: the scene proves nothing"
        yield from run.missing_files()


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


SCENES = {
    scene.name: scene
    for scene in (
        Scene,
        Kills,
        Power,
        Failpoints,
        Crash,
        Restart,
        Duplicates,
        Shuffle,
        Poison,
        Storm,
        Skew,
        Nodes,
        DiskFull,
        Silence,
        Ordering,
        PoisonMany,
        ReplayLog,
    )
}
