"""What happens once, when the module is removed."""

from odoo.tools import SQL

from .models import rcm_approval_guard


def uninstall_hook(env):
    """Take away what the ORM does not know of, and what would keep it from deleting.

    Odoo deletes the records that came with the module before it drops the tables, and
    evidence holds on to them: a policy that ships with the module has versions, a kind
    of activity is that of open requests.
    """
    rcm_approval_guard.remove(env.cr)
    own = _models_to_go(env)
    env["mail.activity"].with_context(active_test=False).search(
        [("res_model_id", "in", own.ids)]
    ).unlink()
    env.flush_all()
    _release(env, [env[name]._table for name in own.mapped("model") if name in env])


def _models_to_go(env):
    """Other modules may leave in the same go, and extend the same models."""
    env.cr.execute(
        "SELECT res_id FROM ir_model_data WHERE model = 'ir.model' GROUP BY res_id"
        " HAVING every(module IN"
        " (SELECT name FROM ir_module_module WHERE state = 'to remove'))"
    )
    return env["ir.model"].browse(res_id for (res_id,) in env.cr.fetchall())


def _release(env, tables):
    """Let rows of these tables give way where a foreign key restricts.

    Rows of other tables stay: they let go of what they point at.
    """
    env.cr.execute(
        "SELECT holder.relname, conname, pg_get_constraintdef(pg_constraint.oid),"
        " holder.relname = ANY(%s)"
        " FROM pg_constraint"
        " JOIN pg_class holder ON holder.oid = conrelid"
        " JOIN pg_class target ON target.oid = confrelid"
        " WHERE contype = 'f' AND confdeltype = 'r'"
        " AND holder.relnamespace = current_schema()::regnamespace"
        " AND (holder.relname = ANY(%s) OR target.relname = ANY(%s))",
        [tables, tables, tables],
    )
    for table, name, definition, goes in env.cr.fetchall():
        action = "ON DELETE CASCADE" if goes else "ON DELETE SET NULL"
        env.cr.execute(
            SQL(
                "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s,"
                " ADD CONSTRAINT %(name)s %(definition)s",
                table=SQL.identifier(table),
                name=SQL.identifier(name),
                definition=SQL(definition.replace("ON DELETE RESTRICT", action)),
            )
        )
