"""What goes wrong: each scene hurts a running suite in its own way."""

from .replay_log import ReplayLog
from .scene import Scene
from .scenes_database import Crash, DarkStart, Restart, Silence
from .scenes_traffic import Duplicates, Poison, Shuffle, Skew, Storm
from .scenes_workers import DiskFull, Failpoints, Kills, Nodes, Power, Recovered
from .volume import Ordering, PoisonMany

SCENES = {
    scene.name: scene
    for scene in (
        Scene,
        Kills,
        Recovered,
        Power,
        Failpoints,
        Crash,
        Restart,
        DarkStart,
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
