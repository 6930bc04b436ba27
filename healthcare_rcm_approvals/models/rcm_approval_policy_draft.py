from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..policy import to_json
from .rcm_approval_policy import RULES


class RcmApprovalPolicy(models.Model):
    """Where two administrators are asked for, policies change by proposals only.

    Steps are rules of their policy.
    """

    _name = "rcm.approval.policy"
    _inherit = ["rcm.approval.policy", "rcm.second.admin.mixin"]

    _rcm_rules = (*RULES, "step_ids")

    change_ids = fields.One2many(
        "rcm.approval.policy.change", "policy_id", string="Changes"
    )

    def _rcm_make_draft(self, change):
        draft = super()._rcm_make_draft(change)
        if self:
            draft.owner_id = self.owner_id
        return draft

    @property
    def _rcm_new_rule(self):
        return {"name": self.env._("New policy")}

    def _rcm_take_over(self, draft):
        self.write({**draft._rcm_rules_vals(), "name": draft.name})

    def _rcm_rules_vals(self):
        """The steps as well, whole; the name comes along to tell them apart."""
        taken = super()._rcm_rules_vals()
        (vals,) = self.with_context(active_test=False).copy_data()
        steps = [(5, 0, 0), *vals.get("step_ids", [])]
        return {**taken, "name": self.name, "step_ids": steps}

    def _rcm_rules_digest(self):
        """Of the policy as the pure rules see it, whatever its steps are called."""
        if not self:
            return ""
        rules = {**to_json(self._rcm_facts()), "active": self.active, "ref": 0}
        for step in rules["steps"]:
            step["ref"] = 0
        return digest(rules)

    def _rcm_editors(self):
        return set(self.version_ids.user_id.ids)

    def _rcm_in_words(self):
        return self.sentence or ""

    def _rcm_rule_text(self, name):
        if self and name == "step_ids":
            return self._steps_words()
        if self and name in ("amount_to", "risk_to") and not self[name]:
            return self.env._("no limit")
        return super()._rcm_rule_text(name)


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
