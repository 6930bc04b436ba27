"""./setup/bench NAME: a benchmark, in a fresh copy of the suite's template database.

Runs tests/benchmarks/bench_NAME.py, which prints one JSON object a line: metric,
value, unit, goal, better ("more" or "less"), against, runs. It finds the database in
RCM_BENCH_DATABASE, its connection string in RCM_BENCH_DSN, and Odoo's configuration
in ODOO_RC; arguments after NAME are passed on.
"""

import os
import subprocess

from . import database, odoo_server, paths, postgres, provision, templates
from .progress import SetupError, say

FOLDER = paths.REPO / "tests" / "benchmarks"


def main(arguments):
    names = sorted(file.stem[len("bench_") :] for file in FOLDER.glob("bench_*.py"))
    if not arguments or arguments[0] not in names:
        print(__doc__)
        print("There are:", ", ".join(names) or "none yet")
        return 2
    name, rest = arguments[0], arguments[1:]
    with provision.environment():
        copy = f"rcm_test_{os.getpid()}_bench"
        database.copy(templates.ensure(), copy)
        say(f"Benchmark {name} in database {copy}")
        env = odoo_server.environment(
            RCM_BENCH_DATABASE=copy, RCM_BENCH_DSN=postgres.server().dsn(copy)
        )
        env["PYTHONPATH"] += os.pathsep + str(paths.REPO / "tests")
        file = FOLDER / f"bench_{name}.py"
        try:
            return subprocess.call([str(paths.PYTHON), str(file), *rest], env=env)
        except OSError as error:
            raise SetupError(f"{file} cannot be run: {error}") from error
        finally:
            database.drop(copy)
