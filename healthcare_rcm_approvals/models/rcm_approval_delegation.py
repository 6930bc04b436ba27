from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

FROZEN = frozenset(
    {
        "delegator_id",
        "delegate_id",
        "kind",
        "date_from",
        "date_to",
        "company_id",
        "document_type_ids",
        "amount_to",
        "facility_ids",
        "reason",
    }
)
# People who change nothing cannot be given something to decide.
NEVER_DELEGATE = ("auditor", "integration")


class RcmApprovalDelegation(models.Model):
    """Who may decide in somebody's stead, for a time and within limits.

    It is made by the person whose right it is (or an administrator), never changed,
    only revoked. It is one level deep: a delegate cannot hand it on. What the person
    may not decide, the delegate may not either; the pure rules check both.
    """

    _name = "rcm.approval.delegation"
    _description = "Approval Delegation"
    _inherit = ["rcm.document.mixin"]
    _order = "date_from desc, id desc"
    _rcm_protected = ("revoked_at", "revoked_by_id")

    delegator_id = fields.Many2one(
        "res.users",
        "From",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
        domain=[("share", "=", False)],
        help="Whose approvals they are.",
    )
    delegate_id = fields.Many2one(
        "res.users",
        "To",
        index=True,
        ondelete="restrict",
        domain=[("share", "=", False)],
        help="Who may decide instead. Without a stand-in, nobody does, and requests "
        "go to the others the policy names.",
    )
    kind = fields.Selection(
        [("delegation", "Delegation"), ("away", "Out of office")],
        required=True,
        default="delegation",
        help="Delegation: both are asked. Out of office: only the stand-in is.",
    )
    date_from = fields.Datetime(
        "Beginning", required=True, default=lambda self: fields.Datetime.now()
    )
    date_to = fields.Datetime("End", required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    document_type_ids = fields.Many2many(
        "rcm.approval.term",
        "rcm_approval_delegation_document_type_rel",
        "delegation_id",
        "term_id",
        "Documents",
        domain=[("kind", "=", "document_type")],
        help="Empty: of every type.",
    )
    amount_to = fields.Monetary(
        "Amount up to", help="In the company's currency; 0 for any amount."
    )
    facility_ids = fields.Many2many(
        "rcm.facility",
        "rcm_approval_delegation_facility_rel",
        "delegation_id",
        "facility_id",
        "Facilities",
        help="Empty: of every facility.",
    )
    reason = fields.Char(required=True)
    revoked_at = fields.Datetime("Revoked", readonly=True)
    revoked_by_id = fields.Many2one("res.users", "Revoked By", readonly=True)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("active", "In force"),
            ("ended", "Ended"),
            ("revoked", "Revoked"),
        ],
        string="Status",
        compute="_compute_state",
        search="_search_state",
    )

    _in_order = models.Constraint(
        "CHECK(date_to > date_from)", "The end must be after the beginning."
    )
    _not_oneself = models.Constraint(
        "CHECK(delegate_id IS NULL OR delegate_id != delegator_id)",
        "Nobody is their own delegate.",
    )
    _amount_not_negative = models.Constraint(
        "CHECK(amount_to >= 0)", "The amount cannot be negative."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("date_from", "date_to", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for item in self:
            if item.revoked_at:
                item.state = "revoked"
            elif item.date_to and item.date_to <= now:
                item.state = "ended"
            elif item.date_from and item.date_from > now:
                item.state = "planned"
            else:
                item.state = "active"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        standing = fields.Domain("revoked_at", "=", False)
        domains = {
            "revoked": fields.Domain("revoked_at", "!=", False),
            "ended": standing & fields.Domain("date_to", "<=", now),
            "planned": standing & fields.Domain("date_from", ">", now),
            "active": standing
            & fields.Domain("date_from", "<=", now)
            & fields.Domain("date_to", ">", now),
        }
        return fields.Domain.OR([domains[state] for state in value])

    @api.depends("delegator_id.name", "delegate_id.name")
    def _compute_display_name(self):
        for item in self:
            if not item.id:
                item.display_name = self.env._("New")
                continue
            item.display_name = f"{item.delegator_id.name} → " + (
                item.delegate_id.name or self.env._("nobody")
            )

    # ------------------------------------------------------------------
    # CRUD: made whole, revoked, never changed
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        filled = [self._rcm_filled(vals) for vals in vals_list]
        for vals in filled:
            self._rcm_check_owner(self.env["res.users"].browse(vals["delegator_id"]))
        items = super().create(filled)
        items._rcm_check_delegate()
        items._rcm_emit_made()
        self.env["rcm.approval.request"]._rcm_recheck_all()
        return items

    def write(self, vals):
        if FROZEN.intersection(vals):
            raise AccessError(
                self.env._("A delegation is never changed: revoke it, make another.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise AccessError(self.env._("A delegation is evidence: revoke it instead."))

    def _rcm_filled(self, vals):
        """Only what people choose; defaults of the code, never those of a context.

        Protected fields go along to be refused.
        """
        known = FROZEN.union(self._rcm_protected)
        chosen = {name: vals[name] for name in known if name in vals}
        missing = [name for name in FROZEN if name not in chosen]
        defaults = {
            name: self._rcm_class_default(name)
            for name in missing
            if self._fields[name].default
        }
        return {**defaults, **chosen}

    @api.model
    def _rcm_check_owner(self, delegator):
        """Everybody gives away only what is theirs; an administrator for others."""
        user = self.env.user
        if delegator != user:
            user._rcm_require("administrator")

    def _rcm_check_delegate(self):
        """Never to someone the rules would exclude, and never in a circle."""
        for item in self.sudo():  # who they are, whoever asks
            delegate = item.delegate_id
            if item.kind == "delegation" and not delegate:
                raise ValidationError(self.env._("Say to whom you delegate."))
            if not delegate:
                continue
            if self.env.user == delegate and item.delegator_id != delegate:
                raise ValidationError(
                    self.env._("Nobody makes themselves somebody's delegate.")
                )
            if not delegate._rcm_within_reach(
                item.company_id, item.facility_ids[:1]
            ) or delegate._rcm_has_role(*NEVER_DELEGATE):
                raise ValidationError(
                    self.env._(
                        "%s cannot decide: the person needs a role of the revenue "
                        "cycle in this company and facility, and auditors and service "
                        "users never decide.",
                        delegate.name,
                    )
                )
            item._rcm_check_circle()

    def _rcm_check_circle(self):
        """Refuse a delegation back within the same time, over any number of people."""
        reached, todo = set(), {self.delegate_id}
        while todo:
            user = todo.pop()
            if user == self.delegator_id:
                raise ValidationError(
                    self.env._(
                        "%(delegate)s has delegated to %(delegator)s in this time: a "
                        "circle is not allowed.",
                        delegate=self.delegate_id.name,
                        delegator=self.delegator_id.name,
                    )
                )
            reached.add(user)
            onward = self.search(
                [
                    ("delegator_id", "=", user.id),
                    ("revoked_at", "=", False),
                    ("date_from", "<", self.date_to),
                    ("date_to", ">", self.date_from),
                ]
            )
            todo |= set(onward.delegate_id) - reached

    def _rcm_emit_made(self):
        names = sorted(FROZEN - {"reason"})
        values = self._rcm_audit_snapshot(names)
        self._rcm_emit(
            "approval.delegated",
            changes_by_id={
                id_: {name: [None, value] for name, value in row.items() if value}
                for id_, row in values.items()
            },
        )

    def _rcm_audit_name(self):
        return self.display_name

    # ------------------------------------------------------------------
    # Revoking
    # ------------------------------------------------------------------
    def action_revoke(self):
        """End these delegations now; by the person, or an administrator."""
        self.check_access("read")
        for item in self:
            self._rcm_check_owner(item.delegator_id)
            if item.state in ("ended", "revoked"):
                raise UserError(self.env._("It has ended already."))
        items = self.sudo()  # checked above; the fields themselves are protected
        items._rcm_write(
            {"revoked_at": fields.Datetime.now(), "revoked_by_id": self.env.uid}
        )
        items._rcm_emit("approval.delegation_revoked")
        self.env["rcm.approval.request"]._rcm_recheck_all()

    # ------------------------------------------------------------------
    # Reading (private; called with all rights)
    # ------------------------------------------------------------------
    @api.model
    def _rcm_in_force(self, now):
        """Every delegation in force at ``now``."""
        return self.sudo().search(  # who decides for whom, not what
            [
                ("revoked_at", "=", False),
                ("date_from", "<=", now),
                ("date_to", ">", now),
            ]
        )

    def _rcm_fits(self, request):
        """Whether the limits let the delegate decide this request."""
        self.ensure_one()
        within = (
            not self.amount_to
            or request.currency_id.compare_amounts(abs(request.amount), self.amount_to)
            <= 0
        )
        return (
            within
            and self.company_id == request.company_id
            and self._rcm_speaks_of(request.document_type)
            and (not self.facility_ids or request.facility_id in self.facility_ids)
        )

    def _rcm_speaks_of(self, document_type):
        """Whether it is for this type of document, or for every one."""
        codes = self.document_type_ids.mapped("code")
        return not codes or document_type in codes
