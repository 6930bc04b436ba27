from odoo import models
from odoo.exceptions import UserError

from .rcm_approval_notice import ASK
from .rcm_approval_request import OPEN_STATES


class MailActivity(models.Model):
    """An approval that is marked as done is given, by the person who marks it."""

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        ours = self._rcm_to_approve()
        result = super(MailActivity, self - ours)._action_done(
            feedback=feedback, attachment_ids=attachment_ids
        )
        for activity in ours:
            request = self.env["rcm.approval.request"].browse(activity.res_id)
            if activity.user_id != self.env.user:
                raise UserError(
                    self.env._("This approval is asked of %s.", activity.user_id.name)
                )
            if message := request._rcm_decide("approved", feedback or None):
                raise UserError(message)
        return result

    def _rcm_to_approve(self):
        """Activities that ask for an approval somebody may still give."""
        kind = self.env.ref(ASK, raise_if_not_found=False)
        asking = self.filtered(
            lambda activity: activity.res_model == "rcm.approval.request"
            and activity.activity_type_id == kind
        )
        requests = self.env["rcm.approval.request"].browse(asking.mapped("res_id"))
        # only whether it is open: deciding checks the rest
        still = requests.sudo().filtered(lambda one: one.state in OPEN_STATES)
        return asking.filtered(lambda activity: activity.res_id in still.ids)
