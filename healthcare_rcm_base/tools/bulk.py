"""Writing different values to many records with one statement."""

from odoo.tools import SQL

PAGE = 1000


def bulk_update(records, vals_by_id, add=False):
    """Set stored fields of ``records``, other values for each, in pages of one UPDATE.

    For protected fields of our own documents inside domain steps: it goes around
    ``write``, so the caller has checked what it does and logs it. With ``add`` the
    values are added to numbers instead, exactly and under the row's lock.

    :param dict vals_by_id: {record id: {field: value}}, the same fields for all
    """
    if not vals_by_id:
        return
    names = list(next(iter(vals_by_id.values())))
    model = records.env[records._name]
    model.flush_model(names)
    ids = sorted(vals_by_id)
    for start in range(0, len(ids), PAGE):
        _update_page(model, names, vals_by_id, ids[start : start + PAGE], add)
    changed = model.browse(ids)
    changed.invalidate_recordset(names, flush=False)
    changed.modified(names)


def _update_page(model, names, vals_by_id, ids, add):
    rows = SQL(", ").join(
        SQL(
            "(%s)",
            SQL(", ").join(
                [
                    SQL("%s::int", id_),
                    *(
                        SQL(
                            "%s::%s",
                            _column_value(model, name, vals_by_id[id_][name]),
                            SQL(model._fields[name].column_type[1]),
                        )
                        for name in names
                    ),
                ]
            ),
        )
        for id_ in ids
    )
    table = SQL.identifier(model._table)
    settings = SQL(", ").join(
        SQL(
            "%s = COALESCE(%s, 0) + %s",
            SQL.identifier(name),
            SQL.identifier(model._table, name),
            SQL.identifier("fresh", name),
        )
        if add
        else SQL("%s = %s", SQL.identifier(name), SQL.identifier("fresh", name))
        for name in names
    )
    columns = SQL(", ").join(map(SQL.identifier, ["id", *names]))
    model.env.cr.execute(
        SQL(
            """
            UPDATE %(table)s
               SET %(settings)s, write_uid = %(uid)s,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM (VALUES %(rows)s) AS fresh (%(columns)s)
             WHERE %(table)s.id = fresh.id
            """,
            table=table,
            settings=settings,
            uid=model.env.uid,
            rows=rows,
            columns=columns,
        )
    )


def _column_value(model, name, value):
    """``value`` as the driver takes it; decimals stay decimals."""
    field = model._fields[name]
    if field.column_type[0] == "jsonb":
        return field.convert_to_column(value, model)
    if value is False and field.type != "boolean":
        return None
    return value
