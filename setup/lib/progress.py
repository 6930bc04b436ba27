"""What the person in front of the terminal sees: progress, and plain errors."""

import os
import re
import subprocess
import sys
import threading
import time

from . import paths

# kept across the change into the virtual environment's Python
STARTED_AT = float(os.environ.setdefault("RCM_STARTED_AT", str(time.time())))
TICK_SECONDS = 10


class SetupError(Exception):
    """Something is missing or failed; the text says what to do about it."""


def say(text):
    """One progress line on stderr, with the seconds since the start."""
    seconds = int(time.time() - STARTED_AT)
    print(f"[{seconds:4d}s] {text}", file=sys.stderr, flush=True)


def log_path(name):
    return paths.LOGS / (re.sub(r"[^\w.-]+", "-", name) + ".log")


def run(command, label, hint="", check=True, **options):
    """Run a command into a log file; tick while it lasts; explain a failure.

    Returns the exit code. `hint` is what to do when it fails.
    """
    log = log_path(label)
    with open(log, "w") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=out,
            stderr=subprocess.STDOUT,
            **options,
        )
        done = threading.Event()
        threading.Thread(target=_tick, args=(done, label), daemon=True).start()
        try:
            code = process.wait()
        except BaseException:  # also Ctrl-C: leave no program behind
            process.terminate()
            process.wait()
            raise
        finally:
            done.set()
    if code and check:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        advice = f"\nWhat to do: {hint}" if hint else ""
        raise SetupError(f"{label} failed (exit {code}).\n{tail}\nLog: {log}{advice}")
    return code


def _tick(done, label):
    started = time.monotonic()
    while not done.wait(TICK_SECONDS):
        say(f"  … {label}: {int(time.monotonic() - started)} s")
