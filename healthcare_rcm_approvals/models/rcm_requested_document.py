from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import states

MACHINE = "requested_document"
NEW = "New"
STATES = {
    "draft": ("requested", "cancelled"),
    "requested": ("approved", "done", "refused", "draft", "cancelled"),
    # approved, and what it is for was in the way: a person does it
    "approved": ("done", "draft", "cancelled"),
    "done": ("reversed", "expired"),
    "refused": ("draft", "cancelled"),
    "reversed": (),
    "expired": (),
    "cancelled": (),
}
states.register(MACHINE, STATES)
PROTECTED = (
    "name",
    "requested_by_id",
    "requested_at",
    "done_at",
    "reversal_reason",
)


class RcmRequestedDocument(models.AbstractModel):
    """What one person asks for and another approves, and that has an effect then.

    A draft is written freely, by the roles in ``_rcm_ask_roles``. Asking freezes it;
    below the policies' limits it has its effect at once. ``_rcm_check_ask`` says what
    is wrong with it, ``_rcm_have_effect`` does it, ``_rcm_undo`` takes it back.
    """

    _name = "rcm.requested.document"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Document That Is Asked For"
    _rcm_state_machine = MACHINE
    _rcm_protected = PROTECTED

    _rcm_effect = "apply"
    _rcm_sequence = ""
    _rcm_ask_roles = ()
    _rcm_undo_roles = ("finance_manager",)
    # What may be written while it is a draft, and not afterwards.
    _rcm_draft_fields = frozenset()

    name = fields.Char("Number", readonly=True, copy=False, default=NEW)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("requested", "Waiting for approval"),
            ("approved", "Approved"),
            ("done", "Done"),
            ("refused", "Refused"),
            ("reversed", "Reversed"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    reason = fields.Char(
        required=True,
        help="Why, in a sentence without patient names: approvers and auditors read "
        "it.",
    )
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    requested_at = fields.Datetime(readonly=True, copy=False)
    done_at = fields.Datetime("In Effect Since", readonly=True, copy=False)
    reversal_reason = fields.Char("Why Taken Back", readonly=True, copy=False)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        # numbers belong to the company, whoever asks
        sequence = self.env["ir.sequence"].sudo()
        for record in records:
            if record.name == NEW:
                record._rcm_write({"name": sequence.next_by_code(self._rcm_sequence)})
        records._rcm_emit(f"{self._name}.created")
        return records

    def write(self, vals):
        if self._rcm_draft_fields & vals.keys():
            self._rcm_require_draft()
        return super().write(vals)

    def _rcm_require_draft(self):
        """Refuse to change what was asked for, line by line as well."""
        for record in self:
            if record.state != "draft":
                raise UserError(
                    self.env._(
                        "%s was asked for: take it back to draft to change it.",
                        record.name,
                    )
                )

    def _rcm_audit_names(self):
        return [record.name or "" for record in self.sudo()]  # a number, no names

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------
    def action_request(self):
        """Ask for it; what needs no approval has its effect at once."""
        records = self._rcm_as(*self._rcm_ask_roles)
        records._rcm_request()
        if records.filtered(lambda record: record.state == "requested"):
            return self._rcm_approval_notice()
        return True

    def action_apply(self):
        """Do what was approved and was in the way of something then."""
        records = self._rcm_as(*self._rcm_ask_roles)
        records = records.filtered(lambda record: record.state == "approved")
        records._rcm_approval_assert(self._rcm_effect)
        for record in records:
            record._rcm_take_effect()
        return True

    def action_draft(self):
        """Open it again: what was asked for or approved is void."""
        records = self._rcm_as(*self._rcm_ask_roles)
        records._rcm_set_state("draft")
        records._rcm_approval_void(records._rcm_open_requests())
        return True

    def action_cancel(self):
        """Drop it before it had an effect."""
        records = self._rcm_as(*self._rcm_ask_roles)
        records._rcm_set_state("cancelled")
        records._rcm_approval_void(records._rcm_open_requests())
        return True

    def action_reverse(self):
        """Ask why, then take the effect back."""
        self._rcm_as(*self._rcm_undo_roles)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take Back"),
            "res_model": "rcm.requested.document.reverse",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_res_model": self._name,
                "default_res_ids": ",".join(map(str, self.ids)),
            },
        }

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_request(self):
        """Freeze and ask. Private: the caller has checked the role."""
        for record in self:
            record.lock_for_update()
            record._rcm_check_ask()
        self._rcm_set_state(
            "requested",
            requested_by_id=self.env.uid,
            requested_at=fields.Datetime.now(),
        )
        for record in self._rcm_approval_gate(self._rcm_effect):
            record._rcm_take_effect()

    def _rcm_take_effect(self):
        self.ensure_one()
        self.lock_for_update()
        self._rcm_check_duties(self._rcm_effect)
        self._rcm_have_effect()
        self._rcm_set_state("done", done_at=fields.Datetime.now())

    def _rcm_check_ask(self):
        """Raise what makes the request impossible (hook)."""
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("%s was asked for already.", self.name))

    def _rcm_have_effect(self):
        """Do it (hook). Approved, locked; facts are those that were approved."""

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_done(self, effect):
        result = super()._rcm_approval_done(effect)
        for record in self.filtered(lambda item: item.state == "requested"):
            record._rcm_set_state("approved")
            record._rcm_approval_run(effect, "_rcm_take_effect")
        return result

    def _rcm_approval_closed(self, effect, state):
        """Refused stays to be seen; anything else is a draft again."""
        result = super()._rcm_approval_closed(effect, state)
        waiting = self.filtered(lambda item: item.state in ("requested", "approved"))
        if waiting:
            waiting._rcm_set_state("refused" if state == "refused" else "draft")
        return result

    def _rcm_approval_is_done(self, effect):
        return self.state in ("done", "reversed", "expired")

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        done["create"] |= set(self.sudo().requested_by_id.ids)  # who asked
        return done

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------
    def _rcm_reverse(self, reason):
        """Take the effect back. Private: the caller has checked the role."""
        for record in self:
            record.lock_for_update()
            if record.state != "done":
                raise UserError(
                    self.env._("%s has no effect to take back.", record.name)
                )
            record._rcm_undo(reason)
            if record.state != "reversed":
                record._rcm_set_state("reversed", reversal_reason=reason)

    def _rcm_undo(self, reason):
        """Undo the effect (hook)."""

    def _rcm_reprocess(self, case):
        """Do what was approved again."""
        for record in self.filtered(lambda item: item.state == "approved"):
            record._rcm_approval_assert(self._rcm_effect)
            record._rcm_take_effect()
        return all(record.state != "approved" for record in self)
