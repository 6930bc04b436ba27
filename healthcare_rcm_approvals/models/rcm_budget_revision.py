from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

# Known by identity, so that no context of a client can stand in for it.
APPLYING = object()


class RcmBudgetRevision(models.Model):
    """A change of an open budget: asked for, approved, applied, kept."""

    _name = "rcm.budget.revision"
    _description = "Budget Revision"
    _inherit = ["rcm.document.mixin"]
    _order = "id desc"
    _rec_names_search = ["budget_id.name", "reason"]
    _check_company_auto = True
    _rcm_state_machine = "budget_revision"
    _rcm_protected = ("applied_at", "applied_by_id")
    _rcm_audit_fields = ("budget_id", "reason")
    _rcm_reprocess_roles = ("finance_manager",)

    budget_id = fields.Many2one(
        "rcm.budget",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('state', '=', 'open')]",
    )
    company_id = fields.Many2one(
        related="budget_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    reason = fields.Text(required=True, help="Why the budget changes.")
    line_ids = fields.One2many(
        "rcm.budget.revision.line", "revision_id", string="Changes"
    )
    amount = fields.Monetary(
        "Change in All", compute="_compute_amount", help="What is added or taken away."
    )
    applied_at = fields.Datetime("Applied", readonly=True, copy=False)
    applied_by_id = fields.Many2one(
        "res.users", "Applied By", readonly=True, copy=False
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "Waiting for approval"),
            ("applied", "Applied"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )

    @api.depends("budget_id.name")
    def _compute_display_name(self):
        for revision in self:
            revision.display_name = self.env._(
                "Revision %(number)s of %(budget)s",
                number=revision._origin.id or "",
                budget=revision.budget_id.name or "",
            )

    @api.depends("line_ids.amount", "line_ids.amount_before")
    def _compute_amount(self):
        for revision in self:
            revision.amount = sum(
                line.amount - line.amount_before for line in revision.line_ids
            )

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != "apply":
            return super()._rcm_approval_facts(effect)
        digits = self.currency_id.decimal_places
        changes = [
            [
                line.line_id.id or 0,
                line.analytic_account_id.id,
                line.facility_id.id or 0,
                str(line.date_from or ""),
                str(line.date_to or ""),
                str(to_decimal(line.amount_before, digits)),
                str(to_decimal(line.amount, digits)),
            ]
            for line in self.line_ids.sorted("id")
        ]
        moved = sum(abs(to_decimal(row[6]) - to_decimal(row[5])) for row in changes)
        approved = {
            "budget": self.budget_id.id,
            "reason": self.reason,
            "changes": changes,
        }
        return self._rcm_approval_item("budget_revision", effect, approved, moved)

    def _rcm_approval_scope(self):
        """Each account it changes is a part of it."""
        parts = [
            {
                "department": line.analytic_account_id.id,
                "facility": line.facility_id.id or None,
            }
            for line in self.line_ids
        ]
        return self._rcm_with_parts(super()._rcm_approval_scope(), parts)

    @api.model
    def _rcm_approval_columns(self):
        names = ["line_id", "analytic_account_id", "facility_id", "date_from"]
        names += ["date_to", "amount_before", "amount"]
        return {"changes": ("rcm.budget.revision.line", names)}

    @api.model
    def _rcm_approval_locked_fields(self):
        return super()._rcm_approval_locked_fields() | {
            "line_ids",
            "budget_id",
            "reason",
        }

    def _rcm_approval_is_done(self, effect):
        return self.state in ("applied", "cancelled")

    def _rcm_gate_approved(self, effect):
        """Apply what was approved, unless it was withdrawn meanwhile."""
        result = super()._rcm_gate_approved(effect)
        if effect == "apply":
            self.filtered(lambda item: item.state == "asked")._rcm_apply()
        return result

    def _rcm_waiting_for(self):
        return "approval" if self.rcm_approval_state == "pending" else False

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_apply(self):
        """Apply the changes, or ask for the approval they need."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        for revision in self:
            if not revision.line_ids:
                raise UserError(self.env._("The revision changes nothing yet."))
            revision._rcm_check_current()
        self._rcm_set_state("asked")
        allowed = self._rcm_gate("apply")
        allowed._rcm_apply()
        return True if allowed == self else self._rcm_approval_notice()

    def action_cancel(self):
        """Drop a revision that was not applied."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        self._rcm_set_state("cancelled")
        self._rcm_open_requests()._rcm_void(self.env._("The revision was cancelled."))

    def action_draft(self):
        """Back to draft, to change it; what was asked for is void."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        self._rcm_set_state("draft")
        self._rcm_open_requests()._rcm_void(self.env._("The revision was taken back."))

    def _rcm_check_current(self):
        """Refuse when the budget moved since the revision was written."""
        if self.budget_id.state != "open":
            raise UserError(self.env._("Only an open budget is revised."))
        for line in self.line_ids:
            if line.line_id and line.currency_id.compare_amounts(
                line.line_id.amount, line.amount_before
            ):
                raise UserError(
                    self.env._(
                        "“%s” changed since this revision was written. Cancel it and "
                        "make a new one.",
                        line.line_id.display_name,
                    )
                )

    def _rcm_apply(self):
        """Change the lines and keep what they were."""
        for revision in self.filtered(lambda item: item.state == "asked"):
            revision._rcm_check_current()
            # approved: the budget changes whatever rights the approver has
            lines = revision.line_ids.sudo().with_context(rcm_budget_revision=APPLYING)
            for line in lines:
                line._rcm_apply()
            revision._rcm_set_state(
                "applied",
                applied_at=fields.Datetime.now(),
                applied_by_id=self.env.uid,
            )

    @api.model
    def _rcm_is_applying(self):
        return self.env.context.get("rcm_budget_revision") is APPLYING


class RcmBudgetRevisionLine(models.Model):
    """One line's change: its amount before and after, or a line that is new."""

    _name = "rcm.budget.revision.line"
    _description = "Budget Revision Line"
    _inherit = ["rcm.document.mixin"]
    _order = "id"
    _check_company_auto = True
    _rcm_protected = ("amount_before",)
    _rcm_audit_fields = ("revision_id", "line_id", "amount")

    revision_id = fields.Many2one(
        "rcm.budget.revision", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="revision_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    budget_id = fields.Many2one(related="revision_id.budget_id")
    line_id = fields.Many2one(
        "rcm.budget.line",
        "Budget Line",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('budget_id', '=', budget_id)]",
        help="Empty: the revision adds a line.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        required=True,
        check_company=True,
        compute="_compute_scope",
        store=True,
        readonly=False,
        precompute=True,
    )
    facility_id = fields.Many2one(
        "rcm.facility",
        check_company=True,
        compute="_compute_scope",
        store=True,
        readonly=False,
        precompute=True,
    )
    date_from = fields.Date(
        "From", compute="_compute_scope", store=True, readonly=False, precompute=True
    )
    date_to = fields.Date(
        "To", compute="_compute_scope", store=True, readonly=False, precompute=True
    )
    amount_before = fields.Monetary("Before", readonly=True, copy=False)
    amount = fields.Monetary("After", required=True)

    _amount_not_negative = models.Constraint(
        "CHECK(amount >= 0)", "A budget line cannot be below zero."
    )

    @api.depends("line_id", "revision_id.budget_id")
    def _compute_scope(self):
        for change in self:
            line, budget = change.line_id, change.revision_id.budget_id
            if line:
                change.analytic_account_id = line.analytic_account_id
                change.facility_id = line.facility_id
            change.date_from = line.date_from or change.date_from or budget.date_from
            change.date_to = line.date_to or change.date_to or budget.date_to

    @api.constrains("line_id", "revision_id")
    def _check_line(self):
        for change in self:
            if change.line_id and change.line_id.budget_id != change.budget_id:
                raise ValidationError(self.env._("The line belongs to another budget."))

    @api.model_create_multi
    def create(self, vals_list):
        """What the line was is taken from the line, whatever is handed in."""
        changes = super().create(vals_list)
        changes._rcm_check_draft()
        changes._rcm_take_before()
        return changes

    def write(self, vals):
        self._rcm_check_draft()
        result = super().write(vals)
        if "revision_id" in vals:
            self._rcm_check_draft()
        if "line_id" in vals:
            self._rcm_take_before()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._rcm_check_draft()

    def _rcm_check_draft(self):
        if any(change.revision_id.state != "draft" for change in self):
            raise UserError(
                self.env._("A revision is only changed while it is a draft.")
            )

    def _rcm_take_before(self):
        for change in self:
            change._rcm_write({"amount_before": change.line_id.amount})

    def _rcm_apply(self):
        if self.line_id:
            self.line_id.amount = self.amount
            return
        self.env["rcm.budget.line"].create(
            {
                "budget_id": self.budget_id.id,
                "analytic_account_id": self.analytic_account_id.id,
                "facility_id": self.facility_id.id,
                "date_from": self.date_from,
                "date_to": self.date_to,
                "amount": self.amount,
            }
        )
