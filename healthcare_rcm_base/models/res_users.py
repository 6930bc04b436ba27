from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError


class ResUsers(models.Model):
    """People of the revenue cycle: their roles and the facilities they work for."""

    _inherit = "res.users"

    rcm_facility_ids = fields.Many2many(
        "rcm.facility",
        "rcm_facility_res_users_rel",
        "user_id",
        "facility_id",
        string="Facilities",
        help="The person sees documents of these facilities only. Empty: all of them.",
    )

    def _rcm_require(self, *roles):
        """Refuse unless this user holds one of ``roles`` (``biller``, …) itself.

        ``sudo()`` does not help: the person behind the call is checked. Only the
        system's own user acting with all rights (scheduled actions) passes.
        """
        self.ensure_one()
        if self.env.su and self.id == SUPERUSER_ID:
            return
        if self._rcm_has_role(*roles):
            return
        names = ", ".join(self._rcm_role_name(role) for role in roles)
        raise AccessError(
            self.env._("This step is for the roles: %(roles)s.", roles=names)
        )

    def _rcm_has_role(self, *roles):
        """Whether this user holds one of ``roles``."""
        self.ensure_one()
        return any(
            self._has_group(f"healthcare_rcm_base.group_{role}") for role in roles
        )

    def _rcm_sees_patients(self):
        """Whether this user may see who a patient is."""
        self.ensure_one()
        return self.id == SUPERUSER_ID or self._rcm_has_role("patient_data")

    @api.model
    def _rcm_role_name(self, role):
        return self.env.ref(f"healthcare_rcm_base.group_{role}").sudo().name

    @api.model
    def _get_invalidation_fields(self):
        """Record rules read the facilities, and rules are cached."""
        return super()._get_invalidation_fields() | {"rcm_facility_ids"}
