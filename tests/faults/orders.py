"""One day in many orders, in a test database of its own: see ``test_orders.py``."""

import os
import re
import subprocess
import time

from lib import paths

from .runs import Result

NAME = "orders"
SUMMARY = "one day in many orders, with repeats and late events: one set of books"
TOLD = re.compile(r"(\d+) orders, (\d+) events: (\d+) digest")


def play(count):
    """So many orders; the :class:`~.runs.Result`."""
    started = time.monotonic()
    done = subprocess.run(
        [str(paths.REPO / "setup" / "test"), "tests/faults/test_orders.py", "-s"],
        env={**os.environ, "RCM_FAULTS_ORDERS": str(count)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = TOLD.search(done.stdout)
    result = Result(NAME, 1, options=f" --count {count}")
    if told:
        result.notes.append(told.group())
        result.killed, result.events = int(told[1]), int(told[2])
    if done.returncode or not told:
        result.problems.append(done.stdout[-3000:])
    result.seconds = time.monotonic() - started
    return result
