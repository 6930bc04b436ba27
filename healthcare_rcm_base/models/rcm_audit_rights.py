"""Changes of rights and of automation are audited like changes of documents."""

from odoo import models


class ResUsers(models.Model):
    """Who may do what: roles, companies and facilities of the staff."""

    _name = "res.users"
    _inherit = ["res.users", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "login",
        "active",
        "group_ids",
        "company_ids",
        "rcm_facility_ids",
    )

    def _rcm_emit(self, event, **values):
        """Staff only: the login of a portal user may be a patient's address."""
        return super(ResUsers, self.filtered(lambda user: not user.share))._rcm_emit(
            event, **values
        )

    def _rcm_audit_name(self):
        self.ensure_one()
        return self.login

    def _rcm_audit_company_id(self):
        """Rights are every auditor's business."""
        return False


class ResGroups(models.Model):
    """What a role implies."""

    _name = "res.groups"
    _inherit = ["res.groups", "rcm.audit.mixin"]
    _rcm_audit_fields = ("name", "implied_ids")


class IrRule(models.Model):
    """Which records a role sees."""

    _name = "ir.rule"
    _inherit = ["ir.rule", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "active",
        "domain_force",
        "groups",
        "perm_read",
        "perm_write",
        "perm_create",
        "perm_unlink",
    )


class IrModelAccess(models.Model):
    """What a role does with a kind of record."""

    _name = "ir.model.access"
    _inherit = ["ir.model.access", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "active",
        "model_id",
        "group_id",
        "perm_read",
        "perm_write",
        "perm_create",
        "perm_unlink",
    )


class BaseAutomation(models.Model):
    """Which rules act by themselves."""

    _name = "base.automation"
    _inherit = ["base.automation", "rcm.audit.mixin"]
    _rcm_audit_fields = ("name", "active", "trigger", "filter_domain")


class IrCron(models.Model):
    """Which jobs run, how often and as whom."""

    _name = "ir.cron"
    _inherit = ["ir.cron", "rcm.audit.mixin"]
    _rcm_audit_fields = ("active", "interval_number", "interval_type", "user_id")


class IrActionsServer(models.Model):
    """What rules and jobs do."""

    _name = "ir.actions.server"
    _inherit = ["ir.actions.server", "rcm.audit.mixin"]
    _rcm_audit_fields = ("name", "state", "code", "model_id", "value", "update_path")
    _rcm_audit_unmasked = ("code", "value", "update_path")
