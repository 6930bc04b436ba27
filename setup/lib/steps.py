"""Steps that run once: a stamp holds the hash of what a step was made from.

A step may be interrupted anywhere: it writes to a temporary place, renames when
complete, and is stamped last. Two runs at once wait for each other.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil

from . import paths
from .progress import SetupError, say


def make_home():
    """Create the private folder; it ignores itself in every version control."""
    home = paths.HOME
    inside = (paths.LOGS, paths.STAMPS, paths.CACHE, paths.BIN, paths.DATA, paths.LINKS)
    try:
        for folder in (home, *inside):
            folder.mkdir(parents=True, exist_ok=True)
        if not (home / ".gitignore").exists():
            (home / ".gitignore").write_text("*\n")
    except OSError as error:
        raise SetupError(
            f"The folder {home} cannot be written: {error.strerror}.\n"
            "What to do: name one of yours with RCM_HOME=…"
        ) from error


@contextlib.contextmanager
def lock(name, refusal=None):
    """Only one process holds the lock `name`; others say so and wait, or are refused
    with the text `refusal`."""
    paths.HOME.mkdir(parents=True, exist_ok=True)
    with open(paths.HOME / f"{name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if refusal:
                raise SetupError(refusal) from None
            say(f"Waiting for another run that holds {handle.name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def step(name, title, inputs, make, is_there=None):
    """Call `make()` unless the stamp says it was done from the same inputs."""
    digest = hash_of(inputs)
    stamp = paths.STAMPS / name
    fresh = stamp.exists() and stamp.read_text() == digest
    if fresh and (is_there is None or is_there()):
        return
    say(title)
    stamp.unlink(missing_ok=True)
    make()
    write_atomically(stamp, digest)


def hash_of(inputs):
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_atomically(path, text, mode=0o644):
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    part.chmod(mode)
    part.replace(path)


@contextlib.contextmanager
def new_folder(final):
    """A folder to fill; it takes its final name only when complete."""
    part = final.with_name(final.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    if final.exists():
        shutil.rmtree(final)
    part.rename(final)
