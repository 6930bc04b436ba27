"""What comes through the doors, and when, is not as it should be."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .scene import Scene
from .sender import poison_events

SKEW_SECONDS = 600
MOST_CRASHES = 5  # of the suite: so often may a record kill its worker


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
