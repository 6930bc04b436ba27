from odoo import api, fields, models
from odoo.exceptions import UserError

from .rcm_facility_onboarding import ITEMS
from .rcm_facility_template import CONNECTOR_VALUES


class RcmFacilityOnboarding(models.Model):
    """Making what a template says, once, and keeping what is said otherwise here."""

    _inherit = "rcm.facility.onboarding"

    def _rcm_prepare(self):
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("It is prepared already."))
        facility = self.facility_id
        # Whether there is any, not which.
        if (
            self.env["rcm.encounter"]
            .sudo()
            .search_count([("facility_id", "=", facility.id)], limit=1)
        ):
            raise UserError(
                self.env._(
                    "%s has encounters already: a shadow run would stop them.",
                    facility.display_name,
                )
            )
        template = self.template_id
        vals = {}
        if template.place_of_service and not facility.place_of_service:
            vals["place_of_service"] = template.place_of_service
        if template.provider_group_ids:
            vals["provider_group_ids"] = [
                (4, group.id) for group in template.provider_group_ids
            ]
        if vals:
            facility.write(vals)
        # The switch is this step's; the role was checked.
        facility.sudo()._rcm_set_mode("shadow")
        self._rcm_make_missing()
        self._rcm_set_state("prepared")

    def _rcm_make_missing(self):
        """Make what the template has and this facility has not; renew the rest."""
        self.ensure_one()
        known = {item.template_line_id: item for item in self.item_ids}
        for line in self.template_id.connector_ids:
            if line in known:
                known[line]._rcm_renew()
            else:
                self._rcm_make_connector(line)
        done = {(item.res_model, item.res_id) for item in self.item_ids}
        for queue in self.template_id.queue_ids:
            if (queue._name, queue.id) not in done:
                self._rcm_join_queue(queue)
        for policy in self.template_id.policy_ids:
            if (policy._name, policy.id) not in done:
                self._rcm_join_policy(policy)

    # ------------------------------------------------------------------
    # The parts
    # ------------------------------------------------------------------
    def _rcm_make_connector(self, line):
        facility = self.facility_id
        code = f"{facility.code}-{line.suffix}".lower()
        vals = line._rcm_connector_vals()
        connector = self.env["rcm.connector"].create(
            {
                **vals,
                "name": f"{facility.name}: {line.name}",
                "code": code,
                "state": "paused",
                "company_id": self.company_id.id,
                "facility_ids": [(6, 0, facility.ids)],
                "user_id": self._rcm_service_user(code, line).id,
            }
        )
        self._rcm_note_item("connector", connector, line)
        for mapping in line.mapping_ids:
            copy = mapping.copy(
                {
                    "connector_id": connector.id,
                    "valid_from": fields.Date.context_today(self),
                }
            )
            self._rcm_note_item("mapping", copy)
        for feed in line.feed_ids:
            copy = feed.copy(
                {
                    "name": f"{facility.name}: {feed.name}",
                    "connector_id": connector.id,
                    "facility_id": facility.id,
                    "active": False,
                }
            )
            self._rcm_note_item("feed", copy)

    def _rcm_service_user(self, code, line):
        """The one user of the new connector: the integration role and nothing else."""
        login = f"svc-{code}"
        # Users are Odoo's own; the role was checked, and the new one can log in
        # nowhere.
        users = self.env["res.users"].sudo().with_context(no_reset_password=True)
        if users.with_context(active_test=False).search_count([("login", "=", login)]):
            raise UserError(self.env._("There is a user %s already.", login))
        group = self.env.ref("healthcare_rcm_base.group_integration")
        return users.create(
            {
                "name": f"{self.facility_id.name}: {line.name}",
                "login": login,
                "group_ids": [(6, 0, group.ids)],
                "company_id": self.company_id.id,
                "company_ids": [(6, 0, self.company_id.ids)],
            }
        )

    def _rcm_join_queue(self, queue):
        """A queue that names its facilities is given this one; others have it."""
        if queue.facility_ids and self.facility_id not in queue.facility_ids:
            queue.write({"facility_ids": [(4, self.facility_id.id)]})
        self._rcm_note_item("queue", queue)

    def _rcm_join_policy(self, policy):
        """A policy that names its facilities: propose that it names this one too."""
        if policy.facility_ids and self.facility_id not in policy.facility_ids:
            action = policy.action_propose_change()
            change = self.env["rcm.approval.policy.change"].browse(action["res_id"])
            change.draft_id.write({"facility_ids": [(4, self.facility_id.id)]})
            change.reason = self.env._(
                "The facility %s is onboarded.", self.facility_id.display_name
            )
            change.action_propose()
        self._rcm_note_item("policy", policy)

    def _rcm_note_item(self, kind, record, line=None):
        values = line and {name: _plain(line[name]) for name in CONNECTOR_VALUES}
        # A note of what was made by the steps above, which checked the rights.
        self.env["rcm.facility.onboarding.item"].sudo().create(
            {
                "onboarding_id": self.id,
                "kind": kind,
                "res_model": record._name,
                "res_id": record.id,
                "template_line_id": line.id if line else False,
                "template_values": values or False,
            }
        )

    # ------------------------------------------------------------------
    # What was made
    # ------------------------------------------------------------------
    def _rcm_records(self, kind, model):
        items = self.item_ids.filtered(lambda item: item.kind == kind)
        return self.env[model].browse(items.mapped("res_id")).exists()

    def _rcm_connectors(self):
        return self._rcm_records("connector", "rcm.connector")


