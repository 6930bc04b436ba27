from odoo import models
from odoo.exceptions import UserError

# What a message says, who said it, when and on what.
CONTENT = frozenset(
    {
        "subject",
        "body",
        "model",
        "res_id",
        "author_id",
        "email_from",
        "date",
        "message_type",
        "subtype_id",
        "tracking_value_ids",
        "parent_id",
        "attachment_ids",
    }
)


class MailMessage(models.Model):
    """What was said on documents of the revenue cycle stays said."""

    _inherit = "mail.message"

    def write(self, vals):
        names = CONTENT & vals.keys()
        if names:
            kept = self._rcm_kept().filtered(
                lambda message: any(
                    message[name] for name in names if name != "attachment_ids"
                )
                or (names == {"attachment_ids"} and message.attachment_ids)
            )
            if kept:
                self._rcm_refuse_change()
        return super().write(vals)

    def unlink(self):
        """They go with their document, which removes them with all rights."""
        if not self.env.su and self._rcm_kept():
            self._rcm_refuse_change()
        return super().unlink()

    def _rcm_kept(self):
        """The messages among these on documents and entries of the revenue cycle."""
        messages = self.sudo()  # what they stand on decides, not who asks
        on_entries = messages.filtered(lambda one: one.model == "account.move")
        entries = self.env["account.move"].sudo().browse(on_entries.mapped("res_id"))
        ours = set(entries.exists().filtered("rcm_kind").ids)
        return messages.filtered(
            lambda one: (one.model or "").startswith("rcm.")
            or (one.model == "account.move" and one.res_id in ours)
        )

    def _rcm_refuse_change(self):
        raise UserError(
            self.env._(
                "Messages on documents of the revenue cycle are kept as they were "
                "written. Write another one instead."
            )
        )
