import json

from odoo import api, fields, models
from odoo.tools import SQL

PAGE = 20_000


class RcmEditRowMixin(models.AbstractModel):
    """Rows of an edit table: a key, what is said of it, from when until when.

    Editions have hundreds of thousands of rows. They are loaded and settled against
    the standing ones by a handful of statements; the import as a whole is what is
    audited. Rows changed by hand are audited one by one.
    """

    _name = "rcm.edit.row.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Row of an Edit Table"

    _rcm_key = ()
    _rcm_payload = ()

    table_id = fields.Many2one("rcm.edit.table", required=True, ondelete="cascade")
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until", help="Last day; empty: still in force.")
    is_open = fields.Boolean(
        string="In Force Today", compute="_compute_is_open", search="_search_is_open"
    )

    @api.depends("date_from", "date_to")
    def _compute_is_open(self):
        today = fields.Date.context_today(self)
        for row in self:
            row.is_open = bool(row.date_from) and (
                row.date_from <= today and (not row.date_to or today <= row.date_to)
            )

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._rcm_open_domain(fields.Date.context_today(self))
        return domain if True in value else ~domain

    @api.model
    def _rcm_open_domain(self, day):
        return fields.Domain("date_from", "<=", day) & (
            fields.Domain("date_to", "=", False) | fields.Domain("date_to", ">=", day)
        )

    # ------------------------------------------------------------------
    # Editions
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take_in(self, table, rows, day, complete):
        """Settle an edition's rows against the standing ones of ``table``.

        :param list rows: dicts of key, payload, date_from and date_to (ISO or None)
        :param day: first day of the edition, for rows that name no day of their own
        :param bool complete: rows that are not in it end the day before
        :return: {"added": n, "changed": n, "ended": n}
        """
        self.env.flush_all()
        self._rcm_load(rows)
        names = self._rcm_names(table, day)
        self._rcm_execute(START_KEPT, names)
        self._rcm_execute(START_GIVEN, names)
        self.env.cr.execute(SQL("ANALYZE rcm_edit_incoming"))
        counts = {
            "changed": self._rcm_execute(CORRECT, names),
            "ended": self._rcm_execute(END_BEFORE, names),
        }
        if complete:
            self._rcm_execute(DROP_UNBORN, names)
            counts["ended"] += self._rcm_execute(END_MISSING, names)
        counts["added"] = self._rcm_execute(ADD, names)
        self.env.cr.execute(SQL("DROP TABLE rcm_edit_incoming"))
        self.invalidate_model()
        return counts

    @api.model
    def _rcm_load(self, rows):
        columns = [*self._rcm_key, *self._rcm_payload, "date_from", "date_to"]
        typed = SQL(", ").join(
            SQL(
                "%s %s",
                SQL.identifier(name),
                SQL(self._fields[name].column_type[1]),
            )
            for name in columns
        )
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS rcm_edit_incoming"))
        self.env.cr.execute(
            SQL("CREATE TEMPORARY TABLE rcm_edit_incoming (%s) ON COMMIT DROP", typed)
        )
        for start in range(0, len(rows), PAGE):
            self.env.cr.execute(
                SQL(
                    "INSERT INTO rcm_edit_incoming (%(names)s) SELECT %(names)s "
                    "FROM jsonb_to_recordset(%(rows)s::jsonb) AS fresh (%(typed)s)",
                    names=names,
                    typed=typed,
                    rows=json.dumps(rows[start : start + PAGE]),
                )
            )

    @api.model
    def _rcm_execute(self, statement, names):
        self.env.cr.execute(SQL(statement, **names))
        return self.env.cr.rowcount

    @api.model
    def _rcm_names(self, table, day):
        """What the statements below are filled in with."""

        def pairs(columns, separator, form):
            return SQL(separator).join(
                SQL(form, SQL.identifier(name), SQL.identifier(name))
                for name in columns
            )

        return {
            "table": SQL.identifier(self._table),
            "table_id": table.id,
            "day": day,
            "uid": self.env.uid,
            "same_key": pairs(self._rcm_key, " AND ", "row.%s = fresh.%s"),
            "same_payload": pairs(
                self._rcm_payload, " AND ", "row.%s IS NOT DISTINCT FROM fresh.%s"
            ),
            "set_payload": pairs(self._rcm_payload, ", ", "%s = fresh.%s"),
            "columns": SQL(", ").join(
                SQL.identifier(name) for name in (*self._rcm_key, *self._rcm_payload)
            ),
            "fresh_columns": SQL(", ").join(
                SQL("fresh.%s", SQL.identifier(name))
                for name in (*self._rcm_key, *self._rcm_payload)
            ),
        }


# What goes on unchanged keeps the day it began.
START_KEPT = """
    UPDATE rcm_edit_incoming fresh SET date_from = row.date_from
      FROM %(table)s row
     WHERE fresh.date_from IS NULL AND row.table_id = %(table_id)s
       AND %(same_key)s AND %(same_payload)s AND row.date_from <= %(day)s
       AND (row.date_to IS NULL OR row.date_to >= %(day)s)
"""
START_GIVEN = """
    UPDATE rcm_edit_incoming fresh SET date_from = %(day)s WHERE date_from IS NULL
       AND %(table_id)s IS NOT NULL
"""
CORRECT = """
    UPDATE %(table)s row
       SET %(set_payload)s, date_to = fresh.date_to, write_uid = %(uid)s,
           write_date = now() AT TIME ZONE 'UTC'
      FROM rcm_edit_incoming fresh
     WHERE row.table_id = %(table_id)s AND %(same_key)s
       AND row.date_from = fresh.date_from
       AND (NOT (%(same_payload)s) OR row.date_to IS DISTINCT FROM fresh.date_to)
"""
END_BEFORE = """
    UPDATE %(table)s row
       SET date_to = fresh.date_from - 1, write_uid = %(uid)s,
           write_date = now() AT TIME ZONE 'UTC'
      FROM rcm_edit_incoming fresh
     WHERE row.table_id = %(table_id)s AND %(same_key)s
       AND row.date_from < fresh.date_from
       AND (row.date_to IS NULL OR row.date_to >= fresh.date_from)
"""
# A row that was announced and is gone before its first day was never in force.
DROP_UNBORN = """
    DELETE FROM %(table)s row
     WHERE row.table_id = %(table_id)s AND row.date_from >= %(day)s
       AND NOT EXISTS (SELECT FROM rcm_edit_incoming fresh WHERE %(same_key)s
                          AND fresh.date_from = row.date_from)
"""
END_MISSING = """
    UPDATE %(table)s row
       SET date_to = %(day)s::date - 1, write_uid = %(uid)s,
           write_date = now() AT TIME ZONE 'UTC'
     WHERE row.table_id = %(table_id)s AND row.date_from < %(day)s
       AND (row.date_to IS NULL OR row.date_to >= %(day)s)
       AND NOT EXISTS (SELECT FROM rcm_edit_incoming fresh WHERE %(same_key)s)
"""
ADD = """
    INSERT INTO %(table)s (table_id, %(columns)s, date_from, date_to, create_uid,
           create_date, write_uid, write_date)
    SELECT %(table_id)s, %(fresh_columns)s, fresh.date_from, fresh.date_to, %(uid)s,
           now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
      FROM rcm_edit_incoming fresh
     WHERE NOT EXISTS (SELECT FROM %(table)s row WHERE row.table_id = %(table_id)s
                          AND %(same_key)s AND row.date_from = fresh.date_from)
"""
