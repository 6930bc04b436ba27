"""Each unique constraint: do two who write the same key at once both get through?

The list is what the database has, checked against what the models declare, so a new
constraint is raced without being named anywhere.
"""

import re
from contextlib import closing

import psycopg2
from psycopg2 import sql

LOCK_TIMEOUT = "300ms"
LIST = """
SELECT t.relname, i.relname, coalesce(con.conname, ''),
       coalesce(pg_get_expr(x.indpred, x.indrelid), ''),
       ARRAY(SELECT a.attname FROM pg_attribute a
              WHERE a.attrelid = x.indrelid AND a.attnum = ANY(x.indkey)
              ORDER BY a.attnum),
       pg_get_indexdef(x.indexrelid)
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_class t ON t.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
  LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.contype = 'u'
 WHERE x.indisunique AND NOT x.indisprimary
   AND (t.relname LIKE 'rcm\\_%%' OR i.relname LIKE '%%\\_rcm\\_%%')
   AND i.relname NOT LIKE '%%\\_rel\\_%%'
 ORDER BY 1, 2
"""
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
  FROM pg_attribute a
 WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = ''
"""
# What a partial index wants of a row, as PostgreSQL prints it.
EQUAL = re.compile(r"\(?\"?(\w+)\"?\)?(?:::\w+)? = '([^']*)'")
ANY_OF = re.compile(r"\(?\"?(\w+)\"?\)?(?:::\w+)? = ANY \(.*?ARRAY\[\(?'([^']*)'")
IS_NULL = re.compile(r"\"?(\w+)\"? IS NULL")
FALSE = re.compile(r"NOT \"?(\w+)\"?|\"?(\w+)\"? IS NOT TRUE")
NUMBER = re.compile(r"\(?\"?(\w+)\"?\)?(?:::\w+)? = (\d+)")
WORD = re.compile(r"\b[a-z_][a-z0-9_]*\b")
# By type: what both write where it counts, and what the second writes elsewhere.
VALUES = {
    "integer": (2000000007, 2000000008),
    "bigint": (2000000007, 2000000008),
    "smallint": (7, 8),
    "numeric": (7, 8),
    "double precision": (7, 8),
    "boolean": (True, True),
    "date": ("2026-01-02", "2026-01-03"),
    "timestamp without time zone": ("2026-01-02 03:04:05", "2026-01-03 03:04:05"),
    "jsonb": ("{}", "[]"),
    "bytea": ("\\x00", "\\x01"),
    "integer[]": ("{7}", "{8}"),
}
TEXT = ("same", "other")


class Unique:
    """One unique index of the suite."""

    def __init__(self, table, index, constraint, predicate, columns, definition):
        self.table, self.index, self.constraint = table, index, constraint
        self.predicate = predicate
        inside = definition.partition(" USING ")[2]
        self.columns = {*columns, *WORD.findall(inside)}

    @property
    def name(self):
        return self.constraint or self.index

    def drop(self, cursor):
        """Take it away."""
        table, name = sql.Identifier(self.table), sql.Identifier(self.name)
        if self.constraint:
            text = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} CASCADE")
            cursor.execute(text.format(table, name))
        else:
            cursor.execute(sql.SQL("DROP INDEX {}").format(name))

    def row(self, cursor, second=False):
        """Columns and values of a row that the index takes an interest in.

        :param bool second: the same key, and all else different, so that nothing but
            this index can be in the way
        """
        cursor.execute(COLUMNS, [self.table])
        wanted = self._asked()
        row = {}
        for name, kind, needed in cursor.fetchall():
            counts = name in self.columns
            if name in wanted:
                row[name] = wanted[name]
            elif name != "id" and (needed or counts):
                values = VALUES.get(kind.split("(")[0], TEXT)
                row[name] = values[second and not counts]
        return row

    def _asked(self):
        wanted = {}
        for pattern in (EQUAL, ANY_OF, NUMBER):
            for name, value in pattern.findall(self.predicate):
                wanted.setdefault(name, value)
        for name in IS_NULL.findall(self.predicate):
            wanted[name] = None
        for first, second in FALSE.findall(self.predicate):
            if (first or second) not in ("NULL", ""):
                wanted[first or second] = False
        return wanted


class Race:
    """Two sessions on a throw-away database, free of everything but uniqueness."""

    def __init__(self, dsn):
        self.dsn = dsn

    def all(self):
        """Every unique index of the suite."""
        with closing(self._session()) as session, session.cursor() as cursor:
            cursor.execute(LIST)
            return [Unique(*row) for row in cursor.fetchall()]

    def missing(self, declared):
        """Declared by the models and not in the database."""
        there = {unique.name for unique in self.all()}
        return sorted(set(declared) - there)

    def kept_out(self, unique):
        """Whether the second of two writers of one key is kept out."""
        with closing(self._session()) as first, closing(self._session()) as second:
            with first.cursor() as one, second.cursor() as two:
                one.execute(*self._insert(unique, one))
                insert = self._insert(unique, two, second=True)
                try:
                    two.execute(*insert)
                except (psycopg2.errors.LockNotAvailable, psycopg2.IntegrityError):
                    return True
                finally:
                    second.rollback()
                    first.rollback()
                return False

    def prepare(self, unique):
        """Leave nothing on the table that could refuse the row for another reason."""
        with closing(self._session()) as session, session.cursor() as cursor:
            table = sql.Identifier(unique.table)
            cursor.execute(
                "SELECT conname FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype = 'c'",
                [unique.table],
            )
            for [name] in cursor.fetchall():
                drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
                cursor.execute(drop.format(table, sql.Identifier(name)))
            off = sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(table)
            cursor.execute(off)
            session.commit()

    def without(self, unique):
        """Whether the second is kept out once the index is gone."""
        with closing(self._session()) as session, session.cursor() as cursor:
            unique.drop(cursor)
            session.commit()
        return self.kept_out(unique)

    def _insert(self, unique, cursor, second=False):
        row = unique.row(cursor, second)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(unique.table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        )
        return statement, list(row.values())

    def _session(self):
        session = psycopg2.connect(self.dsn)
        with session.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        session.commit()
        return session
