import inspect
import re

from odoo import api, fields, models
from odoo.tools import html2plaintext

from .rcm_automation import LINKS, MODELS

CALLED = re.compile(r"\b(?:model|records?)((?:\.\w+)*)\.(\w+)\(")


class RcmAutomationRegister(models.Model):
    """Keeping the register: what is new is entered, what changed gets a version."""

    _inherit = "rcm.automation"

    @api.model
    def _rcm_sync(self):
        """Enter what is not in the register yet (after an upgrade)."""
        for kind, model in MODELS.items():
            domain = [("model_id.model", "=like", "rcm.%")]
            if kind == "button":
                domain.append(("usage", "=", "ir_actions_server"))
            works = self.env[model].with_context(active_test=False).search(domain)
            # While this module is upgraded, models of those above are not there yet.
            self._rcm_enter(
                works.filtered(lambda work: work.model_id.model in self.env)
            )
        for entry in self.search([("purpose", "=", False)]):
            work = entry._rcm_work()
            if work.model_id.model in self.env:
                entry.purpose = self._rcm_words(work)
        self.search([("owner_id", "=", False)]).owner_id = self._rcm_default_owner()

    @api.model
    def _rcm_default_owner(self):
        """Who answers until somebody is named: an administrator of the suite."""
        group = self.env.ref("healthcare_rcm_base.group_administrator")
        # Who holds a role is read whoever makes an automation.
        people = group.sudo().all_user_ids
        staff = people.filtered(lambda user: user.active and not user.share)
        return staff.sorted("id")[:1] or self.env.ref("base.user_admin")

    @api.model
    def _rcm_enter(self, works):
        """Enter the suite's own among ``works`` that have no entry yet."""
        kind = next(kind for kind, model in MODELS.items() if model == works._name)
        link = LINKS[kind]
        # Keeping the register is no right of who makes an automation.
        Entry = self.sudo()
        known = Entry.search([(link, "in", works.ids)])[link]
        if kind == "button":
            works.sudo().base_automation_id._rcm_describe()
        fresh = (works.sudo() - known).filtered(
            lambda work: (work.model_id.model or "").startswith("rcm.")
        )
        if kind == "button":
            fresh = fresh.filtered(lambda work: work.usage == "ir_actions_server")
        owner = self._rcm_default_owner()
        return Entry._rcm_create(
            [
                {
                    "name": work.name,
                    "owner_id": owner.id,
                    "kind": kind,
                    link: work.id,
                    "model_name": work.model_id.model,
                    "purpose": self._rcm_words(work),
                }
                for work in fresh
            ]
        )

    @api.model
    def _rcm_words(self, work):
        """What the called method says about itself."""
        code = (
            work.action_server_ids[:1].code
            if work._name == "base.automation"
            else work.code
        )
        if work._name == "base.automation" and work.description:
            return html2plaintext(work.description).strip()
        called = CALLED.search(code or "")
        method = None
        if called:
            path, name = called.groups()
            target = self.env[work.model_id.model]
            for step in filter(None, path.split(".")):
                target = target[step]
            method = getattr(type(target), name, None)
        words = inspect.getdoc(method) if method else ""
        return " ".join((words or "").split("\n:")[0].split()) or False

    @api.model
    def _rcm_changed(self, works):
        """Raise the version of the entries of ``works``; the log has what changed."""
        link = next(
            LINKS[kind] for kind, model in MODELS.items() if model == works._name
        )
        entries = self.sudo().search([(link, "in", works.ids)])
        if works._name == "ir.actions.server":
            entries |= self.sudo().search(
                [
                    "|",
                    ("rule_id.action_server_ids", "in", works.ids),
                    ("cron_id.ir_actions_server_id", "in", works.ids),
                ]
            )
        before = entries._rcm_audit_snapshot(["version"])
        for entry in entries:
            entry._rcm_write(
                {"version": entry.version + 1, "changed_at": fields.Datetime.now()}
            )
        entries._rcm_emit_difference("rcm.automation.changed", before, ["version"])
