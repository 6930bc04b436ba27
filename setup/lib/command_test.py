"""./setup/test [pytest arguments]: the tests, in a copy of a template database.

    ./setup/test                                    everything but the long runs
    ./setup/test healthcare_rcm_base/tests/test_x.py
    ./setup/test -k pricing -x
    ./setup/test -m pure                            only tests that need no database
    ./setup/test --long                             also what is marked `long`
    ./setup/test --keep                             leave the test database behind
    ./setup/test -n 1                               everything in one process

Without arguments every core (four at most) takes test files in turn, each in a
database of its own.

Ends with pytest's own summary line. No test collected, a module that is not
loaded, an ERROR in Odoo's log that no test expected, or skipped HTTP and browser
tests are failures too (see pytest_plugin.py).
"""

import os
import shutil
import subprocess
import sys

from . import database, odoo_server, paths, postgres, provision, templates
from .progress import say

OWN_FLAGS = ("--keep", "--long")
MOST_WORKERS = 4


def main(arguments):
    own = [flag for flag in OWN_FLAGS if flag in arguments]
    arguments = [argument for argument in arguments if argument not in own]
    with provision.environment(browser=True):
        name = f"rcm_test_{os.getpid()}"
        database.copy(templates.ensure(), name, throw_away=True)
        say(f"Test database {name}")
        try:
            return _pytest(name, arguments, own)
        finally:
            if "--keep" not in own:
                database.drop(name)


def _pytest(name, arguments, own):
    command = [
        str(paths.PYTHON), "-m", "pytest", "-p", "pytest_plugin", "--odoo-http",
        f"--odoo-database={name}", "--odoo-log-level=warn",
        f"--rootdir={paths.REPO}", "-c", str(paths.REPO / "pyproject.toml"),
    ]  # fmt: skip
    if "--long" not in own and "-m" not in arguments:
        command += ["-m", "not long"]
    env = odoo_server.environment(**_postgres_variables())
    command += _workers(arguments, env["PATH"])
    env["PYTHONPATH"] += os.pathsep + str(paths.REPO / "setup")
    env["RCM_TEST_DATABASE"] = name
    sys.stdout.flush()
    return subprocess.call(command + arguments, env=env)


def _postgres_variables():
    """For createdb and dropdb, by which each worker gets its database."""
    variables = postgres.server().environment("")
    return {name: value for name, value in variables.items() if value}


def _workers(arguments, path):
    """pytest-xdist's options: one worker a core, files stay whole and in our order."""
    if "-n" in arguments:
        count = []
    elif arguments or not shutil.which("createdb", path=path):
        return []
    else:
        count = ["-n", str(min(os.cpu_count() or 1, MOST_WORKERS))]
    return [*count, "--dist", "loadfile", "--no-loadscope-reorder"]
