"""The database side of decisions: rows that can be added and never changed.

New columns of these tables must come without a default: filling them is an update.
"""

from odoo.tools import SQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION rcm_approval_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was decided can only be appended to (% on %).',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def install(cr, table):
    """Guard ``table``; doing it again changes nothing.

    ``ENABLE ALWAYS`` keeps the triggers under ``session_replication_role = replica``.
    """
    cr.execute(_FUNCTION)
    cr.execute(SQL("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", table))
    present = {name for [name] in cr.fetchall()}
    for suffix, events, each in (
        ("refuse", "UPDATE OR DELETE", "ROW"),
        ("truncate", "TRUNCATE", "STATEMENT"),
    ):
        name = f"{table}_{suffix}"
        if name in present:
            continue
        cr.execute(
            SQL(
                "CREATE TRIGGER %s BEFORE %s ON %s FOR EACH %s "
                "EXECUTE FUNCTION rcm_approval_refuse()",
                SQL.identifier(name),
                SQL(events),
                SQL.identifier(table),
                SQL(each),
            )
        )
        cr.execute(
            SQL(
                "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
                SQL.identifier(table),
                SQL.identifier(name),
            )
        )


def remove(cr):
    """Drop what the ORM does not know of; called when the module goes."""
    cr.execute("DROP FUNCTION IF EXISTS rcm_approval_refuse() CASCADE")
