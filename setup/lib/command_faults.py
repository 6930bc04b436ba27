"""./setup/faults: hurts a running suite and looks whether anything was lost or doubled.

    ./setup/faults                         every scene, seed 1
    ./setup/faults --seeds 1-5             every scene with each of these seeds
    ./setup/faults --only crash,kills      some scenes
    ./setup/faults --kills 40              so many killed workers a run
    ./setup/faults --count 20              so many of the scene's own faults or events
    ./setup/faults --encounters 60         so long a period
    ./setup/faults --feed 1                the period of seed 1, with faults of --seeds
    ./setup/faults --goals                 the goals of reliability at full counts: an
                                           hour or two; --goals R1,R8 for some
    ./setup/faults --seconds 1800          begin no further run after this long
    ./setup/faults --short                 what ./setup/test runs
    ./setup/faults --mutate                drop each unique constraint and each lock in
                                           turn: do the tests notice?
    ./setup/faults --list                  the scenes and the goals

A real Odoo with workers, on a PostgreSQL cluster of its own, is fed a simulated period
over HTTP; meanwhile workers are killed, the database crashes, messages come five times,
clocks are off. Afterwards the books (lines by claim, account, partner and amount) and
what was logged must be those of a run without faults, the audit chain and the hashes
of the journals must hold, and everything that was acknowledged must be there.

Each failure prints its seed and the command that shows it again. The last line sums up;
the exit code is 0 only when nothing failed.
"""

import argparse
import signal
import sys

from . import paths, provision
from .progress import SetupError


def main(arguments):
    options = _options(arguments)
    sys.path.insert(0, str(paths.REPO / "tests"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    from faults import campaign  # needs the path

    if options.list:
        return campaign.show()
    with provision.environment():
        return campaign.main(options)


def _options(arguments):
    parser = argparse.ArgumentParser(prog="setup/faults", add_help=False)
    parser.add_argument("--seeds", type=_seeds, default=[1])
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--count", type=int, default=None)
    parser.add_argument(
        "--goals", nargs="?", const=[], type=lambda text: text.split(",")
    )
    parser.add_argument("--seconds", type=int, default=None)
    parser.add_argument("--feed", type=int, default=None)
    parser.add_argument("--encounters", type=int, default=None)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--mutate", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args(arguments)


def _seeds(text):
    """``3``, ``1-5`` or ``1,4,9``."""
    seeds = []
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        try:
            seeds += range(int(first), int(last or first) + 1)
        except ValueError:
            raise SetupError(f"--seeds {text}: numbers as 3, 1-5 or 1,4,9") from None
    return seeds
