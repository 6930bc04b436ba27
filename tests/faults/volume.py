"""Scenes of many thousand events: their order, and poison among them.

What a handler does is not the point here: instead of one, each event leaves a row in
a table of the run (see ``rcm_failpoints``), in the transaction that says it is done.
"""

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from .scene import Scene
from .sender import SENDERS
from .server import CRON

TABLE = """
CREATE TABLE fault_applied (
    seq bigserial PRIMARY KEY, event text, kind text, key text, number integer,
    at timestamptz NOT NULL DEFAULT clock_timestamp())
"""
BATCH = 200
FIRST = datetime(2026, 1, 5)
# Types with and without "only the latest counts"; both are ordered by their claim.
PLAIN, LATEST = "claim.submitted", "claim.status_changed"
WORK_SECONDS = 3600


def event(kind, key, number, type_=PLAIN):
    """The envelope of event ``number`` of an aggregate."""
    data = {"control_number": f"V{kind[:1].upper()}{key}"}
    if type_ == PLAIN:
        data["submitted_at"] = "2026-01-05T10:00:00Z"
    else:
        data["status"] = "accepted"
    moment = FIRST + timedelta(minutes=number)
    return {
        "id": f"volume-{kind}-{key}-{number}",
        "type": type_,
        "version": 1,
        "occurred_at": f"{moment.isoformat()}Z",
        "data": data,
    }


class Volume(Scene):
    """Events in bulk, and what was applied of them."""

    compared = False

    def before(self, run):
        run.query(TABLE)
        run.query("UPDATE rcm_connector SET queue_limit = 10000000")

    def send(self, run, events, size=BATCH):
        """Through the batch door, a few senders at once."""
        batches = [events[at : at + size] for at in range(0, len(events), size)]
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(run.client.submit_batch, batches))

    def hold(self, run, held):
        """Keep the lanes from the connector, or let them work."""
        state = "paused" if held else "active"
        run.query("UPDATE rcm_connector SET state = %s", state)

    def work_off(self, run, kind, count):
        """Until so many events of a kind came to an end."""
        done = "SELECT count(*) FROM rcm_event WHERE state = ANY(%s)"
        final = ["done", "ignored", "dead"]
        like = f"volume-{kind}-%"

        def finished():
            rows = run.query(f"{done} AND external_id LIKE %s", final, like)
            return rows and rows[0][0] >= count

        started = time.monotonic()
        run.wait_until(finished, WORK_SECONDS)
        return time.monotonic() - started

    def applied(self, run, kind):
        """[(key, number)] in the order in which they were applied."""
        return run.query(
            "SELECT key, number FROM fault_applied WHERE kind = %s ORDER BY seq", kind
        )


