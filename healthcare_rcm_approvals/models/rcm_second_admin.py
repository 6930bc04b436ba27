from lxml.builder import E

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, formatLang

from odoo.addons.healthcare_rcm_base.core.canonical import digest

# Known by identity, so that no context of a client can stand in for them.
APPLIED, DRAFTING = object(), object()


class RcmSecondAdminMixin(models.AbstractModel):
    """A rule of the controls that one administrator alone may not change.

    Where a company asks for two administrators, what ``_rcm_rules`` names changes by
    proposals only (``rcm.approval.policy.change``): a draft is a copy that is not in
    effect, and another administrator's approval applies it.
    """

    _name = "rcm.second.admin.mixin"
    _description = "Rule That Two Administrators Change"

    # What takes effect somewhere; other fields are free.
    _rcm_rules = ("active",)
    # Values of the draft of a new one.
    _rcm_new_rule = {}

    change_id = fields.Many2one(
        "rcm.approval.policy.change",
        "Draft For",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="This is no rule yet but the draft of a change; it has no effect.",
    )
    second_admin = fields.Boolean(compute="_compute_second_admin")

    def _compute_second_admin(self):
        for rule in self:
            rule.second_admin = rule._rcm_needs_second()

    def _rcm_needs_second(self):
        """Whether a change of this rule is another administrator's to apply."""
        # a setting of the companies the rule is for, not their data
        Company = self.env["res.company"].sudo()
        wanted = [("rcm_policy_second_admin", "=", True)]
        if "company_id" in self._fields and self.company_id:
            wanted.append(("id", "=", self.company_id.id))
        return bool(Company.search_count(wanted, limit=1))

    # ------------------------------------------------------------------
    # The guard
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("rcm_drafting") is not DRAFTING:
            if any(vals.get("change_id") for vals in vals_list):
                self._rcm_refuse_mark()
            vals_list = [{**vals, "change_id": False} for vals in vals_list]
        rules = super().create(vals_list)
        rules._rcm_refuse_alone()
        return rules

    def write(self, vals):
        drafting = self.env.context.get("rcm_drafting") is DRAFTING
        if "change_id" in vals and not drafting:
            self._rcm_refuse_mark()
        ruled = not set(self._rcm_rules).isdisjoint(vals)
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

    def unlink(self):
        self._rcm_refuse_alone()
        return super().unlink()

    def _rcm_refuse_alone(self):
        """Refuse a change of live rules by one administrator where two are needed."""
        if self.env.context.get("rcm_applied") is APPLIED:
            return
        for rule in self:
            if rule.change_id or not rule._rcm_needs_second():
                continue
            if self.env.uid == SUPERUSER_ID:
                rule._rcm_mark_system_change()
                continue
            raise UserError(
                self.env._(
                    "“%s” is changed by a proposal that another administrator "
                    "approves: use “Propose a Change”.",
                    rule.display_name,
                )
            )

    def _rcm_mark_system_change(self):
        self.env["rcm.duty.conflict"]._rcm_mark_override(self, "policy_change")

    def _rcm_refuse_live_drafts(self):
        if self.env.context.get("rcm_applied") is APPLIED:
            return
        if self.filtered("change_id"):
            raise UserError(
                self.env._("A draft does not become a rule by itself: propose it.")
            )

    def _rcm_refuse_mark(self):
        raise AccessError(self.env._("Proposals alone make drafts, and release them."))

    # ------------------------------------------------------------------
    # Proposals
    # ------------------------------------------------------------------
    def action_propose_change(self):
        """Begin a change of this rule: a draft to edit and then propose."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        return self.env["rcm.approval.policy.change"]._rcm_begin("change", self)

    def action_propose_archive(self):
        """Begin taking this rule out of effect, or back into it."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("read")
        kind = "archive" if self.active else "restore"
        return self.env["rcm.approval.policy.change"]._rcm_begin(kind, self)

    def action_propose_new(self):
        """Begin a rule that does not exist yet, whatever is chosen in the list."""
        self.env.user._rcm_require("administrator")
        return self.env["rcm.approval.policy.change"]._rcm_begin("new", self.browse())

    def _rcm_make_draft(self, change):
        """The draft of ``change``: a copy of this rule, or one with values to edit."""
        vals = self._rcm_rules_vals() if self else dict(self._rcm_new_rule)
        drafts = self.with_context(rcm_drafting=DRAFTING)
        return drafts.create(
            {**vals, "active": False, "change_id": change.id}
        ).with_env(self.env)

    def _rcm_take_over(self, draft):
        """Take the rules of an approved draft over. Private: for the change."""
        self.write(draft._rcm_rules_vals())

    def _rcm_release_draft(self):
        """This approved draft becomes a rule. Private: for the change."""
        self.with_context(rcm_drafting=DRAFTING).write({"change_id": False})
        self.write({"active": True})

    def _rcm_rules_vals(self):
        """Values of the rules, for another record to take over."""
        self.ensure_one()
        names = [name for name in self._rcm_rules if name != "active"]
        (vals,) = self.with_context(active_test=False).copy_data()
        return {name: vals[name] for name in names if name in vals}

    def _rcm_rules_digest(self):
        """A fingerprint of the rules as they are now; nothing for no rule."""
        if not self:
            return ""
        rules = self.with_context(active_test=False)
        return digest(
            {
                name: rules._rcm_audit_value(rules._fields[name], rules[name])
                for name in self._rcm_rules
            }
        )

    def _rcm_editors(self):
        """Ids of the users who made or changed this draft, by the audit log."""
        rows = self.env["rcm.audit.log"].search_fetch(
            [("model", "=", self._name), ("res_id", "in", self.ids)], ["actor_uid"]
        )
        return set(rows.mapped("actor_uid"))

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------
    def _rcm_rule_names(self):
        """Rules in the order in which a change shows them."""
        return [name for name in self._rcm_rules if name != "active"]

    def _rcm_in_words(self):
        """The rule as one sentence for who approves its change."""
        if not self:
            return ""
        return "; ".join(
            f"{self._fields[name]._description_string(self.env)}: {text}"
            for name in self._rcm_rule_names()
            if (text := self._rcm_rule_text(name))
        )

    def _rcm_rule_text(self, name):
        """One rule in words, for comparing two."""
        if not self:
            return ""
        field, value = self._fields[name], self[name]
        if field.relational:
            # names of what the rule is about, as in its sentence
            return ", ".join(value.sudo().mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "monetary":
            return formatLang(self.env, value, currency_obj=self.currency_id)
        if field.type == "date":
            return format_date(self.env, value) if value else ""
        if field.type == "float":
            return f"{value:g}"
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        return str(value) if value else ""

    # ------------------------------------------------------------------
    # Views
    # ------------------------------------------------------------------
    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            self._rcm_add_proposals(arch)
        return arch, view

    @api.model
    def _rcm_add_proposals(self, arch):
        """Give a form the buttons and notes of proposals, unless it brings its own."""
        if arch.xpath("//button[@name='action_propose_change']"):
            return
        header = arch.find("header")
        if header is None:
            header = E.header()
            arch.insert(0, header)
        standing = "not second_admin or change_id or not id"
        for method, title, hidden in (
            ("action_propose_change", self.env._("Propose a Change"), ""),
            ("action_propose_archive", self.env._("Propose to Archive"), "not active"),
            ("action_propose_archive", self.env._("Propose to Bring Back"), "active"),
        ):
            attributes = {"name": method, "type": "object", "string": title}
            header.append(
                E.button(
                    attributes,
                    groups="healthcare_rcm_base.group_administrator",
                    invisible=" or ".join(filter(None, [standing, hidden])),
                )
            )
        place = arch.index(header) + 1
        for name in ("second_admin", "active"):
            arch.insert(place, E.field(name=name, invisible="1"))
        draft = E.div(
            {"class": "alert alert-warning mb-0", "role": "status"},
            self.env._(
                "This is the draft of a change; it has no effect. Edit it, then "
                "propose it in"
            ),
            " ",
            E.field({"class": "oe_inline"}, name="change_id"),
            invisible="not change_id",
        )
        live = E.div(
            {"class": "alert alert-info mb-0", "role": "status"},
            self.env._(
                "It is changed by a proposal that another administrator approves."
            ),
            invisible=standing,
        )
        arch.insert(place, live)
        arch.insert(place, draft)
