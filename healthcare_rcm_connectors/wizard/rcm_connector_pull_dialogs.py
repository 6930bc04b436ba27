from odoo import fields, models
from odoo.exceptions import UserError

from ..models.rcm_connector_pull import ROLES


class RcmConnectorPullToken(models.TransientModel):
    """Takes the credential a source gave us; it is shown by nothing afterwards."""

    _name = "rcm.connector.pull.token"
    _description = "Credential of a Source"

    pull_id = fields.Many2one("rcm.connector.pull", required=True, readonly=True)
    token = fields.Char(
        string="Credential",
        compute="_compute_token",
        inverse="_inverse_token",
        help="Sent as “Authorization: Bearer”. It replaces the one before at once.",
    )

    def _compute_token(self):
        """Never readable back: what is typed goes where no field reads."""
        self.token = False

    def _inverse_token(self):
        self.env.user._rcm_require("administrator")
        for dialog in self.filtered("token"):
            dialog.pull_id.check_access("write")
            # role and right were checked; credentials are nobody's to read
            self.env["rcm.secret"].sudo()._rcm_keep(dialog.pull_id, dialog.token)

    def action_keep(self):
        """Saving the dialog kept the credential already: close it."""
        self.env.user._rcm_require("administrator")
        return {"type": "ir.actions.act_window_close"}


class RcmConnectorPullFetch(models.TransientModel):
    """Asks a source for one document."""

    _name = "rcm.connector.pull.fetch"
    _description = "Ask for a Document"

    pull_id = fields.Many2one("rcm.connector.pull", required=True, readonly=True)
    reference = fields.Char(
        required=True, help="How the source calls the document, without patient data."
    )

    def action_fetch(self):
        """Ask, take the document in and open its events."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.pull_id.check_access("read")
        if not self.reference.strip():
            raise UserError(self.env._("Say which document."))
        # the role was checked; events are the system's
        events = self.pull_id.sudo()._rcm_fetch(self.reference.strip())
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_event_action"
        )
        return {**action, "domain": [("id", "in", events.ids)], "context": {}}
