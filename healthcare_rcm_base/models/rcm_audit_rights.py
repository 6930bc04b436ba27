"""Changes of rights and of automation are audited like changes of documents."""

from collections import defaultdict

from odoo import api, fields, models

from odoo.addons.account.models.company import LOCK_DATE_FIELDS


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
    """Who is in a role, what it implies and which records it sees.

    Rights may be given from the role's side too: what the person, the other role or
    the record rule gains or loses is logged there as if it were changed there.
    """

    _name = "res.groups"
    _inherit = ["res.groups", "rcm.audit.mixin"]
    _rcm_audit_fields = (
        "name",
        "implied_ids",
        "implied_by_ids",
        "user_ids",
        "rule_groups",
    )
    # The same relation seen from the other record.
    _rcm_audit_mirrors = {
        "implied_ids": "implied_by_ids",
        "implied_by_ids": "implied_ids",
        "user_ids": "group_ids",
        "rule_groups": "groups",
    }

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        groups._rcm_emit_mirrors({}, self._rcm_audit_mirrors)
        return groups

    def write(self, vals):
        names = [name for name in self._rcm_audit_mirrors if name in vals]
        if "all_user_ids" in vals and "user_ids" not in names:
            names.append("user_ids")  # its inverse writes them
        if not names:
            return super().write(vals)
        before = self._rcm_audit_snapshot(names)
        result = super().write(vals)
        self._rcm_emit_mirrors(before, names)
        return result

    def unlink(self):
        names = list(self._rcm_audit_mirrors)
        before = self._rcm_audit_snapshot(names)
        result = super().unlink()
        self.browse()._rcm_emit_mirrors(before, names)
        return result

    def _rcm_audit_snapshot(self, names):
        """Archived people and rules are in the role too."""
        whole = self.with_context(active_test=False)
        return super(ResGroups, whole)._rcm_audit_snapshot(names)

    def _rcm_emit_mirrors(self, before, names):
        """Log on the other side who gained or lost these roles."""
        after = self._rcm_audit_snapshot(names)
        for name in names:
            gained, lost = defaultdict(set), defaultdict(set)
            for group_id in {*before, *after}:
                old = set(before.get(group_id, {}).get(name, ()))
                new = set(after.get(group_id, {}).get(name, ()))
                for id_ in new - old:
                    gained[id_].add(group_id)
                for id_ in old - new:
                    lost[id_].add(group_id)
            others = self.env[self._fields[name].comodel_name]
            others = others.browse({*gained, *lost}).exists()
            mirror = self._rcm_audit_mirrors[name]
            now = others._rcm_audit_snapshot([mirror])
            others._rcm_emit(
                f"{others._name}.changed",
                changes_by_id={
                    id_: {
                        mirror: [
                            sorted({*values[mirror], *lost[id_]} - gained[id_]),
                            sorted(values[mirror]),
                        ]
                    }
                    for id_, values in now.items()
                },
            )


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
    """What the suite's own settings of a company are, and which months are closed."""

    _name = "res.company"
    _inherit = ["res.company", "rcm.audit.mixin"]
    _rcm_audit_unmasked = ("rcm_tax_id", "rcm_npi")

    @property
    def _rcm_audit_edits(self):
        return (
            *LOCK_DATE_FIELDS,
            *(
                name
                for name, field in self._fields.items()
                if name.startswith("rcm_") and field.store and not field.compute
            ),
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
