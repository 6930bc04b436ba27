"""What a scene is: what is sent, what goes wrong meanwhile, what must hold after it.

``during`` runs beside ``feed`` until that is over; both draw everything they decide
from ``run.rng`` or the seed, so that a seed tells the whole story.
"""

from datetime import date

from .sender import RoughDay, poison_events


class Skipped(Exception):
    """The machine refuses what the scene needs; the text says what."""


class Scene:
    """Nothing goes wrong."""

    name = "clean"
    summary = "nothing goes wrong"
    copies = 1
    shuffled = False
    poison = 0
    # Against the run of the same seed in which nothing goes wrong.
    compared = True
    # Names of events that need not be done at the end begin so.
    may_fail = "poison"
    # How many faults (or events, where the scene says so); ``--count`` says otherwise.
    count = 3

    def nodes(self, _run):
        """Options of each node that is started."""
        return [{}]

    def before(self, run):
        """When the database is there and no server yet."""

    def start(self, run, node):
        """Start a node."""
        node.start()

    def feed(self, run):
        """What is sent; return how many events."""
        day = RoughDay(
            run.client,
            run.knobs,
            date.today(),
            copies=self.copies,
            disorder=run.seed if self.shuffled else None,
            poison=poison_events(run.seed, self.poison) if self.poison else (),
        )
        day.run()
        return len(day.event_ids)

    def during(self, run):
        """Beside the feed."""

    def after(self, run):
        """When the feed is over; yields what is wrong."""
        return ()