class RcmFacilityOnboardingItem(models.Model):
    """One thing a template gave a facility, and what is said otherwise there."""

    _name = "rcm.facility.onboarding.item"
    _inherit = ["rcm.audit.mixin"]
    _description = "Part of an Onboarding"
    _order = "id"
    _rec_name = "res_model"  # the name of what was made is nothing to search by
    _rcm_audit_fields = ("onboarding_id", "kind", "res_model", "res_id")

    onboarding_id = fields.Many2one(
        "rcm.facility.onboarding",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="onboarding_id.company_id", store=True)
    kind = fields.Selection(ITEMS, required=True, readonly=True)
    template_line_id = fields.Many2one(
        "rcm.facility.template.connector",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    template_values = fields.Json(readonly=True)
    res_model = fields.Char(readonly=True, required=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", readonly=True, required=True
    )
    name = fields.Char(compute="_compute_state")
    overrides = fields.Char(
        string="Said Otherwise Here",
        compute="_compute_state",
        help="What this facility has different from the template; renewing it from the "
        "template leaves that alone.",
    )
    status = fields.Selection(
        [("done", "In effect"), ("open", "Not in effect yet")],
        compute="_compute_state",
    )

    @api.depends("kind", "res_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for item in self:
            item.display_name = f"{kinds.get(item.kind)} #{item.res_id}"

    def _compute_state(self):
        for item in self:
            # Names and settings of what the onboarding made; its readers see those.
            record = item._rcm_record().sudo()
            item.name = record.display_name if record else self.env._("Deleted")
            item.overrides = item._rcm_overrides(record)
            item.status = "done" if item._rcm_in_effect(record) else "open"

    def _rcm_record(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()

    def _rcm_overrides(self, record):
        if self.kind != "connector" or not record or not self.template_values:
            return False
        labels = [
            record._fields[name].string
            for name, value in self.template_values.items()
            if _plain(record[name]) != value
        ]
        return ", ".join(labels) or False

    def _rcm_in_effect(self, record):
        """Whether this part does for the facility what it is for."""
        if not record:
            return False
        facility = self.onboarding_id.facility_id
        if self.kind in ("queue", "policy"):
            return not record.facility_ids or facility in record.facility_ids
        if self.kind == "mapping":
            return record.state == "active"
        if self.kind == "feed":
            return record.active
        return True

    def _rcm_renew(self):
        """Take over from the template what was not changed here since."""
        self.ensure_one()
        record, line = self._rcm_record(), self.template_line_id
        if not record or not self.template_values:
            return
        wanted = line._rcm_connector_vals()
        changed = {
            name: wanted[name]
            for name, value in self.template_values.items()
            if _plain(record[name]) == value and _plain(line[name]) != value
        }
        if changed:
            record.write(changed)
        # What the template says now is what a later change is told from.
        self.sudo().template_values = {
            **self.template_values,
            **{name: _plain(line[name]) for name in changed},
        }

    def action_open(self):
        """Open what was made."""
        self.ensure_one()
        self.check_access("read")
        record = self._rcm_record()
        if not record:
            raise UserError(self.env._("It was deleted."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [[False, "form"]],
        }


def _plain(value):
    """A field's value as JSON keeps it."""
    return sorted(value.ids) if isinstance(value, models.BaseModel) else value
