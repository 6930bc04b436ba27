from odoo import api, fields, models

from ..policy import find_all


class RcmApprovalPolicy(models.Model):
    """Whether every document is covered, by one policy, and not by a weaker one."""

    _inherit = "rcm.approval.policy"

    def action_check_coverage(self):
        """Open the list of gaps, overlaps and weak spots from today on."""
        self.env.user._rcm_require("administrator", "auditor", "finance_manager")
        self.env["rcm.approval.coverage"]._rcm_refresh()
        return self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_approvals.rcm_approval_coverage_action"
        )

    @api.model
    def _rcm_coverage(self):
        """Weaknesses of the active policies in the companies of the user."""
        companies = self.env.companies
        kinds = [kind for kind, _name in self._rcm_document_types()]
        policies = self._rcm_active_policies(kinds).filtered(
            lambda policy: not policy.company_id or policy.company_id in companies
        )
        return find_all(
            [policy._rcm_facts() for policy in policies],
            kinds,
            companies.ids,
            fields.Date.context_today(self),
        )
