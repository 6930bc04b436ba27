"""Stops a session at a lock, with or without it, and says what became of it."""

import re
import sys
from unittest.mock import patch

from psycopg2 import errors

from odoo import sql_db
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL, mute_logger

MARKS = re.compile(
    r"FOR (NO KEY )?UPDATE|lock_for_update|advisory_xact_lock|write_uid = write_uid"
)
CLAUSE = re.compile(
    r"\s*FOR (?:NO KEY )?UPDATE(?: OF (?:\w+|%s|\"\w+\"))?(?: SKIP LOCKED| NOWAIT)?"
)
ADVISORY = re.compile(r"pg_(try_)?advisory_xact_lock\((.*?)\)")
IN, WAITS, SKIPS, REFUSED = "in", "waits", "skips", "refused"


class Inside(Exception):
    """The lock was taken: no need to go further."""


class Watch:
    """Stops whoever took the lock of one site; without the lock when mutated."""

    def __init__(self, site, mutated):
        self.site, self.mutated = site, mutated

    def __enter__(self):
        execute = sql_db.Cursor.execute
        watch = self

        def watched(cursor, query, params=None, **options):
            text = query.code if isinstance(query, SQL) else str(query)
            mine = MARKS.search(text) and watch.is_here()
            if mine and watch.mutated:
                query = watch.without_lock(query)
            result = execute(cursor, query, params, **options)
            if mine and cursor.rowcount > 0 and not watch.refused(text, cursor):
                raise Inside
            return result

        self.patcher = patch.object(sql_db.Cursor, "execute", watched)
        self.patcher.start()
        return self

    def __exit__(self, *_exc):
        self.patcher.stop()

    def is_here(self):
        """Whether the statement comes from the site."""
        file, function = self.site
        frame = sys._getframe(2)
        while frame:
            code = frame.f_code
            if code.co_name == function and code.co_filename.endswith(file):
                return True
            frame = frame.f_back
        return False

    @staticmethod
    def refused(text, cursor):
        """An advisory lock answers with false instead of no row."""
        if "advisory" not in text:
            return False
        [taken] = cursor.fetchone()
        cursor._obj.scroll(0, mode="absolute")  # whoever asked reads it again
        return not taken

    @staticmethod
    def without_lock(query):
        """The same statement without its lock."""
        text = query.code if isinstance(query, SQL) else str(query)
        if "write_uid = write_uid" in text:
            text = text.replace(
                "UPDATE account_journal SET write_uid = write_uid",
                "SELECT id FROM account_journal",
            )
        text = ADVISORY.sub(r"(\2 IS NOT NULL)", text)
        clause = CLAUSE.search(text)
        if not isinstance(query, SQL):
            return CLAUSE.sub("", text)
        params = list(query.params)
        if clause and "%s" in clause.group():  # the table's name was a parameter
            text = text[: clause.start()] + text[clause.end() :]
        return SQL(CLAUSE.sub("", text), *params)


def attempt(env, call):
    """What becomes of one who comes: in, waits, skips or is refused."""
    try:
        with mute_logger("odoo.sql_db"):
            call(env)
    except Inside:
        return IN
    except errors.LockNotAvailable:
        return WAITS
    except (LockError, UserError):
        return REFUSED
    return SKIPS
