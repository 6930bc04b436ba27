"""Changes of rights and of automation are audited like changes of documents."""

from odoo import api, fields, models


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


class ResUsersApikeys(models.Model):
    """Which keys open the doors; never the key itself."""

    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        key = super()._generate(scope, name, expiration_date)
        self._rcm_log_key("created", self.env.user, scope, name, expiration_date)
        return key

    def unlink(self):
        # Who may remove keys is decided below; the log needs what they were.
        gone = [(key.user_id, key.scope, key.name) for key in self.sudo()]
        result = super().unlink()
        for user, scope, name in gone:
            self._rcm_log_key("removed", user, scope, name, None)
        return result

    def _rcm_log_key(self, what, user, scope, name, expiration_date):
        if user.share:
            return
        expires = fields.Datetime.to_string(expiration_date) or None
        changes = {"name": name, "scope": scope, "expires": expires}
        user._rcm_emit(
            f"res.users.api_key_{what}",
            changes={
                key: [None, value] if what == "created" else [value, None]
                for key, value in changes.items()
                if value
            },
        )


class ResCompany(models.Model):
    """What the suite's own settings of a company are."""

    _name = "res.company"
    _inherit = ["res.company", "rcm.audit.mixin"]
    _rcm_audit_unmasked = ("rcm_tax_id", "rcm_npi")

    @property
    def _rcm_audit_edits(self):
        return tuple(
            name
            for name, field in self._fields.items()
            if name.startswith("rcm_") and field.store and not field.compute
        )

    def _rcm_audit_company_id(self):
        self.ensure_one()
        return self.id


class IrConfigParameter(models.Model):
    """The suite's system parameters; those of others may hold secrets."""

    _name = "ir.config_parameter"
    _inherit = ["ir.config_parameter", "rcm.audit.mixin"]
    _rcm_audit_fields = ("key", "value")

    def _rcm_emit(self, event, **values):
        ours = self.filtered(lambda item: item.key.startswith("healthcare_rcm"))
        return super(IrConfigParameter, ours)._rcm_emit(event, **values)


class RcmAutomationWork(models.AbstractModel):
    """Records that act by themselves: in the register, with a version."""

    _name = "rcm.automation.work"
    _inherit = "rcm.audit.mixin"
    _description = "Registered Automation"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["rcm.automation"]._rcm_enter(records)
        return records

    def _rcm_emit_difference(self, event, before, names):
        after = self._rcm_audit_snapshot(names)
        changed = self.filtered(lambda work: before.get(work.id) != after[work.id])
        result = super()._rcm_emit_difference(event, before, names)
        self.env["rcm.automation"]._rcm_changed(changed)
        return result


class BaseAutomation(models.Model):
    """Which rules act by themselves."""

    _name = "base.automation"
    _inherit = ["base.automation", "rcm.automation.work"]

    _rcm_audit_fields = (
        "name",
        "active",
        "trigger",
        "filter_domain",
        "filter_pre_domain",
        "trigger_field_ids",
    )

    def _rcm_describe(self):
        """Fill in what the rules do, now that their actions are there."""
        Entry = self.env["rcm.automation"].sudo()  # the register keeps itself
        for entry in Entry.search([("rule_id", "in", self.ids)]):
            if not entry.purpose:
                entry.purpose = Entry._rcm_words(entry.rule_id)


class IrCron(models.Model):
    """Which jobs run, how often and as whom."""

    _name = "ir.cron"
    _inherit = ["ir.cron", "rcm.automation.work"]
    _rcm_audit_fields = ("active", "interval_number", "interval_type", "user_id")


class IrActionsServer(models.Model):
    """What rules and jobs do."""

    _name = "ir.actions.server"
    _inherit = ["ir.actions.server", "rcm.automation.work"]
    _rcm_audit_fields = ("name", "state", "code", "model_id", "value", "update_path")
    _rcm_audit_unmasked = ("code", "value", "update_path")
