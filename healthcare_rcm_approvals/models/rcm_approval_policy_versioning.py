from odoo import api, models

from .rcm_approval_policy_version import IN_ONE_VERSION


class RcmApprovalPolicy(models.Model):
    """Every change that can route a document differently is kept as a version."""

    _inherit = "rcm.approval.policy"

    @api.model_create_multi
    def create(self, vals_list):
        policies = super(RcmApprovalPolicy, self._rcm_versioning()).create(vals_list)
        policies = policies.with_env(self.env)
        policies._rcm_take_versions()
        return policies

    def write(self, vals):
        result = super(RcmApprovalPolicy, self._rcm_versioning()).write(vals)
        self._rcm_take_versions()
        return result

    def _rcm_versioning(self):
        """These policies while one version is being prepared: steps written with
        them do not make versions of their own."""
        return self.with_context(rcm_versioning=IN_ONE_VERSION)

    def _rcm_take_versions(self):
        """Keep a version of every policy whose rules are no longer those kept."""
        if self.env.context.get("rcm_versioning") is not IN_ONE_VERSION:
            self.env["rcm.approval.policy.version"]._rcm_take(self)

    def _rcm_current_version(self):
        """The version of this policy that a request made now is made under."""
        self.ensure_one()
        self._rcm_take_versions()
        return self.version_ids[:1]


class RcmApprovalPolicyStep(models.Model):
    """A changed step is a changed policy."""

    _inherit = "rcm.approval.policy.step"

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.policy_id._rcm_take_versions()
        return steps

    def write(self, vals):
        policies = self.policy_id
        result = super().write(vals)
        (policies | self.policy_id)._rcm_take_versions()
        return result

    def unlink(self):
        policies = self.policy_id
        result = super().unlink()
        policies.exists()._rcm_take_versions()
        return result
