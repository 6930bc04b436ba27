"""Odoo processes: the configuration file, the command line, the environment."""

import contextlib
import ctypes
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import odoo_source, paths, suite
from .progress import SetupError, log_path, run, say
from .steps import write_atomically

BAD_LINE = re.compile(r" (ERROR|CRITICAL) |Some modules are not loaded")
SERVER_WIDE = "base,rpc,web,healthcare_rcm_connectors"
# Odoo does without these where the server lacks them or the role may not add them
HARMLESS = re.compile(r"CREATE EXTENSION IF NOT EXISTS (pg_trgm|unaccent)")


def write_config(server):
    """odoo.conf of this clone; every Odoo command here uses it."""
    odoo = odoo_source.find()
    suite.link()
    addons = [*odoo.addons, paths.LINKS, paths.REPO]
    options = {
        "addons_path": ",".join(str(path) for path in addons),
        "data_dir": paths.DATA,
        "admin_passwd": _master_password(),
        "http_interface": "127.0.0.1",
        # a node that starts while the database is away says 503, not 404
        "server_wide_modules": SERVER_WIDE,
        "list_db": "False",
        "max_cron_threads": "2",
        "limit_time_real": "600",
        "limit_time_cpu": "600",
        "limit_memory_soft": str(4 * 1024**3),
        "limit_memory_hard": str(6 * 1024**3),
        "screenshots": paths.LOGS / "screenshots",
        **server.odoo_options(),
    }
    lines = [f"{key} = {value}" for key, value in options.items()]
    write_atomically(paths.CONF, "\n".join(["[options]", *lines, ""]), mode=0o600)


def _master_password():
    """Random, kept: the database manager is off, but never with Odoo's default."""
    file = paths.HOME / "master-password"
    if not file.exists():
        write_atomically(file, secrets.token_urlsafe(24), mode=0o600)
    return file.read_text()


def environment(**extra):
    """Environment variables of a process that runs Odoo or its tests."""
    odoo = odoo_source.find()
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PG") and key not in ("ODOO_RC", "PYTHONPATH")
    }
    env["PATH"] = os.pathsep.join(
        [str(paths.BIN), str(paths.VENV / "bin"), env.get("PATH", os.defpath)]
    )
    env["PYTHONPATH"] = str(odoo.python_path)
    env["ODOO_RC"] = str(paths.CONF)
    env["RCM_HOME"] = str(paths.HOME)
    env["PYTHONUNBUFFERED"] = "1"
    env["TZ"] = "UTC"
    return {**env, **extra}


def command(*arguments):
    return [str(paths.PYTHON), str(odoo_source.find().script), *map(str, arguments)]


def apply(database, label, *arguments):
    """Install or upgrade modules and stop; an ERROR in the log is a failure."""
    arguments = ["-d", database, *arguments, "--stop-after-init", "--no-http"]
    run(
        command(*arguments, "--max-cron-threads", "0"),
        label,
        "read the log above: the modules do not install",
        env=environment(),
        cwd=paths.REPO,
    )
    check_log(label)


def check_log(label):
    lines = log_path(label).read_text(errors="replace").splitlines()
    bad = [line for line in lines if BAD_LINE.search(line)]
    bad = [line for line in bad if not HARMLESS.search(line)]
    if bad:
        shown = "\n".join(bad[:10])
        raise SetupError(
            f"{label}: errors in Odoo's log:\n{shown}\nLog: {log_path(label)}"
        )


def free_port(wanted):
    """`wanted`, or the next port that nobody listens on."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SetupError(f"No free port from {wanted}. What to do: --port N")


# -- a server that stays ---------------------------------------------------------

START_SECONDS = 180
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1
_process = None


def server_log(database):
    return paths.LOGS / f"odoo-{database}.log"


@contextlib.contextmanager
def serving(database, wanted_port):
    """An Odoo server with cron workers; yields its address once it answers."""
    global _process
    port = free_port(wanted_port)
    if port != wanted_port:
        say(f"Port {wanted_port} is taken, using {port}")
    say(f"Starting Odoo on 127.0.0.1:{port}")
    server_log(database).unlink(missing_ok=True)
    _process = subprocess.Popen(
        command(
            "-d",
            database,
            "--http-port",
            port,
            "--db-filter",
            f"^{database}$",
            "--logfile",
            server_log(database),
        ),  # fmt: skip
        env=environment(),
        cwd=paths.REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
        preexec_fn=_die_with_parent,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for_login_page(url, database)
        yield url
    finally:
        _stop()


def wait_for_end():
    """Until Odoo ends by itself or Ctrl-C."""
    try:
        code = _process.wait()
    except KeyboardInterrupt:
        say("Stopping")
        return
    raise SetupError(f"Odoo ended by itself (exit {code}).")


def _stop():
    if _process.poll() is not None:
        return
    _process.send_signal(signal.SIGTERM)
    try:
        _process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _process.kill()
        _process.wait()


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_login_page(url, database):
    deadline = time.monotonic() + START_SECONDS
    problem = "no answer"
    while time.monotonic() < deadline and _process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/web/login", timeout=60) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code}"
        except OSError:
            pass  # not listening yet
        time.sleep(0.3)
    tail = "\n".join(
        server_log(database).read_text(errors="replace").splitlines()[-15:]
    )
    raise SetupError(
        f"Odoo does not show its login page ({problem}).\n{tail}\n"
        f"Log: {server_log(database)}"
    )
