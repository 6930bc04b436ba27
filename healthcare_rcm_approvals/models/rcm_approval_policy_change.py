from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_approval_policy import RULES
from .rcm_approval_policy_draft import APPLIED
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
    """A change of a policy that one administrator proposes and another approves."""

    _name = "rcm.approval.policy.change"
    _description = "Change of an Approval Policy"
    _inherit = ["rcm.document.mixin"]
    _order = "id desc"
    _rcm_state_machine = "policy_change"
    _rcm_protected = (
        "kind",
        "policy_id",
        "draft_id",
        "company_id",
        "proposed_by_id",
        "proposed_at",
        "applied_at",
    )

    kind = fields.Selection(
        [
            ("change", "Change a policy"),
            ("new", "New policy"),
            ("archive", "Take a policy out of effect"),
            ("restore", "Bring a policy back"),
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
    sentence_before = fields.Char("Today", compute="_compute_difference")
    sentence_after = fields.Char("Proposed", compute="_compute_difference")
    difference = fields.Html(compute="_compute_difference", sanitize=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("kind", "policy_id.name", "draft_id.name", "company_id.name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for change in self:
            about = change.policy_id or change.draft_id or change.company_id
            change.display_name = f"{kinds.get(change.kind, '')}: {about.name or ''}"

    @api.depends("policy_id", "draft_id", "kind", "state")
    def _compute_difference(self):
        for change in self:
            before, after = change.policy_id, change.draft_id
            if change.kind in ("archive", "restore"):
                change.sentence_before = before.sentence
                change.sentence_after = (
                    self.env._("Not in effect.")
                    if change.kind == "archive"
                    else before.sentence
                )
            else:
                change.sentence_before = before.sentence
                change.sentence_after = after.sentence
            change.difference = change._difference() if after else False

    def _difference(self):
        """A table of the rules that differ."""
        before, after = self.policy_id, self.draft_id
        rows = []
        for name in (*RULES, "step_ids"):
            if name == "active":
                continue
            old, new = (policy._rcm_rule_text(name) for policy in (before, after))
            if old != new:
                label = after._fields[name]._description_string(self.env)
                rows.append(
                    Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>")
                    % (label, old or "–", new or "–")
                )
        if not rows:
            return Markup("<p>%s</p>") % self.env._("Nothing differs yet.")
        head = (self.env._("Rule"), self.env._("Today"), self.env._("Proposed"))
        cells = Markup("").join(Markup("<th>%s</th>") % title for title in head)
        return Markup(
            "<table class='table table-sm'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (cells, Markup("").join(rows))

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
    def _rcm_begin(self, kind, policy):
        """A change of this kind with its draft, opened."""
        company = policy.company_id or self.env.company
        # the role was checked by the callers; what is made here routes nothing
        (change,) = self.sudo()._rcm_create(
            [{"kind": kind, "policy_id": policy.id, "company_id": company.id}]
        )
        if kind in WITH_DRAFT:
            change._rcm_write({"draft_id": change._rcm_make_draft(policy).id})
        change._rcm_emit("approval_policy.change_begun")
        return change.with_env(self.env)._action_open()

    def _rcm_make_draft(self, policy):
        name = policy.name or self.env._("New policy")
        vals = policy._rcm_rules_vals() if policy else {}
        (draft,) = self.env["rcm.approval.policy"]._rcm_create(
            [
                {
                    **vals,
                    "name": name,
                    "active": False,
                    "change_id": self.id,
                    "owner_id": policy.owner_id.id,
                    "company_id": vals.get("company_id") or False,
                }
            ]
        )
        return draft

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
            "res_model": "rcm.approval.policy",
            "res_id": self.draft_id.id,
            "view_mode": "form",
        }

    def action_propose(self):
        """Ask another administrator."""
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        for change in self:
            if not (change.reason or "").strip():
                raise ValidationError(self.env._("Say why the policy has to change."))
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
                    "A change of a policy needs the approval of another administrator: "
                    "no policy for changes may let it straight through."
                )
            )

    def _rcm_take_effect(self):
        author = self.with_user(self.proposed_by_id).sudo()  # approved in his name
        change = author.with_context(rcm_applied=APPLIED, rcm_release=RELEASED)
        policy, draft = change.policy_id, change.draft_id
        if self.kind == "change":
            policy.write({**draft._rcm_rules_vals(), "name": draft.name})
        elif self.kind == "new":
            draft._rcm_write({"change_id": False})
            draft.write({"active": True})
            change._rcm_write({"policy_id": draft.id})
        elif self.kind in ("archive", "restore"):
            policy.write({"active": self.kind == "restore"})
        else:
            change.company_id.write({"rcm_policy_second_admin": False})
        (self.policy_id or self.draft_id)._rcm_emit("approval_policy.change_applied")

    # ------------------------------------------------------------------
    # Under the policies itself
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != "apply":
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        return {
            "facts": self._rcm_facts_for(
                "policy_change",
                effect,
                Decimal(0),
                company=self.company_id.id,
                requester=self.proposed_by_id.id or None,
            ),
            "approved": {
                "kind": self.kind,
                "state": "proposed" if self.state == "proposed" else "taken back",
                "company": self.company_id.id,
                "policy": self.policy_id.id,
                "before": self.policy_id._rcm_rules_digest(),
                "after": self.draft_id._rcm_rules_digest(),
                "in_words": self.sentence_after or "",
                "reason": self.reason or "",
            },
        }

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
        done["create"] |= set(change.draft_id.version_ids.user_id.ids)
        return done

    def _rcm_audit_name(self):
        return self.display_name
