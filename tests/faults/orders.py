"""One day in many orders, in a test database of its own: see ``test_orders.py``."""

import itertools
import os
import re
import subprocess
import time

from lib import paths

from .runs import Result

NAME = "orders"
SUMMARY = "one day in many orders, with repeats and late events: one set of books"
TOLD = re.compile(r"(\d+) orders, (\d+) events: 1 digest\(s\), (\w+)")


def play(count):
    """So many orders, on all cores; the :class:`~.runs.Result`."""
    started = time.monotonic()
    shares = min(count, os.cpu_count() or 1)
    edges = [count * share // shares for share in range(shares + 1)]
    playing = [_start(low + 1, high) for low, high in itertools.pairwise(edges)]
    result = Result(NAME, 1, options=f" --count {count}")
    digests = set()
    for process in playing:
        output, _errors = process.communicate()
        told = TOLD.search(output)
        if process.returncode or not told:
            result.problems.append(output[-3000:])
            continue
        result.killed += int(told[1])
        result.events += int(told[2])
        digests.add(told[3])
    if not result.problems:
        result.notes.append(f"{result.killed} orders, digests {', '.join(digests)}")
    if len(digests) > 1:
        result.problems.append("the books of one day differ")
    result.seconds = time.monotonic() - started
    return result


def _start(first, last):
    return subprocess.Popen(
        [str(paths.REPO / "setup" / "test"), "tests/faults/test_orders.py", "-s"],
        env={**os.environ, "RCM_FAULTS_ORDERS": f"{first}-{last}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
