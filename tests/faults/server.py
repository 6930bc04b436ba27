"""Odoo servers with workers, as in production, that a test can hurt."""

import contextlib
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from lib import odoo_server, odoo_source, paths
from lib.progress import SetupError

HERE = Path(__file__).resolve().parent
START_SECONDS = 180
STOP_SECONDS = 20
# With the connectors among them the doors say 503, not 404, from the first moment on.
LOADED = "base,rpc,web,healthcare_rcm_connectors,rcm_failpoints"
RESTART_SECONDS = 1
# another clone may play at the same moment
FIRST_PORT = 9000 + 100 * (int(paths.CLONE, 16) % 200)
HTTP, CRON = "http", "cron"
NICE_FIELD, CRON_NICE = 16, 10


class Server:
    """One node: a master, HTTP workers and cron workers on one database.

    :param cluster: :class:`~faults.cluster.Cluster`
    :param Path folder: for the log, and for the files that arm failpoints
    """

    def __init__(self, cluster, database, folder, *, data, number=1, **options):
        self.cluster, self.database, self.folder = cluster, database, folder
        self.data, self.number = data, number
        self.host = options.pop("host", cluster.host)
        self.port_of_database = options.pop("database_port", 5432)
        self.skew = options.pop("skew", 0)
        self.workers = options.pop("workers", 2)
        self.options = options
        self.log = folder / f"odoo-{number}.log"
        self.said = folder / f"odoo-{number}.err"  # what it says when it cannot start
        self.arms = folder / "arms"
        self.arms.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.url = None
        self.kills = self.restarts = 0
        self.watched = False

    # -- life ------------------------------------------------------------------

    def start(self):
        """Up, answering, and watched over as by a service manager.

        Odoo's master ends when the database is away at the moment it wants to make a
        worker; in production systemd or a container runtime starts it again.
        """
        self._launch()
        self.wait()
        self._watch_over()
        return self

    def start_without_database(self):
        """Begin while the database is away, watched over from the first moment on."""
        self._launch()
        self._watch_over()

    def _watch_over(self):
        self.watched = True
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while self.watched:
            if self.process.poll() is not None:
                self.restarts += 1
                self._launch()
            time.sleep(RESTART_SECONDS)

    def _launch(self):
        if self.url is None:
            self.port = odoo_server.free_port(FIRST_PORT + 10 * self.number)
            self.gevent_port = odoo_server.free_port(self.port + 1)
            self.url = f"http://127.0.0.1:{self.port}"
        with open(self.said, "ab") as said:
            self.process = subprocess.Popen(
                self._command(self.port, self.gevent_port),
                env=odoo_server.environment(
                    RCM_FAULTS=str(self.arms),
                    RCM_FAULTS_SKEW=str(self.skew),
                ),
                cwd=paths.REPO,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        (self.folder / f"node-{self.number}.pid").write_text(str(self.process.pid))

    def _command(self, http, gevent):
        odoo = odoo_source.find()
        addons = [*odoo.addons, paths.LINKS, paths.REPO, HERE / "addons"]
        arguments = {
            # named, Odoo ends when it cannot reach it at the start
            **({"-d": self.database} if self.options.get("named", True) else {}),
            "--db-filter": f"^{self.database}$",
            "--db_host": self.host,
            "--db_port": self.port_of_database,
            "--db_user": self.cluster.user,
            "--addons-path": ",".join(map(str, addons)),
            "--load": LOADED,
            "--data-dir": self.data,
            "--http-port": http,
            "--gevent-port": gevent,
            "--workers": self.workers,
            "--max-cron-threads": self.options.get("cron_threads", 2),
            "--limit-time-real": self.options.get("limit_time_real", 120),
            "--limit-time-real-cron": self.options.get("limit_time_real", 120),
            "--logfile": self.log,
            "--log-level": "info",
        }
        return odoo_server.command(
            *[part for pair in arguments.items() for part in pair]
        )

    def wait(self):
        """Until it answers that all is well."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and (
            self.watched or self.process.poll() is None
        ):
            if self.answers():
                return
            time.sleep(0.2)
        tail = "\n".join(
            line
            for file, count in ((self.said, 8), (self.log, 6))
            for line in file.read_text(errors="replace").splitlines()[-count:]
        )
        raise SetupError(f"The node {self.number} does not answer.\n{tail}")

    def answers(self):
        """Whether the health door says yes; asking also wakes what is overdue."""
        with contextlib.suppress(OSError, urllib.error.URLError):
            request = urllib.request.Request(
                f"{self.url}/rcm/v1/health",
                headers={"X-Odoo-Database": self.database},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status == 200
        return False

    def stop(self):
        """In order; whoever does not go is ended."""
        self.watched = False
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill_all()

    def kill_all(self):
        """The whole node at once, as when its power goes; nobody starts it again."""
        self.watched = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    # -- what a test does to it --------------------------------------------------

    def worker_pids(self, kind=None):
        """Process ids of the workers; ``kind``: HTTP, CRON or both.

        Odoo makes its cron workers nicer than the others: that tells them apart.
        """
        found = []
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            for pid in map(int, path.read_text().split()):
                with contextlib.suppress(OSError):
                    if b"\0gevent\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        continue
                    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
                    own = CRON if int(stat.split()[NICE_FIELD]) == CRON_NICE else HTTP
                    if kind in (None, own):
                        found.append(pid)
        return found

    def kill_one(self, rng, kind=None):
        """kill -9 of a worker; the master makes another."""
        pids = self.worker_pids(kind) or self.worker_pids()
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(pids), signal.SIGKILL)
            self.kills += 1
            return True
        return False

    def kill_every(self, kind):
        """kill -9 of all workers of a kind at once."""
        for pid in self.worker_pids(kind):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1

    def arm(self, point, skip=0):
        """Whoever passes ``point`` after ``skip`` others dies there."""
        (self.arms / f"{point}.{skip}").touch()

    def disarm(self):
        """Forget what was armed and not reached; return how many were reached."""
        for path in self.arms.glob("*.[0-9]*"):
            path.unlink(missing_ok=True)
        return len(list(self.arms.glob("hit-*")))


def stop_leftovers(folder):
    """End nodes of runs that were themselves ended before they could."""
    for file in folder.glob("*/node-*.pid"):
        pid = int(file.read_text() or 0)
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"faults_run_" in command:
                os.killpg(pid, signal.SIGKILL)
        file.unlink(missing_ok=True)
