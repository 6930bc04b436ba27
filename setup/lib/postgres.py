"""PostgreSQL: a private cluster, or the server that the environment names.

The private cluster has no network port: it listens on a socket in a folder that
only its owner may enter. It is durable (fsync on); throw-away test databases only
relax `synchronous_commit`. Whoever leaves last stops it, unless the file
`keep-running` lies in its folder.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess

from . import paths, postgres_programs
from .postgres_place import folder, own_folder, server_user, socket_folder
from .postgres_programs import library_environment, server_programs
from .progress import SetupError, run, say
from .steps import lock, write_atomically

USER = "rcm"
ADMIN = "rcm_admin"
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
# Failed statements and the rows they name hold patient data; Odoo logs their shape.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
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

    def environment(self, database):
        """libpq's variables: a password does not belong on a command line."""
        variables = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": database,
        }
        return {key: value for key, value in variables.items() if value}


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


def provision():
    """Programs and an initialised cluster; does not start it."""
    if configured():
        say(f"PostgreSQL: the server at {configured().host}")
        return
    place = folder()
    place.mkdir(mode=0o755, exist_ok=True)
    if place.stat().st_uid != os.geteuid():
        raise SetupError(f"{place} belongs to somebody else.\nWhat to do: remove it.")
    postgres_programs.provision()
    if not (place / "data").exists():  # never made anew over an existing one
        say(f"PostgreSQL: new private cluster in {place / 'data'}")
        _init_cluster()
    write_atomically(place / "data" / "rcm.conf", _settings())
    postgres_programs.write_client_programs()


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
        _pg_ctl("reload")  # settings of a newer version, where a reload is enough
        return
    sockets = socket_folder()
    own_folder(sockets)
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
        [str(server_programs() / "pg_ctl"), "-D", str(data), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **_as_server_user(),
    )
    return result.returncode


def _as_server_user():
    """subprocess options: the server's account, its libraries, a folder it may enter"""
    options = {"cwd": "/", "env": {**os.environ, **library_environment()}}
    account = server_user()
    if account:
        options |= {
            "user": account.pw_uid,
            "group": account.pw_gid,
            "extra_groups": [],
        }
    return options


def _settings():
    return f"{SETTINGS}unix_socket_directories = '{socket_folder()}'\n"


def _init_cluster():
    """initdb into a temporary folder, which takes its name when complete."""
    data = folder() / "data"
    part = data.with_name("data.part")
    command = [
        server_programs() / "initdb", "-D", part, "-U", ADMIN, "--auth=trust",
        "--encoding=UTF8", "--no-instructions",
    ]  # fmt: skip
    for locale in ("C.UTF-8", "C"):  # not every machine has the first
        shutil.rmtree(part, ignore_errors=True)
        own_folder(part)
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
