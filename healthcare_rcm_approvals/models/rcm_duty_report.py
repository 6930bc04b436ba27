from odoo import fields, models
from odoo.tools import SQL

from .rcm_duty_conflict import DUTIES


class RcmDutyReport(models.Model):
    """People whose roles combine duties that one person must not do both.

    A row for each person, conflict and pair of roles. Roles count however they are
    held: given, or implied by another.
    """

    _name = "rcm.duty.report"
    _description = "People With Incompatible Duties"
    _auto = False
    _order = "severity desc, user_id, conflict_id, id"
    _rec_name = "user_id"
    _depends = {
        "res.users": ["active", "group_ids", "company_id", "share"],
        "res.groups": ["implied_ids"],
        "rcm.duty.conflict": ["active", "duty", "other_duty", "severity"],
        "rcm.duty.role": ["active", "group_id", "duty"],
    }

    user_id = fields.Many2one("res.users", "Person", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    conflict_id = fields.Many2one("rcm.duty.conflict", "Conflict", readonly=True)
    severity = fields.Selection(
        [("1", "Low"), ("2", "Medium"), ("3", "High"), ("4", "Critical")],
        readonly=True,
    )
    duty = fields.Selection(DUTIES, "May Do This", readonly=True)
    group_id = fields.Many2one("res.groups", "As", readonly=True)
    other_duty = fields.Selection(DUTIES, "And This", readonly=True)
    other_group_id = fields.Many2one("res.groups", "In the Role", readonly=True)
    reason = fields.Char("Why", related="conflict_id.reason")

    @property
    def _table_query(self):
        return SQL(
            """
            WITH RECURSIVE held(user_id, group_id) AS (
                    SELECT uid, gid FROM res_groups_users_rel
                UNION
                    SELECT held.user_id, implied.hid
                      FROM held
                      JOIN res_groups_implied_rel implied ON implied.gid = held.group_id
            )
            SELECT row_number() OVER (
                       ORDER BY person.id, conflict.id, first.id, second.id
                   ) AS id,
                   person.id AS user_id,
                   person.company_id,
                   conflict.id AS conflict_id,
                   conflict.severity,
                   conflict.duty,
                   first.group_id,
                   conflict.other_duty,
                   second.group_id AS other_group_id
              FROM rcm_duty_conflict conflict
              JOIN rcm_duty_role first
                ON first.duty = conflict.duty AND first.active
              JOIN rcm_duty_role second
                ON second.duty = conflict.other_duty AND second.active
              JOIN held first_held ON first_held.group_id = first.group_id
              JOIN held second_held
                ON second_held.group_id = second.group_id
               AND second_held.user_id = first_held.user_id
              JOIN res_users person ON person.id = first_held.user_id
             WHERE conflict.active AND person.active AND NOT person.share
            """
        )
