"""./setup/odoo …: any Odoo command in the environment.

./setup/odoo -d mydb -i healthcare_rcm --stop-after-init
./setup/odoo shell -d mydb
./setup/odoo module upgrade -d mydb healthcare_rcm_base
./setup/odoo copy mydb [--demo]      a fresh database with this clone's suite
./setup/odoo drop mydb
"""

import signal
import subprocess
import sys

from . import database, odoo_server, provision, templates
from .progress import say


def main(arguments):
    if not arguments:
        print(__doc__)
        return 2
    with provision.environment():
        if arguments[0] == "copy" and len(arguments) > 1:
            return _copy(arguments[1], demo="--demo" in arguments)
        if arguments[0] == "drop" and len(arguments) == 2:
            return database.drop(arguments[1]) or 0
        return _run(arguments)


def _copy(name, demo):
    database.copy(templates.ensure(demo), name, throw_away=True)
    say(f"Database {name} is ready")
    return 0


def _run(arguments):
    """Ctrl-C goes to Odoo, which stops by itself; PostgreSQL stays until then."""
    process = subprocess.Popen(
        odoo_server.command(*arguments),
        env=odoo_server.environment(),
        stdin=sys.stdin,
    )
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forward = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, previous)
        signal.signal(signal.SIGTERM, forward)
