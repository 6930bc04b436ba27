from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..policy import to_json
from .rcm_approval_policy import RULES

# Known by identity, so that no context of a client can stand in for it.
APPLIED = object()


class RcmApprovalPolicy(models.Model):
    """Where two administrators are asked for, rules change by proposals only."""

    _inherit = "rcm.approval.policy"

    change_id = fields.Many2one(
        "rcm.approval.policy.change",
        "Draft For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="This is no policy yet but the draft of a change; it routes nothing.",
    )
    change_ids = fields.One2many(
        "rcm.approval.policy.change", "policy_id", string="Changes"
    )
    second_admin = fields.Boolean(compute="_compute_second_admin")

    @api.depends("company_id.rcm_policy_second_admin")
    def _compute_second_admin(self):
        for policy in self:
            policy.second_admin = policy._rcm_needs_second()

    def _rcm_needs_second(self):
        """Whether a change of this policy is another administrator's to apply."""
        # a setting of the companies the policy is for, not their data
        Company = self.env["res.company"].sudo()
        wanted = [("rcm_policy_second_admin", "=", True)]
        if self.company_id:
            wanted.append(("id", "=", self.company_id.id))
        return bool(Company.search_count(wanted, limit=1))

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"change_id"}

    # ------------------------------------------------------------------
    # The guard
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        policies._rcm_refuse_alone()
        return policies

    def write(self, vals):
        ruled = not {*RULES, "step_ids"}.isdisjoint(vals)
        if ruled:
            self._rcm_refuse_alone()
        if vals.get("active"):
            self._rcm_refuse_live_drafts()
        result = super().write(vals)
        if ruled:
            self._rcm_refuse_alone()
            # a draft under decision is not the one that was asked for any more
            self.sudo().change_id._rcm_approval_recheck()
        return result

    def _rcm_refuse_alone(self):
        """Refuse a change of live rules by one administrator where two are needed."""
        if self.env.context.get("rcm_applied") is APPLIED:
            return
        for policy in self:
            if policy.change_id or not policy._rcm_needs_second():
                continue
            if self.env.uid == SUPERUSER_ID:
                self.env["rcm.duty.conflict"]._rcm_mark_override(
                    policy, "policy_change"
                )
                continue
            raise UserError(
                self.env._(
                    "“%s” is changed by a proposal that another administrator "
                    "approves: use “Propose a Change”.",
                    policy.name,
                )
            )

    def _rcm_refuse_live_drafts(self):
        if self.env.context.get("rcm_applied") is APPLIED:
            return
        if self.filtered("change_id"):
            raise UserError(
                self.env._("A draft does not become a policy by itself: propose it.")
            )

    # ------------------------------------------------------------------
    # Drafts
    # ------------------------------------------------------------------
    def action_propose_change(self):
        """Begin a change of this policy: a draft to edit and then propose."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        return self.env["rcm.approval.policy.change"]._rcm_begin("change", self)

    def action_propose_archive(self):
        """Begin taking this policy out of effect, or back into it."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        kind = "archive" if self.active else "restore"
        return self.env["rcm.approval.policy.change"]._rcm_begin(kind, self)

    def _rcm_rules_vals(self):
        """Values of the rules and steps, for another policy to take over."""
        self.ensure_one()
        names = [name for name in RULES if name != "active"]
        (vals,) = self.with_context(active_test=False).copy_data()
        taken = {name: vals[name] for name in names if name in vals}
        return {**taken, "step_ids": [(5, 0, 0), *vals.get("step_ids", [])]}

    def _rcm_rules_digest(self):
        """A fingerprint of the rules as they are now; nothing for no policy."""
        if not self:
            return ""
        rules = {**to_json(self._rcm_facts()), "active": self.active, "ref": 0}
        for step in rules["steps"]:
            step["ref"] = 0
        return digest(rules)

    def _rcm_rule_text(self, name):
        """One rule in words, for comparing two policies."""
        if not self:
            return ""
        field, value = self._fields[name], self[name]
        if name == "step_ids":
            return self._steps_words()
        if field.relational:
            # names of what the rule is about, as in the sentence
            return ", ".join(value.sudo().mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if name in ("amount_to", "risk_to") and not value:
            return self.env._("no limit")
        if field.type == "monetary":
            return formatLang(self.env, value, currency_obj=self.currency_id)
        if field.type == "date":
            return format_date(self.env, value) if value else ""
        return str(value) if value else ""


class RcmApprovalPolicyStep(models.Model):
    """Steps are rules: the same guard holds for them."""

    _inherit = "rcm.approval.policy.step"

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._rcm_after_change(steps.policy_id)
        return steps

    def write(self, vals):
        policies = self.policy_id
        result = super().write(vals)
        self._rcm_after_change(policies | self.policy_id)
        return result

    def unlink(self):
        policies = self.policy_id
        result = super().unlink()
        self._rcm_after_change(policies.exists())
        return result

    @api.model
    def _rcm_after_change(self, policies):
        policies._rcm_refuse_alone()
        # a draft under decision is not the one that was asked for any more
        policies.sudo().change_id._rcm_approval_recheck()
