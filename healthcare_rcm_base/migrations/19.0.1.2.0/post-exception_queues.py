"""Queues told one person of overdue cases; now they have a chain."""

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists

GONE = "ledger_invariant"


def migrate(cr, version):
    # upgrade of the module by the loader
    env = api.Environment(cr, SUPERUSER_ID, {})
    if column_exists(cr, "rcm_exception_queue", "escalation_user_id_before"):
        _make_chains(env)
        cr.execute(
            "ALTER TABLE rcm_exception_queue"
            " DROP COLUMN escalation_user_id_before,"
            " DROP COLUMN IF EXISTS escalation_hours_before"
        )
    # Nothing waits for the scheduled action to say whose turn is next.
    cr.execute("ALTER TABLE rcm_exception_queue DROP COLUMN IF EXISTS last_member_id")
    _retire_type(env)


def _make_chains(env):
    """The queue's owner first, as before, then the person of the second step."""
    env.cr.execute(
        """SELECT id, owner_id, escalation_user_id_before,
                  coalesce(escalation_hours_before, 0)
             FROM rcm_exception_queue WHERE escalation_user_id_before IS NOT NULL"""
    )
    Step = env["rcm.exception.escalation"]
    for queue_id, owner_id, user_id, hours in env.cr.fetchall():
        if Step.search_count([("queue_id", "=", queue_id)], limit=1):
            continue
        levels = [(owner_id, 0.0)] if owner_id else []
        levels.append((user_id, hours if owner_id else 0.0))
        Step.create(
            [
                {
                    "queue_id": queue_id,
                    "sequence": 10 * number,
                    "user_id": level_user,
                    "after_hours": after,
                }
                for number, (level_user, after) in enumerate(levels, 1)
            ]
        )


def _retire_type(env):
    """The database refuses what this type spoke of; cases that were keep it."""
    types = env["rcm.exception.type"].with_context(active_test=False)
    gone = types.search([("code", "=", GONE)])
    if env["rcm.exception.case"].search_count([("type_id", "in", gone.ids)], limit=1):
        gone.active = False
    else:
        gone.unlink()
