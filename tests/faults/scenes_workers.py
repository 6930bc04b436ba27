"""Workers, whole nodes and their disk are hurt."""

import contextlib
import shutil
import subprocess
import threading

from .recovery import Recovery
from .scene import Scene, Skipped
from .server import CRON, HTTP

# Places in the order in which a document passes them; see rcm_failpoints.
PASSING = ("stored", "acknowledged", "locked", "handled", "settled", "billed", "parsed")
COMMITTED = "committed"
MOST_SKIPPED = {"billed": 0, "parsed": 1}  # few come there in a short run
HELD_SECONDS = 20  # a file that has nothing to post holds up the next so long
POSTING = ("matched", "created", "posted", "reconciled", "audited", "outboxed")


class Kills(Scene):
    """Workers are killed at random moments; now and then every cron worker at once.

    The next comes when anything was done since: on a slow machine workers would die
    before they have begun, and what they were to begin with would be suspected.
    """

    name, summary = "kills", "kill -9 of workers at random moments"
    all_at_once = 0.15

    def during(self, run):
        while run.node.kills < run.kills and run.pause(0.2, 1.2):
            before = run.logged()
            run.while_feeding(lambda before=before: run.logged() > before)
            if run.rng.random() < self.all_at_once:
                run.node.kill_every(CRON)
            else:
                run.node.kill_one(run.rng, run.rng.choice((CRON, CRON, HTTP)))


class Recovered(Scene):
    """Every cron worker dies at once, again when work has gone on since."""

    name, summary = "recovery", "all cron workers die: how soon does work go on?"
    most_seconds = 10

    def during(self, run):
        run.recovery = Recovery(run)
        for _number in range(run.count):
            if not run.pause(1.0, 3.0):
                break
            run.while_feeding(run.recovery.is_waiting)
            self.hurt(run)
            run.while_feeding(run.recovery.has_gone_on)

    def hurt(self, run):
        """Kill, and note when."""
        run.node.kill_every(CRON)
        run.recovery.mark()

    def after(self, run):
        yield from run.recovery.judge(self.most_seconds)


class Power(Recovered):
    """The whole server dies at once, and is started again."""

    name, summary = "power", "kill -9 of the whole server, which is started again"

    def hurt(self, run):
        run.node.kill_all()
        run.killed += 1
        run.recovery.mark()
        run.node.start()


class Failpoints(Scene):
    """A worker dies at each named place once.

    Two places of the posting at a time: a remittance that kills more workers than
    that would be suspected, and set aside as one that kills them.
    """

    name, summary = "failpoints", "kill -9 at every named place of the work"

    def before(self, run):
        run.armed = threading.Semaphore(0)

    def feed(self, run):
        """A quick machine would post every file before the next places are armed."""
        send = run.client.rpc

        def held(method, params):
            if method == "submit_event":
                if params["event"]["type"] == "remittance.received":
                    run.armed.acquire(timeout=HELD_SECONDS)
            return send(method, params)

        run.client.rpc = held
        return super().feed(run)

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
            run.armed.release()
            run.while_feeding(lambda pair=pair: run.hit() >= set(pair))
            run.while_feeding(lambda posted=posted: run.posted() > posted)

    def after(self, run):
        run.killed += len(run.hit())
        for point in sorted({*PASSING, *POSTING, COMMITTED} - run.hit()):
            yield f"nobody died at {point}: the place was never reached"


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
