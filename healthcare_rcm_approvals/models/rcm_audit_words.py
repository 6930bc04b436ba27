from odoo import api, models


class RcmAuditLog(models.Model):
    """What the steps of approvals are called where the log is read."""

    _inherit = "rcm.audit.log"

    @api.model
    def _rcm_event_words(self):
        return {
            **super()._rcm_event_words(),
            "approval.approved_by_waiting": self.env._(
                "approved by waiting, as its policy says"
            ),
            "approval.expired": self.env._("approval expired"),
            "approval.information_asked": self.env._("more information asked for"),
            "approval.overdue": self.env._("longer waiting than its policy allows"),
            "approval.requested": self.env._("approval asked for"),
            "approval.straight_through": self.env._("no approval needed"),
            "approval_policy.change_applied": self.env._("change takes effect"),
            "approval_policy.change_begun": self.env._("change begun"),
            "approval_policy.version_taken": self.env._("version of the rules taken"),
        }

    @api.model
    def _rcm_detail_words(self):
        return {
            **super()._rcm_detail_words(),
            "approval": self.env._("By Policy"),
            # its number says nothing to a person: who decided is the row itself
            "decision_id": "",
            "duty": self.env._("Duty"),
            "escalate_group_id": self.env._("To Role"),
            "escalate_to_id": self.env._("To"),
            "evidence_hash": self.env._("SHA-256 of the Evidence"),
            "forwarded_to_id": self.env._("To"),
            "hours": self.env._("Hours Waited"),
            "on_behalf_of_id": self.env._("On Behalf of"),
        }

    @api.model
    def _rcm_detail_models(self):
        return {
            **super()._rcm_detail_models(),
            "escalate_group_id": "res.groups",
            "escalate_to_id": "res.users",
            "forwarded_to_id": "res.users",
            "on_behalf_of_id": "res.users",
        }

    @api.model
    def _rcm_detail_link(self, name, value):
        if name == "approval" and isinstance(value, str):
            return value.removeprefix("straight through: ")  # its title says so
        return super()._rcm_detail_link(name, value)
