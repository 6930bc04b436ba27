from odoo import api, models
from odoo.exceptions import UserError

from ..policy import find_gaps, find_overlaps
from .rcm_approval_policy import DOCUMENT_TYPES


class RcmApprovalPolicy(models.Model):
    """Whether every amount is covered, and by one policy."""

    _inherit = "rcm.approval.policy"

    @api.model
    def action_check_coverage(self):
        """Show gaps and overlaps between the bands, or say that there are none."""
        self.env.user._rcm_require("administrator", "auditor", "finance_manager")
        policies = [
            policy._rcm_facts()
            for policy in self._rcm_active_policies(dict(DOCUMENT_TYPES))
        ]
        names = dict(self._fields["document_type"]._description_selection(self.env))
        found = [
            self.env._(
                "%(document)s: nothing covers amounts from %(low)s to %(high)s.",
                document=names[scope[0]],
                low=low,
                high=self.env._("any height") if high is None else high,
            )
            for scope, low, high in find_gaps(policies)
        ]
        found += [
            self.env._(
                "“%(first)s” and “%(second)s” overlap.",
                first=first.name,
                second=second.name,
            )
            for first, second in find_overlaps(policies)
        ]
        if found:
            raise UserError("\n".join(found))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Every amount is covered exactly once."),
            },
        }
