from odoo import api, fields, models

from .rcm_exception_type import KINDS

ASSIGNMENTS = [
    ("manual", "Nobody: people pick cases"),
    ("round_robin", "In turn"),
    ("least_loaded", "Whoever has the fewest open cases"),
    ("by_scope", "By facility and payer, else the fewest open cases"),
]


class RcmExceptionQueue(models.Model):
    """A team's work list: which cases come here and who gets them."""

    _name = "rcm.exception.queue"
    _inherit = "rcm.audit.mixin"
    _description = "Exception Queue"
    _order = "sequence, id"
    _rcm_audit_fields = (
        "name",
        "owner_id",
        "member_ids",
        "assignment",
        "type_ids",
        "facility_ids",
        "payer_ids",
        "calendar_id",
        "active",
    )

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10, help="The first queue that fits gets a case.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: cases of every company.")
    kind = fields.Selection(KINDS, required=True, default="business")
    owner_id = fields.Many2one(
        "res.users",
        string="Queue Owner",
        help="Gets overdue cases as an activity.",
    )
    member_ids = fields.Many2many(
        "res.users", string="Members", help="The people who work on this queue."
    )
    assignment = fields.Selection(ASSIGNMENTS, required=True, default="least_loaded")
    type_ids = fields.Many2many(
        "rcm.exception.type",
        string="Exception Types",
        help="Cases of these types come here. Empty: types that name this queue as "
        "their default.",
    )
    facility_ids = fields.Many2many(
        "rcm.facility", string="Facilities", help="Empty: of every facility."
    )
    payer_ids = fields.Many2many(
        "rcm.payer", string="Payers", help="Empty: of every payer."
    )
    owner_ids = fields.One2many(
        "rcm.exception.owner",
        "queue_id",
        string="Who Has What",
        help="The first line that fits a case decides.",
    )
    escalation_ids = fields.One2many(
        "rcm.exception.escalation",
        "queue_id",
        string="Escalation Chain",
        help="Who is told, one after the other, while a case stays overdue. Without a "
        "chain the queue owner is told once.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        help="The team's working hours and time zone, in which targets run. Empty: "
        "the company's.",
    )
    case_ids = fields.One2many("rcm.exception.case", "queue_id", string="Cases")
    open_count = fields.Integer(string="Open", compute="_compute_counts")
    overdue_count = fields.Integer(string="Overdue", compute="_compute_counts")
    unassigned_count = fields.Integer(string="Unassigned", compute="_compute_counts")

    _code_unique = models.UniqueIndex(
        "(code, coalesce(company_id, 0))", "A queue has a unique code per company."
    )

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("case_ids.state")
    def _compute_counts(self):
        Case = self.env["rcm.exception.case"]
        open_domain = Case._rcm_open_domain() & fields.Domain(
            "queue_id", "in", self.ids
        )

        def count(domain):
            return dict(
                Case._read_group(open_domain & domain, ["queue_id"], ["__count"])
            )

        total = count(fields.Domain.TRUE)
        overdue = count(fields.Domain("breached", "=", True))
        unassigned = count(fields.Domain("owner_id", "=", False))
        for queue in self:
            queue.open_count = total.get(queue, 0)
            queue.overdue_count = overdue.get(queue, 0)
            queue.unassigned_count = unassigned.get(queue, 0)

    # ------------------------------------------------------------------
    # Assignment
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find_for(self, case):
        """Return the queue ``case`` belongs to (may be empty).

        First by the queues' own type lists, then by the type's default queue.
        """
        queues = self.search(
            [
                ("kind", "=", case.kind),
                ("type_ids", "in", case.type_id.ids),
                ("company_id", "in", [False, case.company_id.id]),
            ],
        )
        fitting = queues.filtered(lambda queue: queue._rcm_fits(case))
        default = case.type_id.default_queue_id
        fallback = default.filtered(
            lambda queue: queue.active
            and queue.company_id in (case.company_id, queue.company_id.browse())
        )
        return fitting[:1] or fallback

    def _rcm_fits(self, case):
        """Whether the queue's facilities and payers include those of ``case``."""
        self.ensure_one()
        return (not self.facility_ids or case.facility_id in self.facility_ids) and (
            not self.payer_ids or case.payer_id in self.payer_ids
        )

    def _rcm_pick_owner(self, case):
        """Return who gets ``case``, or nobody; always somebody who may work on it.

        People are asked in the order of the rule, up to the first who may: as a rule
        one check a case.
        """
        self.ensure_one()
        if self.assignment == "by_scope":
            lines = self.owner_ids.filtered(lambda line: line._rcm_fits(case))
            named = self._rcm_first_able(case, lines.mapped("user_id"))
            if named:
                return named
        members = self.member_ids.filtered("active").sorted("id")
        if not members or self.assignment == "manual":
            return members.browse()
        if self.assignment == "round_robin":
            return self._rcm_first_able(case, self._rcm_in_turn(members))
        Case = self.env["rcm.exception.case"]
        load = dict(
            Case._read_group(
                Case._rcm_open_domain() & fields.Domain("owner_id", "in", members.ids),
                ["owner_id"],
                ["__count"],
            )
        )
        return self._rcm_first_able(
            case, members.sorted(lambda user: (load.get(user, 0), user.id))
        )

    def _rcm_in_turn(self, members):
        """Members, who got a case of this queue longest ago first.

        The cases themselves say so: a note of whose turn it is would be one row that
        every transaction with a case of the queue waits for.
        """
        last = dict(
            self.env["rcm.exception.case"]._read_group(
                [
                    ("queue_id", "=", self.id),
                    ("owner_id", "in", members.ids),
                    ("first_seen_at", ">=", "today -7d"),
                ],
                ["owner_id"],
                ["id:max"],
            )
        )
        return members.sorted(lambda user: (last.get(user, 0), user.id))

    def _rcm_first_able(self, case, users):
        """Return the first of ``users`` who may work on ``case`` (may be empty)."""
        for user in users:
            if case._rcm_open_to(user, "write"):
                return user
        return users.browse()

    def action_open_cases(self):
        """Open the queue's work list."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "rcm.exception.case",
            "view_mode": "list,kanban,form,pivot,graph",
            "domain": [("queue_id", "=", self.id)],
            "context": {"search_default_open": 1, "create": False},
        }
