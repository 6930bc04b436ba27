"""The demo day: feeds the running suite over HTTP, and checks its ledger.

Everything that was sent is kept in a folder (`events.jsonl` and the 835 bytes); the
check reads that folder and the books, and nothing else.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import odoo_server, paths, postgres
from .progress import SetupError, log_path, run, say

FEED = paths.REPO / "tests" / "simulator" / "feed.py"
CHECK = paths.REPO / "setup" / "check_ledger.py"


def sent_folder(database):
    return paths.HOME / "demo" / database / "sent"


def make_access(database):
    """Logins and the feed's API key; see demo_access.py."""
    file = paths.HOME / "demo" / database / "access.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    script = Path(__file__).with_name("demo_access.py")
    with open(script) as source:
        run(
            odoo_server.command("shell", "-d", database, "--no-http"),
            f"demo access {database}",
            env=odoo_server.environment(RCM_ACCESS_FILE=str(file)),
            stdin=source,
            cwd=paths.REPO,
        )
    text = file.read_text()
    if not text:
        log = log_path(f"demo access {database}")
        raise SetupError(f"The demo users could not be prepared.\nLog: {log}")
    file.unlink()
    return json.loads(text)


def feed(url, database, api_key):
    """Send the demo day to the server; False when there is nothing to send."""
    if not FEED.exists():
        say("No demo day: tests/simulator is not there")
        return False
    if not api_key:
        say("No demo day: the demo data has no integration user")
        return False
    sent = sent_folder(database)
    shutil.rmtree(sent, ignore_errors=True)
    sent.mkdir(parents=True)
    say("Feeding the demo day over HTTP")
    command = [paths.PYTHON, "-m", "simulator.feed", "--url", url, "--db", database]
    result = subprocess.run(
        [*map(str, command), "--out", str(sent)],
        cwd=paths.REPO / "tests",
        env=_plain_environment(RCM_API_KEY=api_key),
        stdout=sys.stderr,
        stdin=subprocess.DEVNULL,
    )
    if result.returncode:
        raise SetupError(
            "The demo day did not go through (see above).\n"
            f"Odoo's log: {odoo_server.server_log(database)}"
        )
    return True


def check(database, started, corrupt):
    """Compare what was sent with the books; prints the JSON line; 0 or 1."""
    if not CHECK.exists():
        raise SetupError("setup/check_ledger.py is not there")
    command = [paths.PYTHON, CHECK, "--sent", sent_folder(database)]
    command += ["--started", started, *(["--corrupt"] if corrupt else [])]
    sys.stdout.flush()
    return subprocess.call(
        list(map(str, command)),
        env=_plain_environment(**postgres.server().environment(database)),
    )


def _plain_environment(**extra):
    """Neither Odoo nor the suite can be imported by mistake."""
    dropped = ("PYTHONPATH", "ODOO_RC")
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    return {**env, "PYTHONUNBUFFERED": "1", **extra}
