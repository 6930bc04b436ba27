from odoo import api, fields, models

from ..policy import FIELD, MANAGER, ROLE, USERS

RIGHTS = frozenset(
    {"group_ids", "active", "company_ids", "rcm_facility_ids", "rcm_manager_id"}
)


class ResUsers(models.Model):
    """Whose manager somebody is, who stands in, and whom a step of a policy names."""

    _inherit = "res.users"

    rcm_manager_id = fields.Many2one(
        "res.users",
        "Manager",
        domain=[("share", "=", False)],
        help="Asked where an approval policy wants the manager of who requests.",
    )
    rcm_away_until = fields.Datetime(
        "Out of Office Until", compute="_compute_rcm_away", compute_sudo=True
    )
    rcm_stand_in_id = fields.Many2one(
        "res.users", "Stand-In", compute="_compute_rcm_away", compute_sudo=True
    )

    @property
    def _rcm_audit_fields(self):
        """Who approves in whose stead is a right as well."""
        return (*super()._rcm_audit_fields, "rcm_manager_id")

    def _compute_rcm_away(self):
        Delegation = self.env["rcm.approval.delegation"]
        away = {
            item.delegator_id: item
            for item in Delegation._rcm_in_force(fields.Datetime.now())
            if item.kind == "away"
        }
        for user in self:
            absence = away.get(user, Delegation)
            user.rcm_away_until = absence.date_to
            user.rcm_stand_in_id = absence.delegate_id

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        self.env["rcm.approval.request"]._rcm_recheck_all()
        return users

    def write(self, vals):
        result = super().write(vals)
        if RIGHTS & vals.keys():
            self.env["rcm.approval.request"]._rcm_recheck_all()
        return result

    # ------------------------------------------------------------------
    # Whom a step names
    # ------------------------------------------------------------------
    @api.model
    def _rcm_step_people(self, step, company, facility, requester, document=None):
        """Users whom ``step`` (:class:`~.policy.Step`) names and who may see the
        document's company and facility.

        :param company: record; ``facility`` record, may be empty
        :param requester: user who asks
        :param document: record whose field a step may name
        """
        named = self._rcm_step_named(step, requester, document)
        return named._rcm_within_reach(company, facility)

    @api.model
    def _rcm_step_named(self, step, requester, document=None):
        """Users whom ``step`` names, wherever they work."""
        Users = self.env["res.users"].sudo()  # who is named, not who they are
        if step.kind == ROLE:
            return self._rcm_role_holders(step.role)
        if step.kind == USERS:
            return Users.browse(sorted(step.users)).exists()
        if step.kind == MANAGER:
            return requester.sudo().rcm_manager_id  # who is named, not who they are
        if step.kind == FIELD:
            return self._rcm_named_on(document, step.field_name)
        return Users

    @api.model
    def _rcm_role_holders(self, group_id):
        """Everybody who holds this role, directly or by another."""
        if not group_id:
            return self.browse()
        Users = self.env["res.users"].sudo()  # who is named, not who they are
        return Users.search(
            [("all_group_ids", "in", [group_id]), ("share", "=", False)]
        )

    @api.model
    def _rcm_named_on(self, document, name):
        """The person a field of the document holds; nobody when there is none."""
        field = document._fields.get(name) if document else None
        if field is None or field.comodel_name != "res.users":
            return self.browse()
        return document.sudo()[name]  # who is named, not what the document says

    def _rcm_within_reach(self, company, facility):
        """Those of these users who work with documents of company and facility."""
        return self.filtered(
            lambda user: user.active
            and not user.share
            and company in user.company_ids
            and (
                not facility
                or not user.rcm_facility_ids
                or facility in user.rcm_facility_ids
            )
            and user._rcm_has_role("user")
        )


class ResGroups(models.Model):
    """A role that gains or loses people changes who is asked."""

    _inherit = "res.groups"

    def write(self, vals):
        result = super().write(vals)
        if {"user_ids", "implied_ids", "all_user_ids"} & vals.keys():
            self.env["rcm.approval.request"]._rcm_recheck_all()
        return result
