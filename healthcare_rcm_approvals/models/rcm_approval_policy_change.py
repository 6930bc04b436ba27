from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_second_admin import APPLIED
from .res_company_policies import RELEASED

STATES = {
    "draft": ("proposed", "withdrawn"),
    "proposed": ("draft", "applied", "withdrawn"),
    "applied": (),
    "withdrawn": (),
}
states.register("policy_change", STATES)
WITH_DRAFT = ("change", "new")


class RcmApprovalPolicyChange(models.Model):
    """A change of a rule that one administrator proposes and another approves.

    Rules are the policies, and what else decides how documents are let through: the
    risk score, incompatible duties, match tolerances (``rcm.second.admin.mixin``).
    """

    _name = "rcm.approval.policy.change"
    _description = "Change of an Approval Policy"
    _inherit = ["rcm.document.mixin"]
    _order = "id desc"
    _rcm_state_machine = "policy_change"
    _rcm_protected = (
        "kind",
        "policy_id",
        "draft_id",
        "res_model",
        "res_id",
        "draft_res_id",
        "company_id",
        "proposed_by_id",
        "proposed_at",
        "applied_at",
    )

    kind = fields.Selection(
        [
            ("change", "Change a rule"),
            ("new", "New rule"),
            ("archive", "Take a rule out of effect"),
            ("restore", "Bring a rule back"),
            ("release", "Let one administrator change policies"),
        ],
        required=True,
        readonly=True,
        default="new",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("applied", "Applied"),
            ("withdrawn", "Withdrawn"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        index=True,
        group_expand=True,
    )
    policy_id = fields.Many2one(
        "rcm.approval.policy", readonly=True, index=True, ondelete="restrict"
    )
    draft_id = fields.Many2one(
        "rcm.approval.policy",
        "Draft",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The policy as it is to be. Edit it before you propose it.",
    )
    res_model = fields.Char(
        "Kind of Rule",
        readonly=True,
        help="Of rules that are no policies, which are pointed at by themselves.",
    )
    res_id = fields.Many2oneReference(
        "Rule ID", model_field="res_model", readonly=True, index="btree_not_null"
    )
    draft_res_id = fields.Many2oneReference(
        "Draft ID", model_field="res_model", readonly=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    reason = fields.Char(help="Why the policy has to change; the approver reads it.")
    proposed_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    proposed_at = fields.Datetime(readonly=True)
    applied_at = fields.Datetime(readonly=True)

    # ------------------------------------------------------------------
    # What it is about
    # ------------------------------------------------------------------
    def _rcm_rule(self):
        """The rule it is about; none for a new one, and for the setting itself."""
        self.ensure_one()
        if not self.res_model:
            return self.policy_id
        return self.env[self.res_model].browse(self.res_id or []).exists()

    def _rcm_draft(self):
        """The rule as it is to be, or none."""
        self.ensure_one()
        if not self.res_model:
            return self.draft_id
        return self.env[self.res_model].browse(self.draft_res_id or []).exists()

    # ------------------------------------------------------------------
    # Beginning
    # ------------------------------------------------------------------
    def action_new_policy(self):
        """Begin a policy that does not exist yet."""
        self.env.user._rcm_require("administrator")
        return self._rcm_begin("new", self.env["rcm.approval.policy"])

    def action_release(self):
        """Begin the end of the rule that two administrators change policies."""
        self.env.user._rcm_require("administrator")
        if not self.env.company.rcm_policy_second_admin:
            raise UserError(
                self.env._("One administrator can change policies here already.")
            )
        return self._rcm_begin("release", self.env["rcm.approval.policy"])

    @api.model
    def _rcm_begin(self, kind, rule):
        """A change of this kind with its draft, opened.

        :param rule: the record; an empty one says which kind of rule is to be made
        """
        company = self.env.company
        if "company_id" in rule._fields and rule.company_id:
            company = rule.company_id
        # the role was checked by the callers; what is made here routes nothing
        (change,) = self.sudo()._rcm_create(
            [
                {
                    "kind": kind,
                    "company_id": company.id,
                    **self._rcm_pointer(rule, "policy_id", "res_id"),
                }
            ]
        )
        if kind in WITH_DRAFT:
            draft = rule.sudo()._rcm_make_draft(change)  # as above
            change._rcm_write(self._rcm_pointer(draft, "draft_id", "draft_res_id"))
        change._rcm_emit("approval_policy.change_begun")
        return change.with_env(self.env)._action_open()

    @api.model
    def _rcm_pointer(self, rule, policy_field, field):
        """Values that point at ``rule``: a policy by its own field."""
        if rule._name == "rcm.approval.policy":
            return {policy_field: rule.id}
        return {"res_model": rule._name, field: rule.id}

    def _action_open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    def action_open_draft(self):
        """Edit the draft."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._rcm_draft()._name,
            "res_id": self._rcm_draft().id,
            "view_mode": "form",
        }

    def action_propose(self):
        """Ask another administrator."""
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        for change in self:
            if not (change.reason or "").strip():
                raise ValidationError(self.env._("Say why the rule has to change."))
            # the role was checked; state and proposer are protected
            proposed = change.sudo()
            proposed._rcm_set_state(
                "proposed",
                proposed_by_id=self.env.uid,
                proposed_at=fields.Datetime.now(),
            )
            proposed._rcm_gate("apply")._rcm_apply()

    def action_revise(self):
        """Take the proposal back to edit it."""
        self._rcm_take_back("draft")

    def action_withdraw(self):
        """Give the change up."""
        self._rcm_take_back("withdrawn")

    def _rcm_take_back(self, state):
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        changes = self.sudo()  # the role was checked; the state is protected
        changes._rcm_set_state(state)
        changes._rcm_approval_recheck()

    def _rcm_gate_approved(self, effect):
        """Another administrator approved it: it takes effect."""
        result = super()._rcm_gate_approved(effect)
        if effect == "apply":
            self._rcm_apply()
        return result

    def _rcm_apply(self):
        """Let the approved change take effect; never by who proposed it alone."""
        for change in self:
            change._rcm_check_second()
            change._rcm_set_state("applied", applied_at=fields.Datetime.now())
            change._rcm_take_effect()

    def _rcm_check_second(self):
        """Somebody else really approved it, whatever the policies say about changes."""
        self.ensure_one()
        done = self._rcm_duties_done()
        if not done["approve"] or done["approve"] & done["create"]:
            raise UserError(
                self.env._(
                    "A change of a rule needs the approval of another administrator: "
                    "no policy for changes may let it straight through."
                )
            )

    def _rcm_take_effect(self):
        author = self.with_user(self.proposed_by_id).sudo()  # approved in his name
        change = author.with_context(rcm_applied=APPLIED, rcm_release=RELEASED)
        rule, draft = change._rcm_rule(), change._rcm_draft()
        if self.kind == "change":
            rule._rcm_take_over(draft)
        elif self.kind == "new":
            draft._rcm_release_draft()
            change._rcm_write(self._rcm_pointer(draft, "policy_id", "res_id"))
        elif self.kind in ("archive", "restore"):
            rule.write({"active": self.kind == "restore"})
        else:
            change.company_id.write({"rcm_policy_second_admin": False})
        (self._rcm_rule() or self)._rcm_emit("approval_policy.change_applied")

    # ------------------------------------------------------------------
    # Under the policies itself
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != "apply":
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        rule, draft = self._rcm_rule(), self._rcm_draft()
        approved = {
            "kind": self.kind,
            "state": "proposed" if self.state == "proposed" else "taken back",
            "company": self.company_id.id,
            "policy": self.policy_id.id,
            "before": rule._rcm_rules_digest(),
            "after": draft._rcm_rules_digest(),
            "in_words": self.sentence_after or "",
            "reason": self.reason or "",
        }
        if self.res_model:
            approved["rule"] = f"{rule._description} {rule.id or draft.id}"
        requester = self.proposed_by_id.id or None
        return self._rcm_approval_item(
            "policy_change", effect, approved, Decimal(0), requester=requester
        )

    @api.model
    def _rcm_approval_locked_fields(self):
        return frozenset({"reason"})

    def _rcm_approval_is_done(self, effect):
        return self.state == "applied"

    def _rcm_duties_done(self):
        """Who drafted or proposed it made it, whoever pressed the button."""
        done = super()._rcm_duties_done()
        change = self.sudo()  # who did it, nothing else
        done["create"] |= set(change.proposed_by_id.ids)
        done["create"] |= change._rcm_draft()._rcm_editors()
        return done

    def _rcm_audit_name(self):
        return self.display_name