class Ordering(Volume):
    """Aggregates whose events arrive in any order.

    First all are there before anybody works: each must be applied, in order. Then they
    come in waves, a little out of order, and each that comes when a later one of its
    key was applied must be ignored. Workers are killed all the while.
    """

    name = "ordering"
    summary = "events of many keys in disorder: none is applied after a later one"
    may_fail = "volume-late"
    count = 2000  # events
    of_a_key = 25
    disorder = 4

    def feed(self, run):
        half = run.count // 2
        keys = max(1, half // self.of_a_key)
        numbers = [(key, n) for key in range(keys) for n in range(self.of_a_key)]
        early = [event("early", *item) for item in numbers]
        run.rng.shuffle(early)
        self.hold(run, True)
        self.send(run, early)
        self.hold(run, False)
        self.work_off(run, "early", len(early))
        jitter = {item: item[1] + run.rng.uniform(0, self.disorder) for item in numbers}
        late = [
            event("late", *item, LATEST) for item in sorted(numbers, key=jitter.get)
        ]
        for sent in range(0, len(late), keys):
            wave = late[sent : sent + keys]
            self.send(run, wave, min(BATCH, keys))
            self.work_off(run, "late", sent + len(wave))
        return len(early) + len(late)

    def during(self, run):
        while run.node.kills < run.kills and run.pause(1.0, 4.0):
            run.node.kill_one(run.rng, CRON)

    def after(self, run):
        early, late = self.applied(run, "early"), self.applied(run, "late")
        yield from _disorder(early)
        yield from _disorder(late)
        [[sent_early]] = run.query(
            "SELECT count(*) FROM rcm_event WHERE external_id LIKE 'volume-early-%%'"
        )
        if len(early) != sent_early or len(set(early)) != len(early):
            yield f"{sent_early} events, {len(early)} applied, {len(set(early))} differ"
        states = dict(
            run.query(
                "SELECT state, count(*) FROM rcm_event"
                " WHERE external_id LIKE 'volume-late-%%' GROUP BY 1"
            )
        )
        if set(states) - {"done", "ignored"} or states.get("done") != len(late):
            yield f"of the late ones {len(late)} were applied, they are {states}"
        too_late = states.get("ignored", 0)
        if not too_late:
            yield "none came too late: the second half proves nothing"
        run.notes.append(
            f"{len(early) + len(late)} applied in order, {too_late} came too late"
        )


def _disorder(applied):
    """Applications that came after a later one of their key."""
    latest = defaultdict(lambda: -1)
    wrong = 0
    for key, number in applied:
        wrong += number <= latest[key]
        latest[key] = max(latest[key], number)
    if wrong:
        yield f"{wrong} of {len(applied)} applied out of order"


class PoisonMany(Volume):
    """One event in a hundred can never be done; some of them kill who tries.

    The clean events among them must all be done, at four fifths at least of the speed
    without poison; the others are set aside with a reason and a case, and done by a
    replay once their cause is gone.
    """

    name, summary = "poison_many", "one of a hundred events is poison, at full speed"
    count = 1000  # events
    share = 100
    kills_of = 50  # of the poisoned ones, one in so many kills its worker
    least_rate = 0.8
    judged_from = 5000  # fewer events are too short a time to measure
    dead_seconds = 600
    codes = {"raises": "ZeroDivisionError", "refused": "poison", "kills": "crashed"}

    def feed(self, run):
        clean = [event("clean", number, 0) for number in range(run.count)]
        mixed = []
        for number in range(run.count):
            place, rest = divmod(number, self.share)
            kind = "mixed" if rest else self._kind(place)
            mixed.append(event(kind, number, 0))
        run.poisoned = [e["id"] for e in mixed if "-mixed-" not in e["id"]]
        for kind, events in (("clean", clean), ("mixed", mixed)):
            self.hold(run, True)
            self.send(run, events)
            self.hold(run, False)
            good = sum(f"-{kind}-" in e["id"] for e in events)
            self.work_off(run, kind, good)
        run.wait_until(lambda: not self._open(run), self.dead_seconds)
        return len(clean) + len(mixed)

    def _kind(self, place):
        if place % self.kills_of == self.kills_of - 1:
            return "kills"
        return ("raises", "refused")[place % 2]

    def _open(self, run):
        return run.query(
            "SELECT external_id FROM rcm_event WHERE external_id = ANY(%s)"
            " AND state NOT IN ('dead', 'done')",
            run.poisoned,
        )

    def after(self, run):
        clean, mixed = self._rate(run, "clean"), self._rate(run, "mixed")
        run.notes.append(
            f"{mixed:.0f} events a second with {len(run.poisoned)} poisoned ones, "
            f"{clean:.0f} without: {mixed / clean:.2f}"
        )
        if run.count >= self.judged_from and mixed < clean * self.least_rate:
            yield "poison slows the others down too much"
        yield from self._aside(run)
        run.killed += len(run.poisoned)
        yield from self._replayed(run)

    def _rate(self, run, kind):
        [[rate]] = run.query(
            "SELECT count(*) / extract(epoch FROM max(at) - min(at))::float"
            " FROM fault_applied WHERE kind = %s",
            kind,
        )
        return rate

    def _aside(self, run):
        """Each is set aside, with its reason and a case."""
        rows = run.query(
            "SELECT e.external_id, e.state, e.error_code, e.error_message, c.state"
            "  FROM rcm_event e LEFT JOIN rcm_exception_case c"
            "    ON c.res_model = 'rcm.event' AND c.res_id = e.id"
            " WHERE e.external_id = ANY(%s)",
            run.poisoned,
        )
        if len(rows) != len(run.poisoned):
            yield f"{len(run.poisoned)} poisoned events, {len(rows)} with their cases"
        for name, state, code, message, case in rows:
            wanted = self.codes[name.split("-")[1]]
            if (state, code, case) != ("dead", wanted, "open") or not message:
                yield f"{name} is {state} for {code} ({message}), its case {case}"

    def _replayed(self, run):
        """Once their cause is gone, their sender has them done, each once."""
        (run.node.arms / "cured").touch()
        for at in range(0, len(run.poisoned), BATCH):
            run.client.rpc("replay", {"ids": run.poisoned[at : at + BATCH]})
        run.wait_until(lambda: not self._undone(run), self.dead_seconds)
        for name, state in self._undone(run):
            yield f"{name} is {state} after its replay"
        twice = run.query(
            "SELECT event, count(*) FROM fault_applied GROUP BY 1 HAVING count(*) > 1"
        )
        yield from (f"{name} was applied {count} times" for name, count in twice)
        [[count]] = run.query("SELECT count(*) FROM fault_applied")
        if count != 2 * run.count:
            yield f"{count} of {2 * run.count} events were applied"
        [[cases]] = run.query(
            "SELECT count(*) FROM rcm_exception_case WHERE state = 'open'"
            " AND res_model = 'rcm.event'"
        )
        if cases:
            yield f"{cases} cases of done events are still open"

    def _undone(self, run):
        return run.query(
            "SELECT external_id, state FROM rcm_event WHERE external_id = ANY(%s)"
            " AND state <> 'done'",
            run.poisoned,
        )
