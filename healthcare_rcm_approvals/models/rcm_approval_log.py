from odoo import api, fields, models
from odoo.tools import SQL

from . import rcm_approval_guard

KINDS = [
    ("asked", "Asked"),
    ("step_opened", "Step begun"),
    ("step_done", "Step complete"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("information", "Information asked"),
    ("answer", "Answer"),
    ("forwarded", "Forwarded"),
    ("reminder", "Reminder"),
    ("overdue", "Overdue"),
    ("alternate", "Alternate asked"),
    ("supervisor", "Given to the supervisors"),
    ("waited", "Approved by waiting"),
    ("effect_failed", "Approved, but the step failed"),
    ("closed", "Closed"),
]


class RcmApprovalLog(models.Model):
    """What happened to a request besides its decisions: append-only.

    Texts are read by everybody who sees the request and hold no patient data.
    """

    _name = "rcm.approval.log"
    _inherit = "rcm.append.only.mixin"
    _description = "Approval History"
    _order = "id desc"
    _log_access = False
    _rec_name = "kind"

    request_id = fields.Many2one(
        "rcm.approval.request",
        "Request",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    at = fields.Datetime(required=True, readonly=True)
    kind = fields.Selection(KINDS, "What", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "By", readonly=True, ondelete="restrict", index=True
    )
    to_user_id = fields.Many2one(
        "res.users",
        "To",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    step_name = fields.Char("Step", readonly=True)
    text = fields.Char("Note", readonly=True)

    def init(self):
        rcm_approval_guard.install(self.env.cr, self._table)

    @api.model
    def _rcm_append(self, rows):
        """Add ``rows`` in one statement.

        :param list rows: dicts with ``request`` (record) and ``kind``, optionally
            ``at``, ``user``, ``to_user`` (records), ``step`` and ``text``
        """
        if not rows:
            return
        now = fields.Datetime.now()
        requests = self.env["rcm.approval.request"].union(
            *(row["request"] for row in rows)
        )
        requests.flush_recordset()
        values = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, %s)",
                row["request"].id,
                row["request"].company_id.id,
                row.get("at") or now,
                row["kind"],
                (row["user"].id if "user" in row else self.env.uid) or None,
                row["to_user"].id if row.get("to_user") else None,
                row.get("step") or None,
                row.get("text") or None,
            )
            for row in rows
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO rcm_approval_log (request_id, company_id, at, kind, "
                "user_id, to_user_id, step_name, text) VALUES %s",
                SQL(", ").join(values),
            )
        )
        requests.invalidate_recordset(["log_ids"])
