"""./setup/test [pytest arguments]: the tests, in a copy of a template database.

    ./setup/test                                    everything but the long runs
    ./setup/test healthcare_rcm_base/tests/test_x.py
    ./setup/test -k pricing -x
    ./setup/test -m pure                            only tests that need no database
    ./setup/test --long                             also what is marked `long`
    ./setup/test --keep                             leave the test database behind

Ends with pytest's own summary line. No test collected, a module that is not
loaded, an ERROR in Odoo's log that no test expected, or skipped HTTP and browser
tests are failures too (see pytest_plugin.py).
"""

import os
import subprocess
import sys

from . import database, odoo_server, paths, provision, templates
from .progress import say

OWN_FLAGS = ("--keep", "--long")


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
    env = odoo_server.environment()
    env["PYTHONPATH"] += os.pathsep + str(paths.REPO / "setup")
    env["RCM_TEST_DATABASE"] = name
    sys.stdout.flush()
    return subprocess.call(command + arguments, env=env)
