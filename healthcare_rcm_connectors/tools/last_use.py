from odoo.tools import SQL

TOUCH_SECONDS = 60


def note_use(model, which):
    """Note a use of the records of ``model`` that the SQL condition ``which`` names.

    At most once a minute, and never waiting for another who notes the same.
    """
    table = SQL.identifier(model._table)
    model.env.cr.execute(
        SQL(
            """
            UPDATE %(table)s SET last_used_at = now() AT TIME ZONE 'UTC'
             WHERE id IN (SELECT id FROM %(table)s
                           WHERE %(which)s
                             AND (last_used_at IS NULL OR last_used_at <
                                  now() AT TIME ZONE 'UTC'
                                  - make_interval(secs => %(seconds)s))
                             FOR NO KEY UPDATE SKIP LOCKED)
            """,
            table=table,
            which=which,
            seconds=TOUCH_SECONDS,
        ),
        log_exceptions=False,  # two who note the same moment are no error
    )
