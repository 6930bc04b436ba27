"""One run: a scene, a seed, a database of its own; and what is wrong afterwards."""

import contextlib
import random
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field, replace

import requests
from lib.progress import SetupError
from simulator.people import FeedError

from .day import KNOBS
from .ledger import Picture
from .scene import Scene, Skipped
from .scenes import SCENES
from .sender import PatientClient
from .server import Server

HURT_SECONDS = 180
FINAL = ("done", "dead", "ignored")
AT_REST = (
    "posted",
    "posted_with_parked",
    "reconciled",
    "held",
    "approval",
    "rejected",
    "duplicate",
)


@dataclass
class Result:
    """What came of a run."""

    scene: str
    seed: int
    problems: list = field(default_factory=list)
    skipped: str = ""
    killed: int = 0
    seconds: float = 0.0
    events: int = 0
    picture: Picture | None = None
    notes: list = field(default_factory=list)
    options: str = ""  # of the command, where they are not the usual ones

    def line(self):
        """One line for a person."""
        state = "skipped" if self.skipped else "FAILED" if self.problems else "ok"
        text = (
            f"{state:8s}{self.scene:12s}seed {self.seed:<5d} {self.events:6d} events, "
            f"{self.killed:4d} faults, {self.seconds:5.1f} s"
        )
        said = [self.skipped] if self.skipped else self.notes
        return f"{text}: {', '.join(said)}" if said else text

    def command(self):
        """What shows the same again."""
        return f"./setup/faults --only {self.scene} --seeds {self.seed}{self.options}"


