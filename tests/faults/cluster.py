"""A PostgreSQL cluster of our own: it may crash without hurting anybody else.

It is made once per clone and kept; the template database of the suite is restored into
it, so that a run begins with a copy. Durable settings: what was acknowledged must be
there after a crash.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import time

import psycopg2
from lib import paths, postgres, postgres_programs
from lib.postgres_place import folder as shared_folder
from lib.postgres_place import own_folder, server_user
from lib.progress import SetupError, say
from lib.steps import write_atomically
from psycopg2 import sql

ADMIN, USER = "rcm_admin", "rcm"
PORT = 5432
START_SECONDS = 120
SOCKET_LIMIT = 90
SETTINGS = """
unix_socket_permissions = 0777
max_connections = 120
shared_buffers = 128MB
work_mem = 8MB
max_wal_size = 2GB
wal_level = minimal
max_wal_senders = 0
jit = off
max_locks_per_transaction = 256
fsync = on
synchronous_commit = on
full_page_writes = on
recovery_init_sync_method = fsync
log_min_error_statement = panic
log_error_verbosity = terse
"""


def home():
    """Where the cluster lies: beside the shared one, where its account can go."""
    return shared_folder().with_name(f"{shared_folder().name}-faults-{paths.CLONE}")


def _own_address(place):
    """An address of this machine that no other clone's cluster has."""
    first, second = hashlib.sha256(str(place).encode()).digest()[:2]
    return f"127.77.{first}.{second or 1}"


class Cluster:
    """Start, stop, crash; copy and drop databases; ask."""

    def __init__(self):
        self.home = home()
        self.data = self.home / "data"
        self.host = str(self._sockets())
        self.address = _own_address(self.home)
        self.user = USER

    # -- life ------------------------------------------------------------------

    def ensure(self):
        """Make the cluster if it is not there, and start it."""
        if shutil.which("pg_ctl") is None:
            postgres_programs.provision()
        self.home.mkdir(mode=0o755, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            say(f"PostgreSQL for the faults: new cluster in {self.data}")
            self._init()
        write_atomically(
            self.data / "rcm.conf",
            f"{SETTINGS}unix_socket_directories = '{self.host}'\n"
            f"listen_addresses = '{self.address}'\n",
        )
        self.start()
        self._ensure_role()
        return self

    def start(self):
        """Start, unless it runs."""
        if self._pg_ctl("status") == 0:
            return
        own_folder(self._sockets())
        log = self.data / "server.log"
        if self._pg_ctl("start", "-w", "-t", START_SECONDS, "-l", log):
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
            raise SetupError(f"The cluster of the faults did not start.\n{tail}")

    def stop(self, mode="fast"):
        """``fast`` as an administrator, ``immediate`` as a power cut would."""
        self._pg_ctl("stop", "-m", mode, "-w")

    def crash(self, seconds=0.0):
        """Down at once without a checkpoint, and up again after ``seconds``."""
        self.stop("immediate")
        time.sleep(seconds)
        self.start()

    def restart(self, seconds=0.0):
        """An orderly restart: sessions are cut, everything is written."""
        self.stop("fast")
        time.sleep(seconds)
        self.start()

    # -- databases -------------------------------------------------------------

    def dsn(self, database, admin=False):
        """libpq connection string."""
        user = ADMIN if admin else USER
        return f"host='{self.host}' port='{PORT}' user='{user}' dbname='{database}'"

    def names(self):
        return [
            name for [name] in self.query("postgres", "SELECT datname FROM pg_database")
        ]

    def restore(self, template, name):
        """Bring ``template`` of the shared server here under ``name``."""
        self.drop(name)
        self.query(
            "postgres", sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        )
        shared = postgres.server()
        dump = subprocess.Popen(
            [self._program("pg_dump"), "-Fc", "-Z0", "--no-owner", template],
            stdout=subprocess.PIPE,
            env={**self._libraries(), **shared.environment(template)},
        )
        restore = subprocess.run(
            [
                self._program("pg_restore"),
                "--no-owner",
                "--no-acl",
                "--no-comments",
                "-h",
                self.host,
                "-U",
                ADMIN,
                "--role",
                USER,
                "-d",
                name,
            ],
            stdin=dump.stdout,
            env=self._libraries(),
            capture_output=True,
            text=True,
        )
        dump.stdout.close()
        if dump.wait() or restore.returncode:
            raise SetupError(
                f"The template was not restored:\n{restore.stderr[-2000:]}"
            )
        self.query(name, "ANALYZE")

    def copy(self, source, target):
        """A copy of a database that nobody uses."""
        self.drop(target)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        if self._version() < 150000:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._terminate(source)
        self.query(
            "postgres",
            statement.format(sql.Identifier(target), sql.Identifier(source)),
        )

    def rename(self, source, target):
        """Give a database its final name."""
        self.drop(target)
        self._terminate(source)
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self.query(
            "postgres",
            statement.format(sql.Identifier(source), sql.Identifier(target)),
        )

    def drop(self, name):
        """Remove a database, whoever is connected."""
        self._terminate(name)
        statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        self.query("postgres", statement)

    def query(self, database, statement, parameters=None, admin=False):
        """Rows of one statement, committed at once."""
        with contextlib.closing(psycopg2.connect(self.dsn(database, admin))) as cnx:
            cnx.autocommit = True
            with cnx.cursor() as cr:
                cr.execute(statement, parameters)
                return cr.fetchall() if cr.description else []

    # -- helpers ---------------------------------------------------------------

    def _terminate(self, name):
        self.query(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [name],
            admin=True,
        )

    def _version(self):
        with contextlib.closing(psycopg2.connect(self.dsn("postgres"))) as cnx:
            return cnx.server_version

    def _sockets(self):
        inside = self.home / "socket"
        if len(str(inside)) < SOCKET_LIMIT:
            return inside
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return inside.__class__("/var/tmp") / f"rcm-pgf-{digest}"

    def _program(self, name):
        return str(postgres_programs.server_programs() / name)

    def _libraries(self):
        return {**os.environ, **postgres_programs.library_environment()}

    def _options(self):
        options = {"cwd": "/", "env": self._libraries()}
        account = server_user()
        if account:
            options |= {
                "user": account.pw_uid,
                "group": account.pw_gid,
                "extra_groups": [],
            }
        return options

    def _pg_ctl(self, *arguments):
        return subprocess.run(
            [self._program("pg_ctl"), "-D", str(self.data), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._options(),
        ).returncode

    def _init(self):
        part = self.data.with_name("data.part")
        shutil.rmtree(part, ignore_errors=True)
        own_folder(part)
        done = subprocess.run(
            [
                self._program("initdb"),
                "-D",
                str(part),
                "-U",
                ADMIN,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            **self._options(),
        )
        if done.returncode:
            raise SetupError(f"initdb for the faults failed:\n{done.stderr[-1000:]}")
        with open(part / "postgresql.conf", "a") as conf:
            conf.write("include_if_exists = 'rcm.conf'\n")
        part.rename(self.data)

    def _ensure_role(self):
        known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        if not self.query("postgres", known, [USER], admin=True):
            create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB")
            self.query("postgres", create.format(sql.Identifier(USER)), admin=True)
