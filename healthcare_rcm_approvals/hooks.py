"""What happens once, when the module is installed or removed."""

from odoo.tools import SQL

from .models import rcm_approval_guard
from .models.account_move import DOCUMENT_TYPES

# Documents of Odoo's own that were there before, in the order in which one is made
# for the other.
NEW_THREADS = (
    """
    UPDATE purchase_order document
       SET rcm_correlation_id = COALESCE(
           (SELECT correlation_id FROM rcm_approval_request
             WHERE res_model = 'purchase.order' AND res_id = document.id
             ORDER BY id DESC LIMIT 1),
           replace(gen_random_uuid()::text, '-', ''))
     WHERE rcm_correlation_id IS NULL
    """,
    """
    UPDATE account_move document
       SET rcm_correlation_id = COALESCE(
           (SELECT correlation_id FROM rcm_approval_request
             WHERE res_model = 'account.move' AND res_id = document.id
             ORDER BY id DESC LIMIT 1),
           (SELECT min(o.rcm_correlation_id)
              FROM account_move_line line
              JOIN purchase_order_line l ON l.id = line.purchase_line_id
              JOIN purchase_order o ON o.id = l.order_id
             WHERE line.move_id = document.id
            HAVING count(DISTINCT o.id) = 1),
           replace(gen_random_uuid()::text, '-', ''))
     WHERE rcm_correlation_id IS NULL AND rcm_kind IS NULL
       AND move_type IN %(types)s
    """,
    """
    UPDATE account_payment document
       SET rcm_correlation_id = COALESCE(
           (SELECT correlation_id FROM rcm_payment_run
             WHERE document.rcm_source_model = 'rcm.payment.run'
               AND id = document.rcm_source_id),
           (SELECT correlation_id FROM rcm_refund
             WHERE document.rcm_source_model = 'rcm.refund'
               AND id = document.rcm_source_id),
           (SELECT correlation_id FROM rcm_approval_request
             WHERE res_model = 'account.payment' AND res_id = document.id
             ORDER BY id DESC LIMIT 1),
           replace(gen_random_uuid()::text, '-', ''))
     WHERE rcm_correlation_id IS NULL
    """,
)


def post_init_hook(env):
    begin_threads(env.cr)


def begin_threads(cr):
    """Orders, bills and payments of before get the thread that new ones begin with.

    That of their approval where there was one, so that their timeline shows it.
    """
    for statement in NEW_THREADS:
        cr.execute(statement, {"types": tuple(DOCUMENT_TYPES)})


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
