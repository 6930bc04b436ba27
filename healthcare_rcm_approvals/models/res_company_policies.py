from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError

# Known by identity, so that no context of a client can stand in for it.
RELEASED = object()


class ResCompany(models.Model):
    """Whether one administrator alone may change the rules of approvals."""

    _inherit = "res.company"

    rcm_policy_second_admin = fields.Boolean(
        "Second Administrator for Policies",
        help="A change of an approval policy, of the risk score, of the table of "
        "incompatible duties or of a match tolerance is a proposal that another "
        "administrator has to approve. Switching this off needs the same.",
    )

    def write(self, vals):
        turned_off = self.browse()
        if "rcm_policy_second_admin" in vals and not vals["rcm_policy_second_admin"]:
            turned_off = self.filtered("rcm_policy_second_admin")
        if turned_off and self.env.context.get("rcm_release") is not RELEASED:
            if self.env.uid != SUPERUSER_ID:
                raise UserError(
                    self.env._(
                        "Policies of this company need a second administrator, and so "
                        "does the end of that. Propose it under Controls → Changes of "
                        "Policies."
                    )
                )
        return super().write(vals)


class ResConfigSettings(models.TransientModel):
    """The setting of the current company."""

    _inherit = "res.config.settings"

    rcm_policy_second_admin = fields.Boolean(
        related="company_id.rcm_policy_second_admin", readonly=False
    )
