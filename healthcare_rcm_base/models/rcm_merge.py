from odoo import api, fields, models
from odoo.tools import SQL

from . import rcm_audit_guard
from .rcm_possible_duplicate import KINDS

OUTCOMES = [
    ("moved", "Done"),
    ("kept", "Left as it was"),
    ("restored", "Put back"),
    ("not_restored", "Not put back"),
]
MERGERS = ("biller",)


class RcmMerge(models.Model):
    """The record of a merge, or of its undoing: who, when, why, and all it moved.

    Append-only, in the database too. Undoing adds a row of its own.
    """

    _name = "rcm.merge"
    _inherit = ["rcm.append.only.mixin", "rcm.audit.mixin"]
    _description = "Merge"
    _order = "id desc"
    _log_access = False

    kind = fields.Selection(KINDS, required=True)
    action = fields.Selection(
        [("merge", "Merged"), ("undo", "Undone")], string="What", required=True
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict")
    facility_id = fields.Many2one("rcm.facility", ondelete="restrict")
    patient_id = fields.Many2one(
        "rcm.patient.account", string="Survivor", ondelete="restrict", index=True
    )
    merged_patient_id = fields.Many2one(
        "rcm.patient.account", string="Merged", ondelete="restrict", index=True
    )
    guarantor_id = fields.Many2one(
        "res.partner", string="Surviving Guarantor", ondelete="restrict"
    )
    merged_guarantor_id = fields.Many2one(
        "res.partner", string="Merged Guarantor", ondelete="restrict"
    )
    duplicate_id = fields.Many2one("rcm.possible.duplicate", ondelete="restrict")
    origin_id = fields.Many2one(
        "rcm.merge", string="Undoes", ondelete="restrict", index="btree_not_null"
    )
    undo_ids = fields.One2many("rcm.merge", "origin_id", string="Undone By")
    is_undone = fields.Boolean(compute="_compute_is_undone")
    user_id = fields.Many2one("res.users", string="By", required=True)
    done_at = fields.Datetime(string="At", required=True)
    reason = fields.Char()
    money_confirmed = fields.Boolean(
        help="Balances were shown, and the person confirmed them. Journal entries stay "
        "as they are."
    )
    item_ids = fields.One2many("rcm.merge.item", "merge_id", string="Changes")
    moved_count = fields.Integer(string="Changed", required=True)
    kept_count = fields.Integer(string="Left", required=True)

    _undone_once = models.UniqueIndex(
        "(origin_id) WHERE origin_id IS NOT NULL", "This merge was undone already."
    )

    def init(self):
        rcm_audit_guard.install(self.env.cr, self._table)

    @api.depends("kind", "action")
    def _compute_display_name(self):
        for merge in self:
            keep, drop = merge._rcm_sides()
            arrow = "→" if merge.action == "merge" else "↔"
            merge.display_name = f"{_number(drop)} {arrow} {_number(keep)}"

    def _compute_is_undone(self):
        for merge in self:
            merge.is_undone = bool(merge.undo_ids)

    def _rcm_sides(self):
        """(surviving record, merged record)."""
        self.ensure_one()
        if self.kind == "patient":
            return self.patient_id, self.merged_patient_id
        return self.guarantor_id, self.merged_guarantor_id

    def _rcm_audit_name(self):
        return " ".join(_number(side) for side in self._rcm_sides())

    # ------------------------------------------------------------------
    # Appending and showing
    # ------------------------------------------------------------------
    def _rcm_append(
        self, keep, drop, action, items, reason="", duplicate=None, money=False,
        origin=None,
    ):  # fmt: skip
        """Write the record of a merge or undo with its items; return it."""
        patient = keep._name == "rcm.patient.account"
        done = sum(outcome in ("moved", "restored") for _c, outcome, _w in items)
        values = {
            "kind": "patient" if patient else "guarantor",
            "action": action,
            "company_id": keep.company_id.id,
            "facility_id": keep.facility_id.id or None if patient else None,
            "patient_id" if patient else "guarantor_id": keep.id,
            "merged_patient_id" if patient else "merged_guarantor_id": drop.id,
            "duplicate_id": duplicate.id or None if duplicate else None,
            "origin_id": origin.id if origin else None,
            "user_id": self.env.uid,
            "done_at": fields.Datetime.now(),
            "reason": reason or None,
            "money_confirmed": money,
            "moved_count": done,
            "kept_count": len(items) - done,
        }
        [[id_]] = self.env.execute_query(
            SQL(
                "INSERT INTO rcm_merge (%s) VALUES (%s) RETURNING id",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        self.env["rcm.merge.item"]._rcm_append(id_, items)
        merge = self.browse(id_)
        (origin or self).invalidate_recordset(["undo_ids", "is_undone"], flush=False)
        return merge

    def _rcm_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


def _number(record):
    """Account number of a patient or guarantor, which names nobody."""
    one = record.sudo()  # numbers are everyone's
    return (
        one.name if one._name == "rcm.patient.account" else one.rcm_account_number
    ) or ""
