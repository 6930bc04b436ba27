"""Databases: create, copy, drop, and the note that says what one holds.

The note is PostgreSQL's own comment on the database, so it cannot outlive it.
"""

import contextlib
import json
import os
import shutil
import time

import psycopg2
from psycopg2 import sql

from . import paths, postgres
from .progress import SetupError

FILESTORE = paths.DATA / "filestore"


@contextlib.contextmanager
def _cursor(database="postgres"):
    server = postgres.server()
    try:
        connection = psycopg2.connect(server.dsn(database))
    except psycopg2.OperationalError as error:
        raise SetupError(
            f"The PostgreSQL server at {server.host}, port {server.port}, cannot be "
            f"used:\n{error}What to do: check DATABASE_URL or the PG* variables."
        ) from error
    with contextlib.closing(connection):
        connection.autocommit = True
        with connection.cursor() as cr:
            try:
                yield cr
            except psycopg2.errors.InsufficientPrivilege as error:
                raise SetupError(
                    f"PostgreSQL refuses: {error}"
                    "What to do: use a role that may create databases."
                ) from error


def names():
    with _cursor() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        return [name for (name,) in cr.fetchall()]


def notes():
    """{database: note} of every database that carries one of our notes."""
    with _cursor() as cr:
        cr.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
        )
        rows = cr.fetchall()
    found = {}
    for name, text in rows:
        with contextlib.suppress(TypeError, ValueError):
            note = json.loads(text)
            if isinstance(note, dict) and "modules" in note:
                found[name] = note
    return found


def set_note(name, note):
    with _cursor() as cr:
        cr.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(name), sql.Literal(json.dumps(note))
            )
        )


def copy(source, target, throw_away=False):
    """Copy a database that nobody is connected to, filestore included."""
    drop(target)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(target), sql.Identifier(source)
    )
    try:
        _retried(statement)
    except psycopg2.errors.InvalidCatalogName as error:
        raise SetupError(
            f"The database {source} is gone, another run may have cleaned up.\n"
            "What to do: run the command again."
        ) from error
    if throw_away:
        with _cursor() as cr:
            cr.execute(
                sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(
                    sql.Identifier(target)
                )
            )
    _link_filestore(source, target)


def rename(source, target):
    drop(target)
    _retried(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(source), sql.Identifier(target)
        )
    )
    if (FILESTORE / source).exists():
        (FILESTORE / source).rename(FILESTORE / target)


def drop(name):
    with _cursor() as cr:
        cr.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND backend_type = 'client backend'",
            [name],
        )
    _retried(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def query(database, statement, parameters=None):
    with _cursor(database) as cr:
        cr.execute(statement, parameters)
        return cr.fetchall()


def _retried(statement, attempts=40):
    """Autovacuum or a closing session may look at the source for a moment."""
    for attempt in range(attempts):
        try:
            with _cursor() as cr:
                return cr.execute(statement)
        except psycopg2.errors.ObjectInUse:
            if attempt + 1 == attempts:
                raise
            time.sleep(0.25)


def _link_filestore(source, target):
    """Files in a filestore are named by their hash and never change: hard links."""
    if (FILESTORE / source).exists():
        shutil.copytree(FILESTORE / source, FILESTORE / target, copy_function=os.link)
