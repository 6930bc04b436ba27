from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_users import check_identity

from ..models.rcm_connector_key import SCOPE


class RcmConnectorKeyWizard(models.TransientModel):
    """Makes an API key of a connector's service user and shows it once."""

    _name = "rcm.connector.key.wizard"
    _description = "New API Key"

    connector_id = fields.Many2one("rcm.connector", required=True, readonly=True)
    name = fields.Char(
        string="Description",
        required=True,
        help="Where the key is used, for example “EHR interface engine, production”.",
    )
    days = fields.Selection(
        [("30", "30 days"), ("90", "90 days"), ("180", "180 days"), ("365", "1 year")],
        string="Valid for",
        required=True,
        default="180",
        help="Make the next key before this one expires; both work meanwhile.",
    )

    def action_make(self):
        """Make the key; the person confirms the own password first."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.connector_id.check_access("write")
        return self._rcm_make_confirmed()

    @check_identity
    def _rcm_make_confirmed(self):
        """Called again by name once the password was confirmed: so it asks again."""
        self.env.user._rcm_require("administrator")
        self.connector_id.check_access("write")
        # The key belongs to another user, after role and identity were checked.
        key = self.sudo()._rcm_make_key()
        self.sudo().unlink()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("API key ready"),
            "res_model": "rcm.connector.key.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_key": key},
        }

    def _rcm_make_key(self):
        """Return a new key of scope ``rcm``; the connector lists it by itself."""
        if not self.name.strip():
            raise UserError(self.env._("Say where the key is used."))
        expires = fields.Datetime.now() + timedelta(days=int(self.days))
        keys = self.env["res.users.apikeys"].with_user(self.connector_id.user_id).sudo()
        return keys._generate(SCOPE, self.name, expires)


class RcmConnectorKeyShow(models.AbstractModel):
    """The key on the screen, kept nowhere."""

    _name = "rcm.connector.key.show"
    _description = "Show API Key"

    # Without a table the field exists only in the form that shows it.
    id = fields.Id()
    key = fields.Char(readonly=True)