class Run:
    """A scene being played."""

    def __init__(
        self, lab, scene, seed, *, kills=6, count=None, feed=None, knobs=KNOBS
    ):
        self.lab, self.scene, self.seed, self.kills = lab, scene, seed, kills
        self.count = count or scene.count
        self.knobs = replace(knobs, seed=feed or seed)
        self.rng = random.Random(f"{scene.name}-{seed}")
        self.database = f"faults_run_{scene.name}_{seed}"
        self.folder = lab.folder / "runs" / f"{scene.name}-{seed}"
        self.nodes, self.cleanup, self.notes = [], [], []
        self.over = threading.Event()
        self.killed = 0
        self.client = self.hurting = None

    @property
    def node(self):
        """The only or first node."""
        return self.nodes[0]

    def play(self, want=None):
        """Play it and compare with ``want``, the run without faults."""
        started = time.monotonic()
        result = Result(self.scene.name, self.seed)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "sent" / "remittances").mkdir(parents=True)
        try:
            self.lab.copy(self.database)
            self.scene.before(self)
            self._start()
            result.events = self._feed(result)
            result.problems += self._lost()
        except Skipped as reason:
            result.skipped = str(reason)
        except (FeedError, SetupError) as error:
            result.problems.append(str(error)[:1500])
        finally:
            self.over.set()
            if self.hurting:
                self.hurting.join(HURT_SECONDS)  # it may be about to mend something
            for node in self.nodes:
                node.stop()
                self.killed += node.kills
        if not result.skipped:
            self._judge(result, want)
        for undo in reversed(self.cleanup):
            undo()
        self.lab.drop(self.database)
        result.killed, result.notes = self.killed, self.notes
        result.seconds = time.monotonic() - started
        if not result.problems:
            shutil.rmtree(self.folder, ignore_errors=True)
        return result

    # -- acts ------------------------------------------------------------------------

    def _start(self):
        for number, options in enumerate(self.scene.nodes(self), start=1):
            node = Server(
                self.lab.cluster,
                self.database,
                self.folder,
                data=self.lab.data,
                number=number,
                **options,
            )
            self.nodes.append(node)
            self.scene.start(self, node)

    def _feed(self, result):
        self.client = PatientClient(
            self.nodes, self.database, self.lab.api_key, self.folder / "sent"
        )
        self.hurting = threading.Thread(target=self._hurt, args=[result], daemon=True)
        self.hurting.start()
        count = self.scene.feed(self)
        self.over.set()
        self.hurting.join(HURT_SECONDS)
        self.settle()
        result.problems += self.scene.after(self)
        return count

    def _hurt(self, result):
        try:
            self.scene.during(self)
        except Exception:  # in a thread nobody else would hear of it
            result.problems.append(traceback.format_exc(limit=4))

    def settle(self):
        """Until nothing moves any more."""
        self.client.stopped.clear()
        self.wait_until(lambda: not self._moving(), 90)

    def _judge(self, result, want):
        try:
            picture = Picture.of(
                self.lab.cluster, self.database, self.lab.note["last_audit_row"]
            )
            result.problems += picture.faults
            result.problems += self.lab.verify(self.database)
        except Exception:  # a database that cannot be read is a finding
            result.problems.append(traceback.format_exc(limit=3))
            return
        result.picture = picture
        if want and not result.problems:
            result.problems += picture.differences(want)

    # -- what scenes ask -------------------------------------------------------------

    def pause(self, least, most):
        """Wait a random while; False when the feed is over."""
        return not self.over.wait(self.rng.uniform(least, most))

    def wait_until(self, condition, seconds):
        """Until ``condition`` holds; the nodes are asked meanwhile how they are."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.client.rest(0.3)

    def while_feeding(self, condition):
        """Until ``condition`` holds or the feed is over."""
        while not condition() and self.pause(0.3, 0.4):
            pass

    def query(self, statement, *parameters):
        """Rows of the run's database; none while it is down."""
        with contextlib.suppress(Exception):  # it may be restarting just now
            return self.lab.cluster.query(self.database, statement, parameters)
        return []

    def post(self, event):
        """Send an event until it is answered by yes or no: (status, body)."""
        for _try in range(200):
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(
                    f"{self.node.url}/rcm/v1/events",
                    json=event,
                    headers=self.client.session.headers,
                    timeout=60,
                )
                if answer.status_code < 429:
                    return answer.status_code, answer.json()
            time.sleep(0.2)
        return 0, {}

    def _moving(self):
        return self.query(
            "SELECT 1 FROM rcm_event WHERE state <> ALL(%s)"
            " AND external_id NOT LIKE 'poison%%' UNION ALL"
            " SELECT 1 FROM rcm_remittance WHERE retry OR state <> ALL(%s) UNION ALL"
            " SELECT 1 FROM rcm_encounter WHERE billing_due UNION ALL"
            " SELECT 1 FROM rcm_remittance_file WHERE state = 'received'",
            list(FINAL),
            list(AT_REST),
        )

    def _lost(self):
        """Everything that was acknowledged is there, once, and done."""
        rows = self.query("SELECT external_id, state FROM rcm_event")
        states = dict(rows)
        for name in sorted(self.client.acknowledged - set(states)):
            yield f"acknowledged and lost: {name}"
        if len(rows) != len(states):
            yield "an event is there twice"
        for name, state in sorted(states.items()):
            if state != "done" and not name.startswith(self.scene.may_fail):
                yield f"{name} is {state}"

    def poison_states(self):
        """{event: (state, attempts)} of the poisoned ones."""
        rows = self.query(
            "SELECT external_id, state, attempt_count FROM rcm_event"
            " WHERE external_id LIKE 'poison%%'"
        )
        return {name: (state, attempts) for name, state, attempts in rows}

    def poison_open(self):
        """Poisoned events that somebody still tries."""
        return [
            f"{name} is still {state}"
            for name, (state, _attempts) in self.poison_states().items()
            if state not in FINAL and "unknown" not in name
        ]

    def hit(self):
        """Places at which somebody died."""
        return {path.name.split("-")[1] for path in self.node.arms.glob("hit-*")}

    def logged(self):
        """The last row of the audit log: it grows with all that is done."""
        rows = self.query("SELECT max(id) FROM rcm_audit_log")
        return (rows and rows[0][0]) or 0

    def posted(self):
        """How many remittances are posted."""
        return len(self.query("SELECT 1 FROM rcm_remittance WHERE posted_at NOTNULL"))

    def refused_for_disk(self):
        """Whether an event failed because its file could not be kept."""
        return bool(
            self.query(
                "SELECT 1 FROM rcm_event_attempt a"
                " JOIN rcm_event e ON e.id = a.event_id"
                " JOIN rcm_event_type t ON t.id = e.type_id"
                " WHERE t.name = 'remittance.received' AND a.outcome = 'retry'"
            )
        )

    def missing_files(self):
        """Attachments whose bytes are not there."""
        rows = self.query(
            "SELECT id, store_fname, file_size FROM ir_attachment"
            " WHERE store_fname IS NOT NULL AND res_model = 'rcm.remittance.file'"
        )
        if not rows:
            yield "no remittance file has its bytes in the attachment store"
        for id_, name, size in rows:
            path = self.lab._files(self.database) / name
            if not path.exists() or path.stat().st_size != size:
                yield f"attachment {id_}: its {size} bytes are not there"


def clean_run(lab, seed, **options):
    """The run of ``seed`` in which nothing goes wrong."""
    return Run(lab, Scene(), seed, **options).play()


def scene_named(name):
    """A scene by its name."""
    return SCENES[name]()
