"""Marks of work that has begun, so that work which kills its worker is found out.

A mark is written and committed before the work begins, by a transaction of its own,
and goes when the work is committed, whatever came of it. A mark that is still there
when the next worker gets hold of the record tells that the one before did not live to
the end. Where PostgreSQL was started anew since, it is not the record that did it.
"""

from math import isqrt

from odoo.tools import SQL

# So often may a record take its worker with it before it is set aside.
MOST_CRASHES = 5
# How long it is left alone after so many: whoever kills workers at random kills them
# all within a while, and what waits meanwhile is not held up by it.
REST_SECONDS = {3: 10, 4: 45}
KEPT_DAYS = 7


def create_table(cr):
    """The side table; the ORM does not know of it."""
    cr.execute(
        """
        CREATE TABLE IF NOT EXISTS rcm_work_mark (
            model varchar NOT NULL,
            res_id integer NOT NULL,
            crashes integer NOT NULL,
            begun_at timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
            PRIMARY KEY (model, res_id))
        """
    )
    cr.execute(
        "ALTER TABLE rcm_work_mark ADD COLUMN IF NOT EXISTS server_began timestamptz"
        " NOT NULL DEFAULT pg_postmaster_start_time()"
    )


def drop_table(cr):
    """Called when the module goes."""
    cr.execute("DROP TABLE IF EXISTS rcm_work_mark")


def forget_old(cr):
    """Drop what nobody came back to for days."""
    cr.execute(
        SQL(
            "DELETE FROM rcm_work_mark WHERE begun_at <"
            " (now() AT TIME ZONE 'UTC') - make_interval(days => %s)",
            KEPT_DAYS,
        )
    )


class WorkMarks:
    """The marks one worker sets on records of one model that it holds locked."""

    def __init__(self, records):
        self.env = records.env
        self.model = records._name
        self.ids = []
        # {id: (crashes, seconds it is still to be left alone)} of the batch admitted
        self.resting = {}

    def admit(self, batch):
        """Return ``(records to work on, crashes)`` of a locked batch.

        Of a batch that killed a worker, some are tried together (the root of how many
        they are), so that it costs little to be a neighbour; what killed two is worked
        on by itself, and from then on after a rest. The least suspicious come first:
        so it is known who did it.
        """
        crashes = self._crashes(batch.ids)
        batch = batch.browse(id_ for id_ in batch.ids if id_ not in self.resting)
        if not crashes:
            return batch, 0
        fewest = min(crashes.values())
        suspects = sorted(id_ for id_ in crashes if crashes[id_] == fewest)
        together = isqrt(len(suspects)) if fewest == 1 else 1
        return batch.browse(suspects[:together]), fewest

    def begin(self, batch, crashes=0):
        """Mark ``batch`` before the work on it, for good."""
        self.ids = batch.ids
        if not self.ids:
            return
        rows = [(self.model, id_, crashes) for id_ in self.ids]
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "INSERT INTO rcm_work_mark (model, res_id, crashes) VALUES %s"
                    " ON CONFLICT (model, res_id) DO UPDATE"
                    " SET crashes = excluded.crashes, begun_at = excluded.begun_at,"
                    " server_began = excluded.server_began",
                    SQL(", ").join(SQL("(%s, %s, %s)", *row) for row in rows),
                )
            )

    def end(self):
        """The work is committed or rolled back: this worker lives."""
        if not self.ids:
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "DELETE FROM rcm_work_mark WHERE model = %s AND res_id = ANY(%s)",
                    self.model,
                    self.ids,
                )
            )
        self.ids = []

    def _crashes(self, ids):
        """{id: how many workers died over it} of those that need not rest.

        Who was at work when the database itself died is not suspected for that.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT res_id, crashes"
                " + (server_began = pg_postmaster_start_time())::int,"
                " extract(epoch FROM (clock_timestamp() AT TIME ZONE 'UTC') - begun_at)"
                " FROM rcm_work_mark WHERE model = %s AND res_id = ANY(%s)",
                self.model,
                ids,
            )
        )
        found, self.resting = {}, {}
        for id_, crashes, seconds in rows:
            left = REST_SECONDS.get(crashes, 0) - seconds
            if left > 0:
                self.resting[id_] = crashes, float(left)
            elif crashes:
                found[id_] = crashes
        return found
