from odoo import models


class MailActivity(models.Model):
    """A reminder of a claim note that is done is a follow-up that was made."""

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        ours = self.filtered(lambda item: item.res_model == "rcm.claim.note")
        notes = self.env["rcm.claim.note"].browse(ours.mapped("res_id"))
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        notes.exists().action_done()
        return result
