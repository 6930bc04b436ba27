"""The goals of reliability at their full counts: ``./setup/faults --goals``."""

from dataclasses import dataclass, field
from itertools import count


@dataclass(frozen=True, slots=True)
class Trial:
    """A scene played with seeds from 1 on, until it was enough.

    :param int runs: so many seeds, or more until there were
    :param int faults: so many faults
    """

    scene: str
    runs: int = 1
    faults: int = 0
    options: dict = field(default_factory=dict)

    def seeds(self, faults):
        """Seeds in turn; ``faults()`` tells how many there were of this trial."""
        for seed in count(1):
            if seed > self.runs and faults() >= self.faults:
                return
            yield seed


# One period for all seeds, so that one clean run is enough; seeds tell of the faults.
SAME = {"feed": 1}
LONG = {"feed": 1, "encounters": 60}
GOALS = {
    "R1": (
        Trial("kills", faults=1000, options={"kills": 300, **LONG}),
        Trial("failpoints", runs=5, options=SAME),
    ),
    "R3": (Trial("orders", options={"count": 200}),),
    "R5": (Trial("ordering", options={"count": 110000, "kills": 40}),),
    "R6": (Trial("poison_many", options={"count": 10000}),),
    "R7": (
        Trial("recovery", runs=3, options={"count": 20, **LONG}),
        Trial("power", runs=3, options={"count": 7, **LONG}),
    ),
    "R8": (
        Trial("crash", options={"count": 20, **LONG}),
        Trial("silence", runs=5, options=SAME),
    ),
    "R9": (Trial("skew", runs=3, options=SAME),),
    "R11": (Trial("replay_log", runs=3),),
}
