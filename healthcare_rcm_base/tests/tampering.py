"""Ways in which the owner of the database could falsify a sealed log.

Each way is one method that returns words for the report. Whoever calls them does so
inside a savepoint and undoes it.
"""

import random

from odoo.tools import SQL

TABLES = (
    "rcm_audit_log",
    "rcm_audit_payload",
    "rcm_audit_pending",
    "rcm_audit_seal",
)
KINDS = ("edit", "delete", "insert", "reorder", "tail_cut")
TEXT_COLUMNS = (
    "event",
    "model",
    "record_name",
    "correlation_id",
    "actor_login",
    "actor_kind",
    "source",
    "payload_hash",
)
NUMBER_COLUMNS = ("res_id", "company_id", "actor_uid")
# Some tamperers hide their traces by sealing everything after it again.
HIDE_SHARE = 0.2


def disarm(cr):
    """Switch the triggers off, as only the owner of the tables can."""
    for table in TABLES:
        cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table)))


def rearm(cr):
    """Switch them on again."""
    for table in TABLES:
        cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", SQL.identifier(table)))


class Tamperer:
    """Falsifies rows ``ids`` and the blocks that hold them; seeded."""

    def __init__(self, env, ids, seed):
        self.env = env
        self.cr = env.cr
        self.ids = ids
        self.random = random.Random(seed)

    def tamper(self, kind):
        """Do one tampering of this kind; return what was done."""
        done = getattr(self, kind)()
        if kind != "tail_cut" and self.random.random() < HIDE_SHARE:
            self._seal_again()
            done += ", sealed again"
        self.env.invalidate_all()
        return done

    # -- kinds ------------------------------------------------------------------
    def edit(self):
        """Change one value of a row, or its detail."""
        id_ = self._row()
        column = self.random.choice(
            (*TEXT_COLUMNS, *NUMBER_COLUMNS, "logged_at", "detail")
        )
        if column == "detail":
            self._do("UPDATE rcm_audit_payload SET body = '{}' WHERE log_id = %s", id_)
        elif column == "logged_at":
            self._do(
                "UPDATE rcm_audit_log SET logged_at = logged_at + interval '1 us' "
                "WHERE id = %s",
                id_,
            )
        elif column in NUMBER_COLUMNS:
            self._set(id_, column, SQL("coalesce(%s, 0) + 1", SQL.identifier(column)))
        else:
            self._set(
                id_, column, SQL("coalesce(%s, '') || 'x'", SQL.identifier(column))
            )
        return f"{column} of row {id_} edited"

    def delete(self):
        """Delete rows, with or without their details, or a detail alone."""
        id_ = self._row()
        what = self.random.choice(("row", "row and detail", "detail"))
        if what != "row":
            self._do("DELETE FROM rcm_audit_payload WHERE log_id = %s", id_)
        if what != "detail":
            self._do("DELETE FROM rcm_audit_log WHERE id = %s", id_)
        return f"{what} {id_} deleted"

    def insert(self):
        """Put a row among the sealed ones, before them or behind them."""
        where = self.random.choice(("before", "among", "behind", "detail"))
        if where == "detail":
            id_ = self._free_id("behind")
            self._do(
                "INSERT INTO rcm_audit_payload (log_id, body) VALUES (%s, '{}')", id_
            )
            return f"detail {id_} inserted"
        id_ = self._free_id(where)
        self._do(
            """INSERT INTO rcm_audit_log (id, logged_at, event, model, res_id)
               SELECT %s, logged_at, event, model, res_id FROM rcm_audit_log
                WHERE id = %s""",
            id_,
            self.random.choice([row for row in self.ids if row != id_]),
        )
        return f"row {id_} inserted {where}"

    def reorder(self):
        """Swap two rows, or two blocks."""
        if self.random.random() < 0.3:
            self.cr.execute("SELECT position FROM rcm_audit_seal ORDER BY 1")
            one, two = self.random.sample([p for [p] in self.cr.fetchall()], 2)
            self._swap("rcm_audit_seal", "position", one, two)
            return f"blocks {one} and {two} swapped"
        one, two = self.random.sample(self.ids, 2)
        self._swap("rcm_audit_log", "id", one, two)
        return f"rows {one} and {two} swapped"

    def tail_cut(self):
        """Cut the log off at a block: rows, details and blocks."""
        self.cr.execute("SELECT position, first_id FROM rcm_audit_seal ORDER BY 1")
        position, first = self.random.choice(self.cr.fetchall()[1:])
        for statement in (
            "DELETE FROM rcm_audit_payload WHERE log_id >= %s",
            "DELETE FROM rcm_audit_log WHERE id >= %s",
        ):
            self._do(statement, first)
        self.cr.execute("DELETE FROM rcm_audit_pending WHERE log_id >= %s", [first])
        self._do("DELETE FROM rcm_audit_seal WHERE position >= %s", position)
        return f"cut off at block {position}"

    # -- helpers ----------------------------------------------------------------
    def _row(self):
        return self.random.choice(self.ids)

    def _free_id(self, where):
        if where == "before":
            return -self.random.randrange(1, 10**6)
        if where == "behind":
            return self.ids[-1] + self.random.randrange(10**5, 10**6)
        # in the place of a row, which moves away with its seal broken or not
        id_ = self._row()
        self._do("DELETE FROM rcm_audit_log WHERE id = %s", id_)
        return id_

    def _set(self, id_, column, value):
        self._do(
            SQL(
                "UPDATE rcm_audit_log SET %s = %s WHERE id = %s",
                SQL.identifier(column),
                value,
                id_,
            )
        )

    def _swap(self, table, column, one, two):
        for old, new in ((one, -two - 1), (two, one), (-two - 1, two)):
            self._do(
                SQL(
                    "UPDATE %s SET %s = %s WHERE %s = %s",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    new,
                    SQL.identifier(column),
                    old,
                )
            )

    def _seal_again(self):
        """Rebuild the last blocks over the falsified rows with the real sealer."""
        self.cr.execute(
            "SELECT position FROM rcm_audit_seal ORDER BY position DESC LIMIT 5"
        )
        start = self.cr.fetchall()[-1][0]
        self.cr.execute(
            """INSERT INTO rcm_audit_pending (log_id)
               SELECT DISTINCT u.id FROM rcm_audit_seal s, unnest(s.ids) u(id)
                WHERE s.position >= %s ON CONFLICT DO NOTHING""",
            [start],
        )
        self._do("DELETE FROM rcm_audit_seal WHERE position >= %s", start)
        while self.env["rcm.audit.seal"]._rcm_seal_block():
            pass

    def _do(self, statement, *values):
        self.cr.execute(statement, values or None)
        assert self.cr.rowcount, "nothing was tampered with"
